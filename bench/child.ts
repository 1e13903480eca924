/** A process of its own for each store, so that no store pays for another's heap or for code that V8 fitted to several. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pLimit from 'p-limit'
import type { Answer } from './inside.js'

type Task<Input, Output> = (input: Input) => Output
export type Children<Name extends string> = Readonly<Record<Name, Child>>

const INSIDE = fileURLToPath(new URL('./inside.js', import.meta.url))
const FLAGS = ['--disable-warning=LEMBRO_USER_EVICTED']

export class Child {
  readonly #process: ChildProcess

  /** `module`: the address of the file that exports its tasks; `flags`: Node's own, such as `--expose-gc`. */
  constructor(module: string, flags: readonly string[] = []) {
    const options = { execArgv: [...FLAGS, ...flags], serialization: 'advanced' as const }
    this.#process = fork(INSIDE, [module], options)
  }

  /** Has a task done there and gives what came of it. Rejects with what it threw, or when the process ends meanwhile. */
  async ask<Input, Output>(task: Task<Input, Output>, input: Input): Promise<Awaited<Output>> {
    const ended = new AbortController()
    const heard = ['message', 'exit'].map((event) => once(this.#process, event, ended))
    this.#process.send({ task: task.name, input })
    try {
      // An exit comes with a code, or `null` and a signal.
      const [answer, signal] = (await Promise.race(heard)) as [Answer | number | null, string?]
      if (answer === null || typeof answer === 'number') {
        throw new Error(`the process for '${task.name}' ended: ${signal ?? `exit code ${answer}`}`)
      }
      if ('error' in answer) throw new Error(`${task.name}: ${answer.error}`)
      return answer.output as Awaited<Output>
    } finally {
      ended.abort()
    }
  }

  /** Kills the process, as a crash would. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }
}

/** Has one task done in a new process, which is killed then. */
export function askNew<Input, Output>(
  module: string,
  task: Task<Input, Output>,
  input: Input,
  flags?: readonly string[],
): Promise<Awaited<Output>> {
  const child = new Child(module, flags)
  return child.ask(task, input).finally(() => child.kill())
}

/** A process for each name, for as long as they are used. */
export async function withChildren<Name extends string, Result>(
  names: readonly Name[],
  module: string,
  use: (children: Children<Name>) => Promise<Result>,
): Promise<Result> {
  const children = names.map((name) => [name, new Child(module)] as const)
  return use(Object.fromEntries(children) as Children<Name>).finally(() =>
    Promise.all(children.map(([, child]) => child.kill())),
  )
}

/**
 * Measures each by turns, round by round, so that whatever else the machine does falls on all of them. The order
 * changes, so that none always follows the same other. (`tinybench` and `mitata` have each task done with before the
 * next one begins, in one process.)
 */
export async function byTurns<Name extends string, Figure>(
  names: readonly Name[],
  rounds: number,
  measure: (name: Name) => Promise<Figure>,
): Promise<Record<Name, Figure[]>> {
  const figures = new Map<Name, Figure[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      figures.get(name)?.push(await measure(name))
    }
  }
  return Object.fromEntries(figures) as Record<Name, Figure[]>
}

/** Calls for each, two at a time: for what is prepared or counted, never for what is timed. */
export async function inPairs<Name extends string, Result>(
  names: readonly Name[],
  call: (name: Name) => Promise<Result>,
): Promise<Readonly<Record<Name, Result>>> {
  const results = await pLimit(2).map(names, async (name) => [name, await call(name)] as const)
  return Object.fromEntries(results) as Record<Name, Result>
}
