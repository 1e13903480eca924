/** A process of its own for each store, so that no store pays for another's heap or for code that V8 fitted to several. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import pLimit from 'p-limit'
import type { Answer, Tasks } from './inside.js'

const INSIDE = fileURLToPath(new URL('./inside.js', import.meta.url))

export class Child<Of extends Tasks> {
  readonly #process: ChildProcess

  /** `module`: the address of a file that exports its `tasks`; `flags`: Node's own, such as `--expose-gc`. */
  constructor(module: string, flags: readonly string[] = []) {
    const options = {
      execArgv: [...flags, '--disable-warning=LEMBRO_USER_EVICTED'],
      serialization: 'advanced' as const,
    }
    this.#process = fork(INSIDE, [module], options)
  }

  /** Has a task done and gives what came of it. Rejects with what it threw, or when the process ends meanwhile. */
  async ask<Name extends keyof Of & string>(
    task: Name,
    input: Parameters<Of[Name]>[0],
  ): Promise<Awaited<ReturnType<Of[Name]>>> {
    const answered = new AbortController()
    const gone = once(this.#process, 'exit', answered).then(([code, signal]) => {
      throw new Error(`the process for '${task}' ended: ${signal ?? `exit code ${code}`}`)
    })
    this.#process.send({ task, input })
    try {
      const [answer] = (await Promise.race([once(this.#process, 'message', answered), gone])) as [
        Answer,
      ]
      if ('error' in answer) throw new Error(`${task}: ${answer.error}`)
      return answer.output as Awaited<ReturnType<Of[Name]>>
    } finally {
      answered.abort()
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

/** Starts a process, uses it and kills it, whatever happens. */
export async function withChild<Of extends Tasks, Result>(
  module: string,
  use: (child: Child<Of>) => Promise<Result>,
  flags?: readonly string[],
): Promise<Result> {
  const child = new Child<Of>(module, flags)
  return use(child).finally(() => child.kill())
}

/** A process for each name, as long as they are used. */
export async function withChildren<Name extends string, Of extends Tasks, Result>(
  names: readonly Name[],
  module: string,
  use: (children: Readonly<Record<Name, Child<Of>>>) => Promise<Result>,
): Promise<Result> {
  const children = Object.fromEntries(names.map((name) => [name, new Child<Of>(module)]))
  return use(children as Record<Name, Child<Of>>).finally(() =>
    Promise.all(Object.values(children).map((child) => child.kill())),
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
): Promise<Readonly<Record<Name, readonly Figure[]>>> {
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Figure[]
  >
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      figures[name].push(await measure(name))
    }
  }
  return figures
}

/** Calls for each, two at a time: for what is prepared or counted, never for what is timed. */
export async function inPairs<Name extends string, Result>(
  names: readonly Name[],
  call: (name: Name) => Promise<Result>,
): Promise<Readonly<Record<Name, Result>>> {
  const results = await pLimit(2).map(names, async (name) => [name, await call(name)] as const)
  return Object.fromEntries(results) as Record<Name, Result>
}
