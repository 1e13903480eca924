/**
 * What makes sessions survive: loads them, then hears of everything that happens to the ledger and
 * writes it down in the journal.
 */

import path from 'node:path'
import v8 from 'node:v8'
import { toError } from '../call/answers'
import type { KeptCookie } from '../entry/cookie'
import type { Entry, LeaveCause, LedgerListener } from '../entry/entry'
import type { SessionParts } from '../session/sessions'
import type { SaveStats } from '../stats'
import { inSlices } from '../time/slices'
import type { Waiter } from './batch'
import { lockLost, notSaved, notTidied, unusable } from './faults'
import { codeOf, type Files, system } from './files'
import { findings } from './findings'
import { HEADER_BYTES, newMarker } from './header'
import { Journal } from './journal'
import { KeyRing } from './keys'
import { Lock } from './lock'
import { Names } from './names'
import { RecordWriter } from './record-writer'
import { type Recovered, Recovery } from './recovery'
import { Replay, UNASKED } from './replay'
import { Restorer } from './restorer'
import { Upkeep } from './upkeep'
import { wholePath } from './whole-path'

/** Of the heap limit, what saved sessions may take while they are loaded, if the budget is less. */
const HEAP_SHARE = 0.4
/** Entries restored without a look at the clock, which would cost more than each of them. */
const AT_ONCE = 64

export class Persistence implements LedgerListener {
  readonly #parts: SessionParts
  readonly #saveFile: string
  readonly #restorer: Restorer
  readonly #report: (error: Error) => void
  readonly #files: Files = system.files
  readonly #journal: Journal
  #writer: RecordWriter | undefined
  #lock: Lock | undefined
  #upkeep: Upkeep | undefined
  #names: Names | undefined
  #found: Recovered | undefined
  /** Why nothing is saved for good. */
  #useless: Error | undefined
  #closing: Promise<void> | undefined
  /** When no session that was cleared is left aside. */
  #forgotten: Promise<void> = Promise.resolve()

  /** For a store whose `saveFile` is set; `report` hears of what nobody waits for. */
  constructor(parts: SessionParts, report: (error: Error) => void) {
    const { settings, clock } = parts
    this.#parts = parts
    // Before anybody changes the working directory.
    this.#saveFile = path.resolve(settings.saveFile ?? '')
    this.#restorer = new Restorer(parts)
    this.#report = report
    this.#journal = new Journal({
      clock,
      period: settings.savePeriod,
      written: () => this.#upkeep?.look(),
      failed: (error) => this.#failed(error),
    })
  }

  /** Loads what is saved into the ledger, and saves what happens from then on. Gives why it can't, or `null`. */
  async open(): Promise<Error | null> {
    let failure: Error | null = null
    try {
      failure = await this.#open()
    } catch (thrown) {
      failure = unusable(this.#saveFile, toError(thrown))
      this.#useless = failure
      this.#lock?.release()
      this.#lock = undefined
    }
    for (const error of this.#found === undefined ? [] : findings(this.#found)) {
      this.#report(error)
    }
    return failure
  }

  put(entry: Entry): void {
    const sink = this.#journal.sink(entry.bytes)
    if (sink !== undefined) this.#writer?.put(sink, entry)
  }

  touch(entry: Entry, previous: KeptCookie | undefined): void {
    const { cookie } = entry
    const changed = cookie !== undefined && cookie.attributes !== previous?.attributes
    const sink = this.#journal.sink(0)
    if (sink !== undefined) this.#writer?.touch(sink, entry, changed)
  }

  remove(entry: Entry, cause: LeaveCause): void {
    // The record says itself when it expires.
    if (cause === 'expire' && entry.expiry <= this.#parts.clock.now()) return
    const sink = this.#journal.sink(0)
    if (sink !== undefined) this.#writer?.remove(sink, entry.sid)
  }

  clear(): void {
    const sink = this.#journal.sink(0)
    if (sink !== undefined) this.#writer?.clear(sink)
    this.#forgotten = this.#forgotten.then(() => this.#forgetUnread())
  }

  /** Calls back when all that happened before is saved as well as `savePeriod` promises. */
  settled(waiter: Waiter): void {
    if (this.#useless !== undefined) waiter(null)
    else this.#journal.settled((error) => waiter(error === null ? null : notSaved(error)))
  }

  /** Brings all that happened before to the disk. Rejects where it can't. */
  async save(): Promise<void> {
    if (this.#useless !== undefined) throw this.#useless
    try {
      await this.#upkeep?.mend()
      await this.#journal.sync()
      await this.#forgotten
    } catch (thrown) {
      throw notSaved(toError(thrown))
    }
  }

  /** Whether writes are synced each period. */
  set timed(timed: boolean) {
    this.#journal.timed = timed
  }

  /** Saves, closes the files and gives the lock back. Rejects where not all could be saved. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  stats(): SaveStats {
    const { fault, pending, lastSync } = this.#journal
    const sound = fault === undefined && this.#upkeep?.distrusted !== true
    return {
      saving: this.#useless === undefined && sound && this.#lock !== undefined,
      bytes: this.#upkeep?.bytes ?? 0,
      pending,
      lastSave: lastSync,
      lastCompaction: this.#upkeep?.lastCompaction ?? null,
      damaged: this.#found?.damaged ?? 0,
      unread: this.#found?.unread ?? 0,
    }
  }

  /** Gives why nothing is saved yet, or `null`. Rejects where nothing ever will be. */
  async #open(): Promise<Error | null> {
    const { clock, settings } = this.#parts
    const { saveKeys } = settings
    const names = new Names(await wholePath(this.#saveFile))
    this.#names = names
    const info = await this.#files.info(names.file)
    if (info?.isFolder) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' })
    const keys = saveKeys === undefined ? undefined : await KeyRing.of(saveKeys)
    const marker = newMarker()
    const writer = new RecordWriter(marker, settings.owner !== undefined, keys)
    let readOnly: Error | undefined
    try {
      this.#lock = await Lock.take(names.lock, clock, () => this.#lost())
    } catch (error) {
      if (codeOf(error) === 'ELOCKED') throw error
      // What is there can still be read, and served from memory.
      readOnly = toError(error)
    }
    const trimmed = await this.#load(names, keys, marker, readOnly === undefined)
    const found = this.#found as Recovered
    readOnly ??= found.fault
    if (readOnly !== undefined) throw readOnly
    this.#lock?.check()
    const { ledger } = this.#parts
    const failed = (error: Error) => this.#notRewritten(error)
    const parts = {
      files: this.#files,
      names,
      clock,
      ledger,
      journal: this.#journal,
      writer,
      keys,
      failed,
    }
    const upkeep = new Upkeep(parts, { ...found, rewrite: found.rewrite || trimmed })
    this.#writer = writer
    this.#upkeep = upkeep
    ledger.listen(this)
    try {
      await upkeep.begin()
      upkeep.look()
      return null
    } catch (thrown) {
      this.#journal.fail(toError(thrown))
      upkeep.distrust()
      return notSaved(toError(thrown))
    }
  }

  /** Reads the files into the ledger. Gives whether some of what is saved had no place in it. */
  async #load(names: Names, keys: KeyRing | undefined, marker: number, writable: boolean) {
    const { jar, clock, settings, ledger } = this.#parts
    const restorer = this.#restorer
    const ceiling = Math.max(settings.maxBytes, v8.getHeapStatistics().heap_size_limit * HEAP_SHARE)
    const replay = new Replay(jar, ceiling)
    const files = this.#files
    const adopt = (sid: string, session: unknown) => restorer.adopt(sid, session)
    const recovery = new Recovery({ files, names, keys, replay, marker, writable, adopt })
    this.#found = await recovery.run(clock.now())
    const { entries, next } = replay.end()
    let restored = 0
    let dropped = replay.dropped
    const now = clock.now()
    const load = ledger.load(entries, next, (entry) => {
      const admitted = restorer.admit(entry, entry.owner !== UNASKED)
      if (admitted !== undefined) restored++
      else if (entry.expiry > now) dropped = true
      return admitted
    })
    const step = () => {
      for (let n = 0; n < AT_ONCE; n++) if (!load()) return false
      return true
    }
    await new Promise<void>((resolve) => inSlices(clock, step, resolve))
    return dropped || ledger.size < restored
  }

  /** Removes the sessions of unknown keys: they are cleared as well. */
  async #forgetUnread(): Promise<void> {
    const names = this.#names as Names
    try {
      for (const id of names.unreadAmong(await this.#files.list(names.folder))) {
        await this.#files.remove(names.unread(id))
      }
    } catch (thrown) {
      this.#report(notSaved(toError(thrown)))
    }
  }

  #failed(error: Error): void {
    this.#upkeep?.distrust()
    this.#report(notSaved(error))
  }

  #notRewritten(error: Error): void {
    const goesOn = this.#journal.fault === undefined
    this.#report(goesOn ? notTidied(error) : notSaved(error))
  }

  #lost(): void {
    this.#useless = lockLost()
    this.#report(this.#useless)
    this.#journal.abandon(this.#useless)
    this.#upkeep?.close()
  }

  async #close(): Promise<void> {
    if (this.#useless !== undefined) {
      this.#lock?.release()
      return
    }
    try {
      await this.#upkeep?.mend().finally(() => this.#closeJournal())
    } catch (thrown) {
      throw notSaved(toError(thrown))
    } finally {
      this.#lock?.release()
    }
  }

  async #closeJournal(): Promise<void> {
    await this.#forgotten
    await this.#upkeep?.close()
    const { segment } = this.#journal
    await this.#journal.close()
    const isEmpty = segment !== undefined && segment.length === HEADER_BYTES
    if (isEmpty) await this.#files.remove((this.#names as Names).segment(segment.number))
  }
}
