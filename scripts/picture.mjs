/** Takes docs/monitor.png anew: the monitor of the example's shop after three minutes of visitors. `node scripts/picture.mjs`. */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const SHOWN_MS = 180_000
const folder = mkdtempSync(join(tmpdir(), 'lembro-picture-'))
const args = ['--port', '0', '--visitors', '300', '--save', join(folder, 'sessions.db')]
const shop = spawn(process.execPath, [
  '--require',
  './scripts/typescript.cjs',
  'examples/shop/main.ts',
  ...args,
])
try {
  const url = await new Promise((resolve, reject) => {
    shop.stdout.on('data', (chunk) => {
      const [found] = /http:\S+/.exec(chunk) ?? []
      if (found !== undefined) resolve(found)
    })
    shop.once('exit', () => reject(new Error('the shop did not open')))
  })
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  const viewport = { width: 1280, height: 800 }
  const page = await browser.newPage({ colorScheme: 'dark', timezoneId: 'UTC', viewport })
  await page.goto(`${url}/sessions`)
  await page.waitForTimeout(SHOWN_MS)
  await page.screenshot({ path: 'docs/monitor.png', fullPage: true })
  await browser.close()
} finally {
  shop.kill('SIGTERM')
  await new Promise((resolve) => shop.once('exit', resolve))
  rmSync(folder, { recursive: true, force: true })
}
