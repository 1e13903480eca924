/** A real browser for specs: headless Chromium, its pages as a visitor has them. */
/// <reference lib="dom" />

import assert from 'node:assert/strict'
import fs from 'node:fs'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const USUAL = '/usr/bin/chromium'
const executablePath = process.env.CHROMIUM ?? USUAL
const isThere = fs.existsSync(executablePath)
// Who names one wants the specs to run.
if (process.env.CHROMIUM !== undefined && !isThere) {
  throw new Error(`CHROMIUM: expected the path of a browser; got '${executablePath}'`)
}

/** Why specs in a browser can't run here, or `false` if they can. */
export const noBrowser = isThere ? false : `no Chromium at ${USUAL}: name one with CHROMIUM=`

/** How long a page may take: far more than any takes on a slow and busy machine. */
const PATIENCE_MS = 120_000

// As root and without a network, as in CI.
const ARGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** The looks in which a page must be right. */
export const LOOKS = {
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  'phone width': { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true },
  'dark phone width': { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
} as const satisfies Record<string, BrowserContextOptions>

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ARGS })
}

/** A page, and all that it complained about. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const page = await browser.newPage({ timezoneId: 'UTC', reducedMotion: 'reduce', ...options })
  page.setDefaultTimeout(PATIENCE_MS)
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) faults.push(`asked for ${request.url()}`)
  })
  await page.goto(url)
  return { page, faults }
}

/** Fails if axe finds anything at all to complain about. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { axe: typeof axe }
    const { violations } = await inPage.run()
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html }) => `${id}: ${help}: ${html}`),
    )
  })
  assert.deepEqual(found, [])
}

/** Fails if the page is wider than the window. */
export async function assertNarrow(page: Page): Promise<void> {
  const { width, room } = await page.evaluate(() => ({
    width: document.documentElement.scrollWidth,
    room: innerWidth,
  }))
  assert.ok(width <= room, `${width} px in a window of ${room}`)
}
