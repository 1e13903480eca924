/**
 * Owns which file is open: a worker makes it ready, then it is opened here. While it is open its WAL is
 * moved into it, and its name is watched; if it is gone, replaced or damaged, it is opened anew.
 */

import path from 'node:path'
import type { Clock } from '../clock'
import type { HomeListener } from '../home/home'
import { coded } from '../settings/check'
import { codeOf, findEngine, isDamage, loadEngine, reasonOf } from '../sqlite/engine'
import { KeyRing } from '../sqlite/keys'
import { fileTask, Link, realPath } from '../sqlite/link'
import type { CompactionReport } from '../stats'
import type { Reply, Request, Task } from './keeper'
import { holderOf } from './machine'
import type { SqliteSettings } from './options'
import { type Gone, SharedFile } from './shared-file'

/** Pages of WAL, some 540 bytes each, after which it is moved into the file. */
const CHECKPOINT_PAGES = 7500
/** Pages after which changes wait for that: some 21 MB. */
const MOST_PAGES = 40_000
/** Ms between two checkpoints at the least: others may be at it. */
const CHECKPOINT_PAUSE = 50
/** Ms after which a file that could not be opened is tried again, and after which its name is looked at. */
const PAUSE = 1000

export class OpenFile {
  /** `undefined` while there is none that can be used. */
  file: SharedFile | undefined
  /** Why there is none; `undefined` too while it is opened for the first time, or anew. */
  failure: Error | undefined
  lastCompaction: CompactionReport | null = null
  /** Sessions under keys that are not there. */
  unread = 0
  readonly path: string
  readonly #settings: SqliteSettings
  readonly #clock: Clock
  readonly #code: string
  readonly #keys: KeyRing | undefined
  readonly #changed: () => void
  #listener: HomeListener | undefined
  #worker: Link<Request, Reply> | undefined
  #opening: Promise<void> | undefined
  #isStopped = false
  #isSuspect = false
  #damaged = 0
  #stopWatching: (() => void) | undefined
  #isCheckpointing = false
  /** Whether the last checkpoint failed: nothing waits for the next one then. */
  #hasFailed = false

  /** `code`: that of the worker. `changed` hears of another `file` or `failure`. */
  constructor(settings: SqliteSettings, clock: Clock, code: string, changed: () => void) {
    this.#settings = settings
    this.#clock = clock
    this.#code = code
    this.#changed = changed
    // Before anybody changes the working directory.
    this.path = realPath(path.resolve(settings.saveFile ?? ''))
    this.#keys = settings.saveKeys === undefined ? undefined : new KeyRing(settings.saveKeys)
  }

  /** Sessions that were found damaged. */
  get damaged(): number {
    return this.#damaged + (this.file?.damaged ?? 0)
  }

  /** Resolves once the file can be used; rejects with the first reason why it can't, and goes on trying. */
  async open(listener: HomeListener): Promise<void> {
    this.#listener = listener
    await this.#open()
    if (this.failure !== undefined) throw this.failure
  }

  /** From now on it is not opened anew. Resolves once nothing of that is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopWatching?.()
    await this.#opening
  }

  async close(): Promise<void> {
    const { file } = this
    this.#set(undefined, coded('ECLOSED', 'the store is closed'))
    await this.#worker?.ask({ ask: 'close' }).catch(() => {})
    // First, so that the last one to close it moves all into the one file.
    await this.#worker?.end()
    file?.close()
  }

  /** Hears that the file is gone or damaged, or that the disk fails: it is opened anew if it is no use as it is. Returns the error in words for the application. */
  failed(thrown: Error): Error {
    const error = this.#unusable(thrown)
    const { file } = this
    const isDamaged = isDamage(error)
    if (file === undefined || (codeOf(error) !== 'ESAVEMOVED' && !isDamaged)) return error
    this.#isSuspect = isDamaged
    this.#stopWatching?.()
    this.#set(undefined, undefined)
    file.close()
    this.#listener?.lost(error)
    if (!this.#isStopped) this.#open()
    return error
  }

  /** Whether the WAL is so long that nobody may write before it is moved; unless that can't be done. */
  get isFull(): boolean {
    return !this.#hasFailed && (this.file?.walPages ?? 0) >= MOST_PAGES
  }

  /** Has the WAL moved into the file if it is long. */
  async checkpointIfLong(): Promise<void> {
    if (this.#isCheckpointing || this.#worker === undefined) return
    if ((this.file?.walPages ?? 0) < CHECKPOINT_PAGES) return
    this.#isCheckpointing = true
    try {
      const { compaction } = await this.#worker.ask({ ask: 'checkpoint' })
      this.lastCompaction = compaction ?? null
      this.#hasFailed = false
    } catch {
      // A disk that is full now may have room later.
      this.#hasFailed = true
    }
    this.#clock.after(CHECKPOINT_PAUSE, () => {
      this.#isCheckpointing = false
    })
  }

  #set(file: SharedFile | undefined, failure: Error | undefined): void {
    this.file = file
    this.failure = failure
    this.#changed()
  }

  #open(): Promise<void> {
    this.#opening ??= this.#tryToOpen().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #tryToOpen(): Promise<void> {
    try {
      const engine = findEngine(this.#settings.database)
      const { findings = [], damaged = 0, unread = 0 } = await this.#makeReady(engine)
      if (this.#isStopped) return
      const file = await this.#openHere(engine)
      if (this.#isStopped) {
        file.close()
        return
      }
      this.#isSuspect = false
      this.#damaged += damaged
      this.unread = unread
      this.#set(file, undefined)
      this.#watch()
      for (const { code, message } of findings) this.#listener?.fault(coded(code, message))
      this.#listener?.connected(false)
    } catch (thrown) {
      this.#set(undefined, this.#unusable(thrown as Error))
      this.#clock.after(PAUSE, () => {
        if (!this.#isStopped) this.#open()
      })
    }
  }

  /** Has the worker make the file ready. */
  async #makeReady(engine: string): Promise<Reply> {
    const { patience } = this.#settings
    const task: Task = { ...fileTask(this.#settings, engine, this.path), patience }
    this.#worker ??= new Link(this.#code, task)
    try {
      return await this.#worker.ask({ ask: 'open', isSuspect: this.#isSuspect })
    } catch (thrown) {
      await this.#worker.end()
      this.#worker = undefined
      throw thrown
    }
  }

  /** Opens it in this thread. Another process may have its lock just now. */
  async #openHere(found: string): Promise<SharedFile> {
    const engine = loadEngine(found)
    const wants = (cause: Gone['cause']) =>
      this.#listener?.wants(cause === 'limit' ? 'evict' : cause) === true
    for (const end = this.#clock.elapsed() + this.#settings.patience; ; ) {
      try {
        return new SharedFile(engine, this.path, this.#keys, this.#settings, wants)
      } catch (thrown) {
        if (codeOf(thrown) !== 'ELOCKED' || this.#clock.elapsed() > end) throw thrown
      }
      await new Promise<void>((resolve) => this.#clock.after(1 + Math.random() * 8, resolve, true))
    }
  }

  /** Looks each second whether the file still has its name, for when nobody asks for it. */
  #watch(): void {
    this.#stopWatching = this.#clock.after(PAUSE, () => {
      try {
        this.file?.requireThere()
        this.#watch()
      } catch (thrown) {
        this.failed(thrown as Error)
      }
    })
  }

  #unusable(error: Error): Error {
    if (error.message.startsWith('saveFile: ')) return error
    const code = codeOf(error) ?? 'ESAVEFAILED'
    const reason =
      code === 'ELOCKED'
        ? `another process uses it${holderOf(this.path)}, and not through lembro/sqlite`
        : reasonOf(error)
    const message = `saveFile: can't use '${this.path}': ${reason}`
    return coded(code, message, { cause: error })
  }
}
