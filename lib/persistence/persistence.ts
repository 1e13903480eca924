/**
 * Owns the life of a saveFile: it is opened and loaded, then told what changes, and after a failure
 * opened again, until it is closed. The ledger is the truth: after a failure all of it is written anew.
 */

import path from 'node:path'
import { toError } from '../call'
import { SLICE_MS, setImmediate } from '../clock'
import type { Ledger } from '../ledger/ledger'
import { coded } from '../settings/check'
import { toText } from '../settings/size'
import { findEngine, inWords, isFinal } from '../sqlite/engine'
import { fileTask, Link, realPath } from '../sqlite/link'
import type { SaveStats } from '../stats'
import { Outbox } from './outbox'
import { Saved, type SavedDependencies } from './saved'
import type { End, Notice, Part, Reply, Request, Task } from './worker'

const MIB = 1024 * 1024
/** Bytes that may wait to be written: a quarter of the budget, within these. */
const PENDING_SHARE = 1 / 4
const LEAST_PENDING = 16 * MIB
const MOST_PENDING = 64 * MIB
/** Calls that may wait, and sessions that were ended: some 10 MB. */
const MOST_WAITING = 100_000
/** A failing disk is asked again after so many ms, twice as many each time, up to the most. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 30_000
/** Ms that `close` waits for the disk. */
const CLOSE_PATIENCE = 10_000

type FileLink = Link<Request, Reply, Notice>
type Waiter = (error: Error | null) => void

export interface PersistenceDependencies extends SavedDependencies {
  /** The code of the worker. */
  readonly worker: string
}

export class Persistence {
  readonly #needs: PersistenceDependencies
  readonly #saveFile: string
  readonly #report: (error: Error) => void
  readonly #saved: Saved
  readonly #outbox: Outbox
  #life: Promise<void> = Promise.resolve()
  #link: FileLink | undefined
  /** Told once whether the sessions are there. */
  #opened: Waiter | undefined
  /** What was found at the start, once all is loaded. */
  #loaded: End | undefined
  /** Why nothing is saved now. */
  #failure: Error | undefined
  /** Whether it is of no use to try again. */
  #isOff = false
  #closing: Promise<void> | undefined
  /** Who waits for what the outbox has, and who for all of it to be on the disk. */
  readonly #waiters: Waiter[] = []
  readonly #savers: Waiter[] = []
  /** How many of the waiters what is being sent now is for, if anything is. */
  #served: number | undefined
  /** Ends the wait for something to do, and the pause after a failure. */
  #wakeUp: (() => void) | undefined
  #skipPause: (() => void) | undefined
  #timed = true
  /** The latest that the worker told of each. */
  readonly #told: Notice = {}

  /** For a store whose `saveFile` is set; `report` hears of what nobody waits for. */
  constructor(needs: PersistenceDependencies, report: (error: Error) => void) {
    const { settings, ledger } = needs
    this.#needs = needs
    // Before anybody changes the working directory.
    this.#saveFile = path.resolve(settings.saveFile ?? '')
    this.#report = report
    this.#saved = new Saved(needs)
    this.#outbox = new Outbox(this.#saved, () => this.#wake())
    ledger.listen(this.#outbox)
  }

  /** Loads what is saved into the ledger, and saves what happens from then on. Gives why it can't, or `null`. */
  open(): Promise<Error | null> {
    return new Promise((resolve) => {
      this.#opened = resolve
      this.#life = this.#live()
    })
  }

  /**
   * Calls back, later, when everything that happened before is saved as `savePeriod` promises. While
   * nothing can be saved, memory serves and that is no failure, except at a `savePeriod` of 0 and
   * for what `removes` sessions: they could come back.
   */
  committed(waiter: Waiter, removes: boolean): void {
    if (this.#failure === undefined) {
      this.#waiters.push(waiter)
      this.#wake()
      return
    }
    // A file that was never read may hold them as well.
    const mayComeBack = removes && (this.#loaded !== undefined || !this.#isOff)
    const isPromised = this.#needs.settings.savePeriod === 0 || mayComeBack
    setImmediate(waiter, isPromised ? this.#failure : null)
  }

  /** Brings everything that happened before to the disk; tries at once if it failed before. Rejects if it can't. */
  save(): Promise<void> {
    if (this.#isOff) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#savers.push((error) => (error === null ? resolve() : reject(error)))
      this.#wake()
      this.#skipPause?.()
    })
  }

  /** Whether writes are synced each period. */
  set timed(timed: boolean) {
    this.#timed = timed
    this.#link?.ask({ ask: 'timed', timed }).catch(() => {})
  }

  /** Saves, closes the file and gives the lock back. Rejects if not everything could be saved, and after a while if the disk hangs. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve, reject) => {
      const late = () => {
        const failure = coded('ESAVEBUSY', `the disk has not answered for ${CLOSE_PATIENCE} ms`)
        this.#link?.fail(failure)
        reject(this.#inWords(failure))
      }
      const cancel = this.#needs.clock.after(CLOSE_PATIENCE, late, true)
      this.#life.then(() => {
        cancel()
        if (this.#failure === undefined || this.#isOff) resolve()
        else reject(this.#failure)
      })
    })
    this.#wake()
    this.#skipPause?.()
    return this.#closing
  }

  stats(): SaveStats {
    const isLoaded = this.#loaded !== undefined
    const { damaged = 0, unread = 0 } = this.#loaded ?? {}
    const { bytes = 0, synced = null, compaction = null } = this.#told
    return {
      saving: isLoaded && this.#failure === undefined && this.#closing === undefined,
      pending: this.#outbox.bytes,
      ...{ bytes, lastSave: synced, lastCompaction: compaction, damaged, unread },
    }
  }

  /** Opens the file and saves until it is closed, anew after each failure. */
  async #live(): Promise<void> {
    let pause = FIRST_PAUSE
    do {
      try {
        const link = this.#begin()
        await link.ask({ ask: 'open' })
        await this.#load(link)
        await this.#write(link)
      } catch (thrown) {
        if (this.#failure === undefined) pause = FIRST_PAUSE
        this.#failed(toError(thrown))
      }
      // The lock ends with the worker; which does not end while its disk hangs.
      await this.#link?.end()
      if (this.#failure === undefined) {
        this.#failure = coded('ECLOSED', 'the store is closed')
        this.#isOff = true
      }
      if (!this.#isOff) await this.#pause(pause)
      pause = Math.min(2 * pause, LONGEST_PAUSE)
    } while (this.#closing === undefined && !this.#isOff)
    this.#answer(this.#failure)
  }

  #begin(): FileLink {
    const { settings, worker } = this.#needs
    const about = fileTask(settings, findEngine(settings.database), realPath(this.#saveFile))
    const task: Task = { ...about, period: settings.savePeriod, timed: this.#timed }
    const link: FileLink = new Link(worker, task, (notice) => {
      if (notice === undefined) this.#wake()
      else Object.assign(this.#told, notice)
    })
    this.#link = link
    return link
  }

  /** The one place where saving ends for now: from then on memory serves. */
  #failed(reason: Error): void {
    const isNews = this.#failure === undefined
    this.#isOff = isFinal(reason, this.#loaded === undefined)
    const failure = this.#inWords(reason)
    this.#failure = failure
    this.#outbox.isOpen = false
    this.#outbox.reset()
    this.#answer(failure)
    if (this.#opened !== undefined) this.#open(failure)
    else if ((isNews || this.#isOff) && this.#closing === undefined) this.#report(failure)
  }

  #inWords(failure: Error): Error {
    return inWords(failure, (reason) =>
      this.#isOff
        ? `can't use '${this.#saveFile}': ${reason}; sessions are not saved`
        : `can't save: ${reason}; sessions are served from memory until it can`,
    )
  }

  #open(failure: Error | null): void {
    this.#opened?.(failure)
    this.#opened = undefined
  }

  #pause(ms: number): Promise<void> {
    if (this.#savers.length > 0 || this.#closing !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#needs.clock.after(ms, resolve)
      this.#skipPause = () => {
        cancel()
        resolve()
      }
    })
  }

  async #load(link: FileLink): Promise<void> {
    for (let next = link.ask({ ask: 'read' }); ; ) {
      const { read } = await next
      const { end } = read as Part
      if (end === undefined) next = link.ask({ ask: 'read' })
      // Later only the file's own state counts: the sessions are those of the ledger.
      if (this.#loaded === undefined) {
        await this.#saved.bringBack(read as Part, (row) => this.#outbox.drop(row))
      }
      if (end === undefined) continue
      this.#saved.last = Math.max(this.#saved.last, end.last)
      this.#loaded ??= end
      for (const { code, message } of end.findings) this.#report(coded(code, message))
      return
    }
  }

  /** Saves what happens until the store is closed, and before that all that there is if the file may hold anything else. */
  async #write(link: FileLink): Promise<void> {
    const { isOld, wasImported } = this.#loaded as End
    const isAnew = this.#failure !== undefined || isOld || wasImported || this.#saved.isChanged
    this.#outbox.isOpen = true
    // What was imported is saved before anybody can end one of them.
    if (!wasImported) this.#open(null)
    if (isAnew) await this.#writeAnew(link)
    this.#open(null)
    while (this.#hasWork || this.#closing === undefined) {
      await this.#work()
      await this.#send(link, this.#savers.length)
    }
    Object.assign(this.#told, await link.ask({ ask: 'close' }))
  }

  /** Writes all sessions anew, beside all that happens meanwhile, then removes all older rows. */
  async #writeAnew(link: FileLink): Promise<void> {
    const { clock, ledger } = this.#needs
    const from = ++this.#saved.last
    const walk = ledger.walk()
    try {
      for (let isDone = false; !isDone; ) {
        // An old key is no reason to wait: the next start goes on.
        if (this.#closing !== undefined && this.#failure === undefined) return
        isDone = this.#gather(walk, clock.elapsed() + SLICE_MS)
        await this.#send(link, 0)
      }
    } finally {
      walk.end()
    }
    Object.assign(this.#told, await link.ask({ ask: 'rewritten', from }))
    this.#failure = undefined
  }

  /** Puts entries of a walk into the outbox until that time, or that it is much to send. Returns whether there are no more. */
  #gather(walk: ReturnType<Ledger['walk']>, until: number): boolean {
    do {
      const entry = walk.next()
      if (entry === undefined) return true
      this.#outbox.put(entry)
    } while (this.#needs.clock.elapsed() < until && this.#outbox.bytes < MIB)
    return false
  }

  get #hasWork(): boolean {
    return this.#outbox.size > 0 || this.#waiters.length > 0 || this.#savers.length > 0
  }

  /** Ends after the turn in which there is something to do: what else happens in it goes with it. */
  #work(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeUp = () => this.#needs.clock.breathe(resolve)
      if (this.#hasWork || this.#closing !== undefined || this.#link?.failure !== undefined) {
        this.#wake()
      }
    })
  }

  #wake(): void {
    if (this.#served !== undefined) {
      const { bytes, size } = this.#outbox
      const { settings, ledger } = this.#needs
      const share = settings.maxBytes * PENDING_SHARE
      const mostBytes = Math.min(Math.max(share, LEAST_PENDING), MOST_PENDING)
      const waiting = this.#waiters.length - this.#served + size
      if (bytes > mostBytes || waiting > MOST_WAITING + ledger.size) {
        const message = `the disk is too slow, ${toText(bytes)} wait to be written`
        this.#link?.fail(coded('ESAVEBUSY', message))
      }
    }
    const wakeUp = this.#wakeUp
    this.#wakeUp = undefined
    wakeUp?.()
  }

  /** Sends all that waits; ends once it is saved, and for so many savers on the disk. What comes meanwhile waits. */
  async #send(link: FileLink, savers: number): Promise<void> {
    const waiters = this.#waiters.length
    this.#served = waiters
    try {
      if (link.failure !== undefined) throw link.failure
      this.#outbox.turn()
      for (let changes = this.#outbox.take(); changes; changes = this.#outbox.take()) {
        Object.assign(this.#told, await link.ask({ ask: 'write', changes }))
      }
      if (savers > 0) Object.assign(this.#told, await link.ask({ ask: 'sync' }))
    } finally {
      this.#served = undefined
    }
    this.#answer(null, waiters, savers)
  }

  /** Answers those who have waited longest. What a callback of the application throws is its own, and keeps none of the others from being called. */
  #answer(error: Error | null, waiters = this.#waiters.length, savers = this.#savers.length): void {
    for (const waiter of [...this.#waiters.splice(0, waiters), ...this.#savers.splice(0, savers)]) {
      try {
        waiter(error)
      } catch (thrown) {
        setImmediate(() => {
          throw thrown
        })
      }
    }
  }
}
