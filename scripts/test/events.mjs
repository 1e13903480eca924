/** The reporter within a spec's process: what the runner must know, in lines of JSON on file descriptor 3. */

import { writeSync } from 'node:fs'
import { inspect } from 'node:util'

/** How long a process may go on after its last test: far more than any needs on a slow and busy machine. */
const END_MS = 120_000

export default async function* report(events) {
  const path = []
  let [running, ending] = [0, undefined]
  for await (const { type, data } of events) {
    if (type === 'test:enqueue' && data.nesting === 0) running++
    if (type === 'test:complete' && data.nesting === 0) running--
    clearTimeout(ending)
    if (running === 0) ending = setTimeout(tellWhatIsOpen, END_MS).unref()
    if (type === 'test:start') path.splice(data.nesting, path.length, data.name)
    if (type === 'test:dequeue') tell({ type, name: data.name })
    if (type === 'test:pass' || type === 'test:fail') tell(outcomeOf(type, data, path))
  }
  clearTimeout(ending)
  yield ''
}

function outcomeOf(type, { nesting, name, skip, todo, details }, path) {
  const { error } = details
  return {
    ...{ type, path: [...path.slice(0, nesting), name], isSuite: details.type === 'suite' },
    left: skip ?? todo,
    ...(error && { failure: error.failureType, text: textOf(error.cause ?? error) }),
  }
}

/** An error without the lines that are Node's own. */
function textOf(error) {
  return inspect(error, { depth: 5 }).replace(/\n +at [^\n]*\(?node:[^\n]*/g, '')
}

function tellWhatIsOpen() {
  tell({ type: 'open', handles: process.getActiveResourcesInfo() })
  process.exit(1)
}

function tell(what) {
  writeSync(3, `${JSON.stringify(what)}\n`)
}
