/**
 * Owns the worker of a file, on both sides: what it is told at its start, requests and their replies in
 * order, and its end.
 *
 * No worker is ended while it calls SQLite: with @photostructure/sqlite that would abort the process. It
 * ends by itself once it is told to, and the end of the process waits for the calls that are under way.
 */

import fs from 'node:fs'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { coded } from '../settings/check'
import type { Settings } from '../settings/settings'
import { codeOf } from './engine'

const MIB = 1024 * 1024
/** A row is longer than its session's text by some names, and by what a key adds. */
const ROW_FACTOR = 4
const LARGEST = 2 ** 40
/** Ms that the end of the process waits for a call. */
const LAST_CALL = 2000
/** Added to the calls once the process ends. */
const ENDING = 2 ** 30
const END = 'end'

/** Calls of SQLite that are under way in the workers, which have it from whoever started them. */
export const lembroCalls: Int32Array =
  workerData?.lembroCalls ?? new Int32Array(new SharedArrayBuffer(4))
let isWaitingAtExit = false

/** What each worker of a file needs to know, once. */
export interface FileTask {
  /** What `findEngine` found. */
  readonly engine: string
  readonly file: string
  readonly keys: readonly (string | Uint8Array)[] | undefined
  /** No session is longer. */
  readonly mostBytes: number
}

export function fileTask(settings: Settings, engine: string, file: string): FileTask {
  const mostBytes = ROW_FACTOR * Math.min(settings.maxEntryBytes, LARGEST) + MIB
  return { engine, file, keys: settings.saveKeys, mostBytes }
}

/** The file that symbolic links lead to, or would. */
export function realPath(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    return file
  }
}

/** Something that went wrong, as it can be sent to another thread. */
export interface Fault {
  readonly message: string
  readonly code: string | undefined
}

type Faulty = { readonly fault?: Fault }

interface Waiting<Reply> {
  resolve(reply: Reply): void
  reject(error: Error): void
}

/** What a worker posts: a reply to each request, or what it tells unasked. `node --watch` has a worker post messages of Node's own. */
export interface Posted<Reply, Notice> {
  readonly reply?: Reply
  readonly notice?: Notice
}

/** As the store sees it. */
export class Link<Request, Reply extends Faulty, Notice extends Faulty = Faulty> {
  /** Why nothing can be asked any more. */
  failure: Error | undefined
  readonly #worker: Worker
  readonly #notice: (notice: Notice | undefined) => void
  readonly #waiting: Waiting<Reply>[] = []
  readonly #ended: Promise<void>

  /** `code`: that of the worker. `notice` hears what it tells unasked, and gets nothing at a failure. */
  constructor(code: string, task: unknown, notice: (notice?: Notice) => void = () => {}) {
    this.#notice = notice
    this.#worker = startWorker(code, task)
    this.#worker.unref()
    this.#worker.on('message', (posted: Posted<Reply, Notice>) => this.#heard(posted))
    this.#worker.on('error', (error: Error) => this.fail(error))
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.fail(coded('ESAVEFAILED', 'its worker has ended'))
        resolve()
      })
    })
  }

  /** Rejects with what went wrong. Keeps the process alive until then. */
  ask(request: Request): Promise<Reply> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage(request)
    })
  }

  /** Gives up: rejects all that is asked, now and later. */
  fail(error: Error): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.#worker.unref()
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#notice(undefined)
  }

  /** Ends the worker, and with it the lock; not while its disk hangs. */
  end(): Promise<void> {
    this.fail(coded('ESAVEFAILED', 'its worker was ended'))
    this.#worker.ref()
    this.#worker.postMessage(END)
    return this.#ended
  }

  #heard({ reply, notice }: Posted<Reply, Notice>): void {
    if (this.failure !== undefined) return
    if (notice?.fault !== undefined) this.fail(errorOf(notice.fault))
    else if (notice !== undefined) this.#notice(notice)
    else if (reply !== undefined) {
      const waiting = this.#waiting.shift()
      if (this.#waiting.length === 0) this.#worker.unref()
      if (reply.fault === undefined) waiting?.resolve(reply)
      else waiting?.reject(errorOf(reply.fault))
    }
  }
}

/** Starts a thread of that code: as text and without options of this process, since a bundle of the application has no file for it. */
function startWorker(code: string, task: unknown): Worker {
  if (!isWaitingAtExit) process.once('exit', waitForCalls)
  isWaitingAtExit = true
  const options = { eval: true, workerData: { ...Object(task), lembroCalls }, execArgv: [] }
  return new Worker(code, { ...options, name: 'lembro' })
}

function waitForCalls(): void {
  Atomics.add(lembroCalls, 0, ENDING)
  for (const end = Date.now() + LAST_CALL; Date.now() < end; ) {
    const now = Atomics.load(lembroCalls, 0)
    if (now <= ENDING) return
    Atomics.wait(lembroCalls, 0, now, LAST_CALL)
  }
}

/** Calls SQLite in a worker, unless the process ends. */
export function uninterrupted<Result>(call: () => Result): Result {
  const isEnding = Atomics.add(lembroCalls, 0, 1) >= ENDING
  try {
    if (!isEnding) return call()
  } finally {
    Atomics.sub(lembroCalls, 0, 1)
    Atomics.notify(lembroCalls, 0)
  }
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Answers in the worker what it is asked, one after the other, until it is told to end. */
export function answerAll<Request, Reply>(answer: (request: Request) => Reply): void {
  parentPort?.on('message', (request: Request | typeof END) => {
    if (request === END) process.exit()
    try {
      const reply = uninterrupted(() => answer(request as Request))
      parentPort?.postMessage({ reply })
    } catch (error) {
      parentPort?.postMessage({ reply: { fault: faultOf(error) } })
    }
  })
}

/** An error as it can be sent. */
export function faultOf(error: unknown): Fault {
  return { message: (error as Error).message, code: codeOf(error) }
}

function errorOf({ message, code }: Fault): Error {
  return code === undefined ? new Error(message) : coded(code, message)
}
