/**
 * Runs the specs: `npm test`, `npm test -- spec/ledger` for those whose path begins so, `--only 'a name'` for
 * tests of that name, `--except heap` without the files with that in their path, `--days 400` with the date moved on,
 * `--zone Pacific/Chatham` in that time zone, `--rounds 20` for twenty times as much of what goes in rounds, and
 * nothing else.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { compile } from './compile.mjs'
import { endAll } from './processes.mjs'
import { runFile } from './spec-file.mjs'

const ROOT = join(import.meta.dirname, '../..')
/** Those that take longest begin first, so that none of them is alone at the end. */
const FIRST = ['redis/topologies', 'shared/processes', 'entry/heap', 'http/heap', 'tournament']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    except: { type: 'string', multiple: true, default: [] },
    days: { type: 'string' },
    zone: { type: 'string' },
    rounds: { type: 'string' },
  },
})
process.chdir(ROOT)
if (values.rounds !== undefined) process.env.ROUNDS = values.rounds
if (values.zone !== undefined) process.env.TZ = values.zone
if (values.days !== undefined) moveDate(values.days)
const files = filesOf(positionals)
await compile()
await run(files)

async function run(files) {
  const [began, running, results] = [performance.now(), new Set(), []]
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      for (const mark of running) endAll(mark)
      process.exit(1)
    })
  }
  const waiting = [...files]
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const mark = `${process.pid} ${file}`
      running.add(mark)
      const result = await runFile(file, { only: values.only, mark })
      running.delete(mark)
      results.push(result)
      printFile(result)
    }
  }
  // One more than there are cores, since many wait for what they have started.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work))
  for (const result of results) printFailures(result)
  printSummary(results, performance.now() - began)
}

/** The spec files whose paths begin so: the longest, then those that start processes, then the others. */
function filesOf(parts) {
  const all = readdirSync('spec', { recursive: true }).map((name) => join('spec', name))
  const wanted = parts.map((part) => relative('.', part))
  const isWanted = (file) => wanted.length === 0 || wanted.some((part) => file.startsWith(part))
  const isLeft = (file) => values.except.some((part) => file.includes(part))
  const files = all
    .filter((file) => file.endsWith('.spec.ts') && isWanted(file) && !isLeft(file))
    .sort()
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]))
  const isSlow = (file) => /fork|runNode|launch|start\(t|VICTIM/.test(texts.get(file))
  const chosen = values.rounds ? files.filter((file) => hasRounds(texts.get(file))) : files
  if (chosen.length === 0) throw new Error(`no spec file begins with ${parts.join(' or ')}`)
  const rankOf = (file) => {
    const nth = FIRST.findIndex((name) => file.includes(name))
    return nth >= 0 ? nth : FIRST.length + (isSlow(file) ? 0 : 1)
  }
  return chosen.sort((a, b) => rankOf(a) - rankOf(b))
}

function hasRounds(text) {
  return text.includes('/support/rounds')
}

function moveDate(days) {
  const options = `${process.env.NODE_OPTIONS ?? ''} --require "${join(import.meta.dirname, 'date.cjs')}"`
  Object.assign(process.env, { MOVED_DAYS: days, NODE_OPTIONS: options })
}

function printFile({ file, passed, left, failures, printed, ms }) {
  const failed = failures.length > 0 ? `, ${failures.length} failed` : ''
  const omitted = left.length > 0 ? `, ${left.length} left out` : ''
  const sign = failures.length > 0 ? '✖' : '✔'
  console.log(`${sign} ${file}  ${passed} passed${failed}${omitted}  ${(ms / 1000).toFixed(1)} s`)
  // What goes in rounds may have figures to show.
  if (values.rounds !== undefined && printed !== '') console.log(indented(printed))
}

function printFailures({ file, failures, output }) {
  if (failures.length === 0) return
  for (const { path, text } of failures) {
    console.log(`\n✖ ${[file, ...path].join(' › ')}\n\n${indented(text)}`)
  }
  if (output !== '') console.log(`\n  It printed:\n\n${indented(output)}`)
  console.log(`\n  To run it again: npm test -- ${file}`)
}

function printSummary(results, ms) {
  const sum = (of) => results.reduce((total, result) => total + of(result), 0)
  const reasons = results
    .flatMap(({ left }) => left)
    .map((why) => (why === true || why === '' ? 'no reason given' : why))
  console.log(`\n${results.length} files in ${Math.round(ms / 1000)} s`)
  for (const reason of new Set(reasons)) {
    const count = reasons.filter((each) => each === reason).length
    console.log(`${count} left out, a group of specs counted as one: ${reason}`)
  }
  const failed = sum(({ failures }) => failures.length)
  console.log(`${sum(({ passed }) => passed)} passed, ${failed} failed, ${reasons.length} skipped`)
  if (failed > 0) process.exitCode = 1
}

function indented(text) {
  return text.replace(/^(?=.)/gm, '    ')
}
