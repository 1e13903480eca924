/**
 * `npm run mutate`: puts small faults into lib, one at a time, and tells which of them no spec
 * notices. `-- --only lib/ledger` takes the files whose path contains that, `--most 10` so many
 * faults of each file, spread over it.
 */

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { sourcesIn, specsOf } from '../support/covers'
import { type Mutation, mutated, mutationsOf } from './operators'

const ROOMS = ['lib/ledger', 'lib/session', 'lib/sqlite', 'lib/persistence']
/** A spec that takes longer hangs, and has noticed the fault. */
const MOST_MS = 90_000

interface Mutant {
  readonly file: string
  readonly mutation: Mutation
}

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, most: { type: 'string' } },
})
const most = Number(values.most ?? Number.POSITIVE_INFINITY)

const files = ROOMS.flatMap(sourcesIn).filter(
  (file) => values.only?.some((part) => file.includes(part)) ?? true,
)
const waiting: Mutant[] = files.flatMap((file) =>
  spread(mutationsOf(fs.readFileSync(file, 'utf8')), most).map((mutation) => ({ file, mutation })),
)
const total = waiting.length
const survivors: Mutant[] = []

process.stdout.write(`${total} mutants of ${files.length} files\n`)
Promise.all(Array.from({ length: os.availableParallelism() }, work)).then(report)

function report(): void {
  for (const { file, mutation } of survivors) {
    const { line, from, to } = mutation
    process.stdout.write(`survived ${file}:${line}: ${from.trim()} → ${to.trim() || 'nothing'}\n`)
  }
  const caught = total - survivors.length
  process.stdout.write(`${caught} of ${total} caught (${Math.round((100 * caught) / total)}%)\n`)
}

/** Tries mutants in a copy of the project until none is left. */
async function work(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lembro-mutants-'))
  try {
    for (const name of [
      'lib',
      'spec',
      'scripts',
      'bench',
      'examples',
      'package.json',
      'tsconfig.json',
    ]) {
      fs.cpSync(name, path.join(folder, name), {
        recursive: true,
        filter: (from) => !from.includes('node_modules'),
      })
    }
    for (const name of ['node_modules', 'dist']) {
      fs.symlinkSync(path.resolve(name), path.join(folder, name))
    }
    if (await fails(folder, [...new Set(files.flatMap((file) => specsOf(file)))])) {
      throw new Error('the specs fail without any fault')
    }
    for (let mutant = waiting.pop(); mutant !== undefined; mutant = waiting.pop()) {
      if (!(await isCaught(folder, mutant))) survivors.push(mutant)
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

async function isCaught(folder: string, { file, mutation }: Mutant): Promise<boolean> {
  const source = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(path.join(folder, file), mutated(source, mutation))
  try {
    const own = specsOf(file)
    return (await fails(folder, own)) || (await fails(folder, widerThan(own, file)))
  } finally {
    fs.writeFileSync(path.join(folder, file), source)
  }
}

/** The specs of the whole room and of the store, for what a file's own specs do not notice. */
function widerThan(own: readonly string[], file: string): string[] {
  const room = path.join('spec', path.relative('lib', path.dirname(file)))
  const specs = fs.existsSync(room)
    ? sourcesIn(room).filter((name) => /\.spec\.ts$/.test(name))
    : []
  const store = ['spec/store.spec.ts', 'spec/model.spec.ts']
  return [...specs, ...store].filter(
    (spec) => !own.includes(spec) && !spec.endsWith('kill.spec.ts'),
  )
}

/** Whether specs fail, or hang, in a folder. */
function fails(folder: string, specs: readonly string[]): Promise<boolean> {
  if (specs.length === 0) return Promise.resolve(false)
  const child = spawn(process.execPath, ['scripts/test/main.mjs', ...specs], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
  })
  return new Promise((resolve) => {
    const hung = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), MOST_MS)
    child.on('exit', (code) => {
      clearTimeout(hung)
      resolve(code !== 0)
    })
  })
}

/** So many of a list, evenly spread over it. */
function spread<Value>(list: readonly Value[], count: number): readonly Value[] {
  if (list.length <= count) return list
  return Array.from(
    { length: count },
    (_, n) => list[Math.floor((n * list.length) / count)] as Value,
  )
}
