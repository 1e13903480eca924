/** Owns the worker of a file: requests and their replies in order, and its end. */

import { Worker } from 'node:worker_threads'
import { coded } from '../settings/check'
import { codeOf } from './engine'

/** Something that went wrong, as it can be sent to another thread. */
export interface Fault {
  readonly message: string
  readonly code: string | undefined
}

interface Waiting<Reply> {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** As the store sees it. */
export class Link<Request, Reply extends { readonly fault?: Fault }, Notice = never> {
  readonly #worker: Worker
  readonly #waiting: Waiting<Reply>[] = []
  #idle: (() => void)[] = []
  #end: Error | undefined

  /** `code`: that of the worker. `notice` hears what it tells unasked. */
  constructor(code: string, task: unknown, notice: (notice: Notice) => void = () => {}) {
    // As text and without options of this process: a bundle of the application has no file for it.
    const options = { eval: true, workerData: task, execArgv: [], name: 'lembro' }
    this.#worker = new Worker(code, options)
    this.#worker.unref()
    this.#worker.on('message', (message: Reply & { notice?: Notice }) => {
      if (message.notice !== undefined) return notice(message.notice)
      const waiting = this.#waiting.shift()
      this.#rest()
      if (message.fault === undefined) waiting?.resolve(message)
      else waiting?.reject(errorOf(message.fault))
    })
    this.#worker.on('error', (error: Error) => this.#ended(error))
    this.#worker.on('exit', () => this.#ended(coded('ESAVEFAILED', 'its worker has ended')))
  }

  /** Rejects with what went wrong. Keeps the process alive until then. */
  ask(request: Request): Promise<Reply> {
    if (this.#end !== undefined) return Promise.reject(this.#end)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage(request)
    })
  }

  /** When nothing that was asked is without an answer. */
  idle(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Ends the worker, and with it the lock; not while its disk hangs. */
  async end(): Promise<void> {
    this.#end ??= coded('ESAVEFAILED', 'its worker was ended')
    await this.#worker.terminate()
  }

  #rest(): void {
    if (this.#waiting.length > 0) return
    this.#worker.unref()
    for (const idle of this.#idle.splice(0)) idle()
  }

  #ended(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#rest()
  }
}

/** An error as it can be sent. */
export function faultOf(error: unknown): Fault {
  return { message: (error as Error).message, code: codeOf(error) }
}

function errorOf({ message, code }: Fault): Error {
  return code === undefined ? new Error(message) : coded(code, message)
}
