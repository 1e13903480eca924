/** A process of its own for one store, so that no store pays for another's heap or for code that V8 fitted to several. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer, TaskInput, TaskName, TaskOutput } from './inside.js'

const INSIDE = new URL('./inside.js', import.meta.url)

export class Child {
  readonly #process: ChildProcess

  /** Starts a process; `flags` are Node's own, such as `--expose-gc`. */
  constructor(flags: readonly string[] = []) {
    this.#process = fork(INSIDE, { execArgv: [...flags], serialization: 'advanced' })
  }

  /** Has a task done and gives what came of it. Rejects with what it threw, or when the process ends meanwhile. */
  async ask<Name extends TaskName>(task: Name, input: TaskInput<Name>): Promise<TaskOutput<Name>> {
    const ended = new AbortController()
    const answered = once(this.#process, 'message', ended)
    const gone = once(this.#process, 'exit', ended).then(([code, signal]) => {
      throw new Error(`the process for '${task}' ended: ${signal ?? `exit code ${code}`}`)
    })
    // Only the first of the two counts; the other is aborted, and what that throws is dropped.
    answered.catch(() => {})
    gone.catch(() => {})
    this.#process.send({ task, input })
    try {
      const [answer] = (await Promise.race([answered, gone])) as [Answer]
      if ('error' in answer) throw new Error(`${task}: ${answer.error}`)
      return answer.output as TaskOutput<Name>
    } finally {
      ended.abort()
    }
  }

  /** Kills the process, as a crash would. */
  async kill(): Promise<void> {
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    await exited
  }
}

/** Starts a process, uses it and ends it, whatever happens. */
export async function withChild<Result>(
  flags: readonly string[],
  use: (child: Child) => Promise<Result>,
): Promise<Result> {
  const child = new Child(flags)
  try {
    return await use(child)
  } finally {
    await child.end()
  }
}
