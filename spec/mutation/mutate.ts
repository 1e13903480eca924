/**
 * `npm run mutate`: puts small faults into lib, one at a time, and tells which of them no spec
 * notices. `-- --only lib/ledger` takes the files whose path contains that, `--most 10` so many
 * faults of each file, spread over it.
 */

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { sourcesIn, specsOf } from '../support/covers'
import { type Mutation, mutated, mutationsOf } from './operators'
import { Copy } from './project'

const ROOMS = ['lib/ledger', 'lib/session', 'lib/sqlite', 'lib/persistence', 'lib/sqlite']

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
  const copy = new Copy()
  try {
    if (await copy.fails([...new Set(files.flatMap((file) => specsOf(file)))])) {
      throw new Error('the specs fail without any fault')
    }
    for (let mutant = waiting.pop(); mutant !== undefined; mutant = waiting.pop()) {
      if (!(await isCaught(copy, mutant))) survivors.push(mutant)
    }
  } finally {
    copy.remove()
  }
}

async function isCaught(copy: Copy, { file, mutation }: Mutant): Promise<boolean> {
  const text = mutated(fs.readFileSync(file, 'utf8'), mutation)
  const own = specsOf(file)
  return copy.with(
    file,
    text,
    async () => (await copy.fails(own)) || (await copy.fails(widerThan(own, file))),
  )
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

/** So many of a list, evenly spread over it. */
function spread<Value>(list: readonly Value[], count: number): readonly Value[] {
  if (list.length <= count) return list
  return Array.from(
    { length: count },
    (_, n) => list[Math.floor((n * list.length) / count)] as Value,
  )
}
