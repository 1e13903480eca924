/**
 * Owns what makes sessions survive, from the moment that they are loaded until all is saved and the
 * file is closed. The ledger is the truth: whatever has gone wrong with the file, it is written anew
 * from there once the disk is back.
 */

import fs from 'node:fs'
import path from 'node:path'
import { toError } from '../call'
import { inSlices, setImmediate } from '../clock'
import { coded } from '../settings/check'
import { toText } from '../settings/size'
import { findEngine } from '../sqlite/engine'
import { Link } from '../sqlite/link'
import type { CompactionReport, SaveStats } from '../stats'
import { isFinal, notSaved, overloaded, unusable } from './errors'
import { Outbox } from './outbox'
import type { Changes, End, Notice, Part, Reply, Request, Task } from './protocol'
import { Saved, type SavedDependencies } from './saved'

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
/** Entries that are put into the outbox without a look at the clock. */
const AT_ONCE = 64
/** A row is longer than its session's text by some names, and by what a key adds. */
const ROW_FACTOR = 4

const NONE: Changes = { cleared: false, removed: [], puts: [], touches: [] }

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
  readonly #mostPending: number
  #link: FileLink | undefined
  /** What was found at the start, once all is loaded. */
  #loaded: End | undefined
  /** Why nothing is saved now. */
  #failure: Error | undefined
  #isOff = false
  #closing: Promise<void> | undefined
  #waiters: Waiter[] = []
  #sent: Waiter[] = []
  #isScheduled = false
  #flushing: Promise<void> | undefined
  #recovering: Promise<void> | undefined
  #skipPause: (() => void) | undefined
  #timed = true
  #bytes = 0
  #lastSave: number | null = null
  #lastCompaction: CompactionReport | null = null

  /** For a store whose `saveFile` is set; `report` hears of what nobody waits for. */
  constructor(needs: PersistenceDependencies, report: (error: Error) => void) {
    const { settings, ledger } = needs
    this.#needs = needs
    // Before anybody changes the working directory.
    this.#saveFile = path.resolve(settings.saveFile ?? '')
    this.#report = report
    this.#saved = new Saved(needs)
    this.#outbox = new Outbox(this.#saved, () => this.#wake())
    const share = settings.maxBytes * PENDING_SHARE
    this.#mostPending = Math.min(Math.max(share, LEAST_PENDING), MOST_PENDING)
    ledger.listen(this.#outbox)
  }

  /** Loads what is saved into the ledger, and saves what happens from then on. Gives why it can't, or `null`. */
  async open(): Promise<Error | null> {
    try {
      await this.#start()
      return null
    } catch (thrown) {
      const error = toError(thrown)
      this.#isOff = isFinal(error)
      this.#failure = this.#isOff ? unusable(this.#saveFile, error) : notSaved(error)
      this.#stopGathering()
      this.#link?.end()
      if (!this.#isOff) this.#recover()
      return this.#failure
    }
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

  /** Brings everything that happened before to the disk. Rejects if it can't. */
  async save(): Promise<void> {
    if (this.#isOff) throw this.#failure
    if (this.#recovering !== undefined) {
      await this.#tryNow()
      if (this.#failure !== undefined) throw this.#failure
    }
    await this.#flush(true)
  }

  /** Whether writes are synced each period. */
  set timed(timed: boolean) {
    this.#timed = timed
    this.#link?.ask({ ask: 'timed', timed }).catch(() => {})
  }

  /** Saves, closes the file and gives the lock back. Rejects if not everything could be saved, and after a while if the disk hangs. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  stats(): SaveStats {
    const isLoaded = this.#loaded !== undefined
    return {
      saving: isLoaded && this.#failure === undefined && this.#closing === undefined,
      bytes: this.#bytes,
      pending: this.#outbox.bytes,
      lastSave: this.#lastSave,
      lastCompaction: this.#lastCompaction,
      damaged: this.#loaded?.damaged ?? 0,
      unread: this.#loaded?.unread ?? 0,
    }
  }

  async #start(): Promise<void> {
    const { settings, worker } = this.#needs
    const task: Task = {
      engine: findEngine(settings.database),
      file: realPath(this.#saveFile),
      period: settings.savePeriod,
      keys: settings.saveKeys,
      mostBytes: ROW_FACTOR * settings.maxEntryBytes + MIB,
    }
    const link: FileLink = new Link(worker, task, (notice) => this.#noticed(notice, link))
    this.#link = link
    await link.ask({ ask: 'open' })
    if (!this.#timed) await link.ask({ ask: 'timed', timed: false })
    if (this.#loaded === undefined) await this.#load(link)
    else this.#reportAll((await readEnd(link)).findings)
  }

  async #load(link: FileLink): Promise<void> {
    let next = link.ask({ ask: 'read' })
    for (;;) {
      const part = (await next).read as Part
      if (part.end === undefined) next = link.ask({ ask: 'read' })
      await this.#restore(part)
      if (part.end === undefined) continue
      const { end } = part
      this.#saved.last = Math.max(this.#saved.last, end.last)
      const isDue = end.isOld || end.wasImported || this.#saved.isChanged
      this.#loaded = end
      this.#reportAll(end.findings)
      // After a failing start all is written anew anyway.
      if (this.#failure !== undefined) return
      if (isDue) this.#rewrite(end, link).catch((thrown) => this.#fail(toError(thrown), link))
      // Before anybody can end one of them.
      if (end.wasImported) await this.#flush(true)
      return
    }
  }

  #restore({ rows, imported }: Part): Promise<void> {
    const { clock } = this.#needs
    const saved = this.#saved
    let at = 0
    const step = () => {
      for (let n = 0; n < AT_ONCE; n++, at++) {
        const row = rows[at]
        const other = imported[at - rows.length]
        if (row !== undefined) {
          saved.last = Math.max(saved.last, row.key, row.seq)
          if (!saved.restore(row)) this.#outbox.drop(row.key)
        } else if (other !== undefined) saved.adopt(...other)
        else return false
      }
      return true
    }
    return new Promise((resolve) => inSlices(clock, step, resolve))
  }

  /** Writes all sessions anew, beside all that happens meanwhile. */
  async #rewrite({ wasImported }: End, link: FileLink): Promise<void> {
    const { settings } = this.#needs
    await this.#walk(() => this.#flush())
    await this.#flush(true)
    if (wasImported) await link.ask({ ask: 'imported' })
    if (settings.saveKeys !== undefined) await link.ask({ ask: 'sealed' })
  }

  /** Puts each entry into the outbox, with `pause` after each few ms. */
  async #walk(pause: () => Promise<unknown>): Promise<void> {
    const { clock, ledger } = this.#needs
    const walk = ledger.walk()
    try {
      for (let isDone = false; !isDone; ) {
        const end = clock.elapsed() + 2
        do {
          const entry = walk.next()
          isDone = entry === undefined
          if (entry !== undefined) this.#outbox.put(entry)
        } while (!isDone && clock.elapsed() < end)
        await pause()
      }
    } finally {
      walk.end()
    }
  }

  #wake(): void {
    if (this.#isScheduled || this.#loaded === undefined || this.#failure !== undefined) return
    if (this.#flushing !== undefined) {
      if (this.#isTooMuch)
        this.#fail(overloaded(toText(this.#outbox.bytes)), this.#link as FileLink)
      return
    }
    this.#isScheduled = true
    this.#needs.clock.breathe(() => {
      this.#isScheduled = false
      if (this.#failure === undefined) this.#flush().catch(() => {})
    })
  }

  /** Whether more waits for what is being written than may. */
  get #isTooMuch(): boolean {
    const { bytes, size } = this.#outbox
    const most = MOST_WAITING + this.#needs.ledger.size
    return bytes > this.#mostPending || this.#waiters.length + size > most
  }

  /** Sends all that waits; ends once it is saved. What comes meanwhile is sent after it. */
  #flush(synced = false): Promise<void> {
    const before = this.#flushing ?? Promise.resolve()
    const link = this.#link as FileLink
    const flushing = before
      .catch(() => {})
      .then(() => this.#send(link, synced))
      .catch((thrown) => {
        this.#fail(toError(thrown), link)
        throw this.#failure ?? thrown
      })
      .finally(() => {
        if (this.#flushing !== flushing) return
        this.#flushing = undefined
        if (this.#outbox.size > 0 || this.#waiters.length > 0) this.#wake()
      })
    this.#flushing = flushing
    return flushing
  }

  async #send(link: FileLink, synced: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#outbox.turn()
    const waiters = this.#waiters
    this.#waiters = []
    this.#sent = waiters
    for (let isFirst = true; ; isFirst = false) {
      const changes = this.#outbox.take()
      if (changes === undefined && !isFirst && !synced) break
      const isLast = changes === undefined
      const reply = await link.ask({
        ...{ ask: 'write', changes: changes ?? NONE },
        ...{ part: undefined, synced: synced && isLast },
      })
      this.#noted(reply)
      if (isLast) break
    }
    if (this.#sent === waiters) this.#sent = []
    for (const waiter of waiters) waiter(null)
  }

  #noted({ bytes, synced }: Reply): void {
    if (bytes !== undefined) this.#bytes = bytes
    if (synced !== undefined) this.#lastSave = synced
  }

  #noticed({ synced, fault, compaction }: Notice, link: FileLink): void {
    if (link !== this.#link) return
    if (synced !== undefined) this.#lastSave = synced
    if (compaction !== undefined) this.#lastCompaction = compaction
    if (fault !== undefined) {
      const { message, code } = fault
      this.#fail(code === undefined ? new Error(message) : coded(code, message), link)
    }
  }

  /** The one place where saving ends for now: from then on memory serves, and it is tried again. */
  #fail(reason: Error, link: FileLink): void {
    if (this.#failure !== undefined || link !== this.#link || this.#closing !== undefined) {
      if (this.#closing !== undefined) this.#failure ??= notSaved(reason)
      return
    }
    const failure = notSaved(reason)
    this.#failure = failure
    this.#stopGathering()
    const waiters = [...this.#sent.splice(0), ...this.#waiters.splice(0)]
    for (const waiter of waiters) setImmediate(waiter, failure)
    this.#report(failure)
    this.#recover()
  }

  #stopGathering(): void {
    this.#outbox.reset()
    this.#outbox.isOpen = false
  }

  #recover(): void {
    this.#recovering ??= this.#tryAgain().finally(() => {
      this.#recovering = undefined
    })
  }

  async #tryAgain(): Promise<void> {
    for (let pause = FIRST_PAUSE; !this.#isOver; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      await this.#pause(pause)
      if (this.#isOver) return
      try {
        await this.#link?.idle()
        await this.#link?.end()
        await this.#start()
        await this.#resave(this.#link as FileLink)
        return
      } catch (thrown) {
        const error = toError(thrown)
        this.#isOff = ['ELOCKED', 'ESAVEFOREIGN'].includes((error as { code?: string }).code ?? '')
        this.#failure = this.#isOff ? unusable(this.#saveFile, error) : notSaved(error)
        if (this.#isOff) this.#report(this.#failure)
        this.#stopGathering()
        for (const done of this.#tried.splice(0)) done()
      }
    }
  }

  get #isOver(): boolean {
    return this.#isOff || this.#failure === undefined || this.#closing !== undefined
  }

  #tried: (() => void)[] = []

  /** Does not wait for the next attempt; ends with it. */
  async #tryNow(): Promise<void> {
    const tried = new Promise<void>((resolve) => this.#tried.push(resolve))
    this.#skipPause?.()
    await Promise.race([tried, this.#recovering])
  }

  #pause(ms: number): Promise<void> {
    if (this.#tried.length > 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#needs.clock.after(ms, resolve)
      this.#skipPause = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Replaces all that is in the file by what is in the ledger, at once as far as a kill goes. */
  async #resave(link: FileLink): Promise<void> {
    this.#outbox.isOpen = true
    await link.ask({ ask: 'write', changes: NONE, part: 'begin', synced: false })
    const sendAll = async () => {
      this.#outbox.turn()
      for (
        let changes = this.#outbox.take();
        changes !== undefined;
        changes = this.#outbox.take()
      ) {
        await link.ask({ ask: 'write', changes, part: undefined, synced: false })
      }
    }
    await this.#walk(sendAll)
    await sendAll()
    this.#noted(await link.ask({ ask: 'write', changes: NONE, part: 'end', synced: true }))
    if (this.#loaded?.wasImported) await link.ask({ ask: 'imported' }).catch(() => {})
    this.#failure = undefined
    this.#wake()
  }

  #reportAll(findings: End['findings']): void {
    for (const { code, message } of findings) this.#report(coded(code, message))
  }

  async #close(): Promise<void> {
    const link = this.#link
    this.#skipPause?.()
    const work = async () => {
      if (this.#failure !== undefined && !this.#isOff) await this.#recovering
      if (link === undefined || this.#isOff) return
      if (this.#failure !== undefined) throw this.#failure
      await this.#flush(true)
      this.#noted(await link.ask({ ask: 'close' }))
    }
    try {
      await this.#withPatience(work())
    } catch (thrown) {
      throw notSaved(toError(thrown))
    } finally {
      // Not awaited: a hanging disk keeps the worker.
      this.#link?.end()
      for (const waiter of [...this.#sent.splice(0), ...this.#waiters.splice(0)]) {
        setImmediate(waiter, this.#failure ?? coded('ECLOSED', 'the store is closed'))
      }
    }
  }

  #withPatience(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = () =>
        reject(coded('ESAVEBUSY', `the disk has not answered for ${CLOSE_PATIENCE} ms`))
      const cancel = this.#needs.clock.after(CLOSE_PATIENCE, late, true)
      work.then(resolve, reject).finally(cancel)
    })
  }
}

async function readEnd(link: FileLink): Promise<End> {
  for (;;) {
    const { read } = await link.ask({ ask: 'read' })
    if (read?.end !== undefined) return read.end
  }
}

/** The file that symbolic links lead to, or would. */
function realPath(file: string): string {
  try {
    return fs.realpathSync(file)
  } catch {
    return file
  }
}
