/** Runs one spec file in a process of its own, and tells what came of it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { endAll, processesWith } from './processes.mjs'

const EVENTS = join(import.meta.dirname, 'events.mjs')
const TYPESCRIPT = join(import.meta.dirname, '../typescript.cjs')
/** A test that takes longer hangs: far more than any needs on a slow and busy machine. */
const TEST_MS = 600_000
/** How long that which a spec has started may take to end after it. */
const LEFT_MS = 60_000
/** What Node says of a test that `--only` does not ask for. */
const NOT_NAMED = 'test name does not match pattern'

/** Runs a file; `only` is a pattern of names. Its own processes have `mark` in their environment. */
export async function runFile(file, { only, mark }) {
  const began = performance.now()
  const child = start(file, only, mark)
  const [output, printed] = [[], []]
  child.stdout.on('data', (data) => printed.push(data))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(data))
  const ended = once(child, 'exit')
  const { outcomes, hung, open } = await follow(child, mark)
  const [code, signal] = await ended

  const passed = outcomes.filter((each) => isTest(each) && each.type === 'test:pass')
  const left = outcomes.filter(({ left }) => left !== undefined && left !== NOT_NAMED)
  const failures = outcomes.filter((each) => each.type === 'test:fail' && isOwn(each))
  const fail = (text, path = []) => failures.push({ path, text })
  if (hung !== undefined) fail(`it took more than ${TEST_MS / 60_000} minutes`, [hung])
  if (open !== undefined) fail(`its tests ended, but not its process, for: ${open.join(', ')}`)
  if (failures.length === 0 && (code !== 0 || signal !== null)) {
    fail(`its process ended with ${signal ?? code}`)
  }
  if (outcomes.length + failures.length === 0 && only === undefined) fail('it has no tests')
  for (const command of await endedOf(mark)) fail(`it left a process: ${command}`)
  return {
    ...{ file, passed: passed.length, left: left.map((each) => each.left), failures },
    ...{ output: textOf(output), printed: textOf(printed), ms: performance.now() - began },
  }
}

function start(file, only, mark) {
  const args = ['--require', TYPESCRIPT, '--enable-source-maps', `--test-reporter=${EVENTS}`]
  const names = only === undefined ? [] : [`--test-name-pattern=${only}`]
  const output = ['--test-reporter-destination=stdout']
  return spawn(process.execPath, [...args, ...output, ...names, file], {
    env: { ...process.env, LEMBRO_SPEC: mark },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
}

/** Reads what the reporter tells until the process ends, and ends it if it tells nothing for too long. */
async function follow(child, mark) {
  const told = { outcomes: [] }
  let [now, hanging] = [undefined, undefined]
  const watch = () => {
    clearTimeout(hanging)
    hanging = setTimeout(() => {
      told.hung = now ?? 'before its first test'
      endAll(mark)
      child.kill('SIGKILL')
    }, TEST_MS)
  }
  watch()
  for await (const line of createInterface(child.stdio[3])) {
    watch()
    const event = JSON.parse(line)
    if (event.type === 'open') told.open = event.handles
    else if (event.path === undefined) now = event.name
    else told.outcomes.push(event)
  }
  clearTimeout(hanging)
  return told
}

function textOf(chunks) {
  return Buffer.concat(chunks).toString().trim()
}

function isTest({ isSuite, left }) {
  return !isSuite && left === undefined
}

/** Whether it failed by itself, not for a test within. */
function isOwn({ failure, left }) {
  return left === undefined && failure !== 'subtestsFailed'
}

/** What the spec started and did not end, which is ended now. */
async function endedOf(mark) {
  const began = performance.now()
  while (processesWith(mark).length > 0 && performance.now() - began < LEFT_MS) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return endAll(mark)
}
