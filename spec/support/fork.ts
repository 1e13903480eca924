/** Processes with a lembro in front of one Redis, for what only several processes show. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { TYPESCRIPT } from './process'
import type { Scope } from './redis'

export class Fork {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (value: number) => void>()
  #asked = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ id, value }: { id?: number; value: number }) => {
      if (id !== undefined) this.#waiting.get(id)?.(value)
    })
  }

  static async start(t: Scope, port: number): Promise<Fork> {
    const child = fork(join(__dirname, 'redis-child.ts'), {
      execArgv: TYPESCRIPT,
      env: { ...process.env, REDIS_PORT: String(port) },
    })
    t.after(async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    })
    const [{ ready, error }] = await once(child, 'message')
    if (!ready) throw new Error(error)
    return new Fork(child)
  }

  /** Gives when this process knew that a session was gone. */
  watch(sid: string): Promise<number> {
    return this.#ask({ act: 'watch', sid })
  }

  /** Lets it save a session again and again, with keys of that name; gives how many conflicts it met. */
  write(sid: string, name: string, count: number): Promise<number> {
    return this.#ask({ act: 'write', sid, name, count })
  }

  #ask(what: object): Promise<number> {
    const id = this.#asked++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, ...what })
    })
  }
}
