/**
 * Owns when the changes of this process are made: those of one turn of the event loop in one transaction,
 * in their order. While another process has the lock they are tried again on later turns, and fail after a
 * while; the loop never waits. Each is answered once it is committed, at a `savePeriod` of 0 once it is on the disk.
 */

import { toError } from '../call'
import { type Clock, setImmediate } from '../clock'
import { coded } from '../settings/check'
import { codeOf, reasonOf } from '../sqlite/engine'
import { holderOf } from './machine'
import type { OpenFile } from './open-file'
import type { SqliteSettings } from './options'
import type { Gone, SharedFile } from './shared-file'

/** Ms for which a transaction goes on while more changes wait: what waits for a turn then is not kept long. */
const LONGEST_MS = 5
/** A longer one leaves the lock to others for a moment, if there are any. */
const LONG_MS = 1
/** Ms after which a taken lock is tried again: at first, and at the most; by chance up to so many. */
const FIRST_PAUSE = 2
const LONGEST_PAUSE = 16

type Change<Value> = (file: SharedFile, now: number) => Value

interface Waiting {
  readonly sids: readonly string[]
  readonly change: Change<unknown>
  readonly bytes: number
  readonly deadline: number
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

/** Who hears what becomes of the changes. */
interface Told {
  /** Hears what was removed, once that is committed. */
  readonly gone: (gone: readonly Gone[]) => void
  /** Hears that what was answered is not on the disk. */
  readonly unsynced: (error: Error) => void
}

export class Turns {
  /** When the disk last confirmed all that was written, in ms. */
  lastSave: number | null = null
  /** Whether all is brought to the disk each `savePeriod`. */
  isTimed = true
  readonly #settings: SqliteSettings
  readonly #clock: Clock
  readonly #open: OpenFile
  readonly #told: Told
  #waiting: Waiting[] = []
  /** How many changes wait of each session. */
  readonly #ofSid = new Map<string, number>()
  #isScheduled = false
  #lastSeq = 0
  #pause = FIRST_PAUSE
  #syncing: Promise<void> = Promise.resolve()
  #nextSync: Promise<void> | undefined
  #isSyncDue = false

  constructor(settings: SqliteSettings, clock: Clock, open: OpenFile, told: Told) {
    this.#settings = settings
    this.#clock = clock
    this.#open = open
    this.#told = told
  }

  /** How many changes wait for the lock, or for the end of this turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** There is another file, or none: what waits goes on, or fails with the reason. */
  wake(): void {
    const { failure } = this.#open
    if (failure === undefined) this.#schedule(0)
    else this.#fail(this.#waiting.splice(0), failure)
  }

  /** Whether a change of that session waits: what is read before is not what was set. */
  awaits(sid: string): boolean {
    return this.#ofSid.has(sid) || this.#ofSid.has('')
  }

  /** The bytes of the texts that they bring. */
  get pending(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Makes a change that concerns those sessions; an empty id stands for all. */
  make<Value>(sids: readonly string[], change: Change<Value>, bytes = 0): Promise<Value> {
    if (this.#open.failure !== undefined) return Promise.reject(this.#open.failure)
    return new Promise<Value>((resolve, reject) => {
      const deadline = this.#clock.elapsed() + this.#settings.patience
      this.#waiting.push({ sids, change, bytes, deadline, resolve, reject })
      for (const sid of sids) this.#ofSid.set(sid, (this.#ofSid.get(sid) ?? 0) + 1)
      this.#schedule(0)
    })
  }

  /** Brings all that was committed to the disk. */
  sync(): Promise<void> {
    // A sync that is under way may have begun before the last commit: the one after it serves all who ask meanwhile.
    this.#nextSync ??= this.#syncing
      .catch(() => {})
      .then(() => {
        this.#nextSync = undefined
        this.#syncing = this.#syncNow()
        return this.#syncing
      })
    return this.#nextSync
  }

  #schedule(ms: number): void {
    if (this.#isScheduled || this.#waiting.length === 0) return
    this.#isScheduled = true
    const go = () => {
      this.#isScheduled = false
      this.#go()
    }
    if (ms === 0) setImmediate(go)
    else this.#clock.after(ms, go, true)
  }

  #go(): void {
    const { file, isFull } = this.#open
    if (file === undefined) this.#later(() => 'it was not open')
    else if (isFull) {
      this.#open.checkpointIfLong()
      this.#later(() => 'its WAL was being moved into the file')
    } else if (this.#begin(file)) this.#makeAll(file)
  }

  /** Whether changes can be made now. */
  #begin(file: SharedFile): boolean {
    try {
      file.begin()
      return true
    } catch (thrown) {
      const code = codeOf(thrown)
      if (code === 'ELOCKED') {
        this.#later(() => `another process${holderOf(this.#open.path)} had its lock`)
        // What waits goes on in the file that has the name now.
      } else this.#broken(code === 'ESAVEMOVED' ? [] : this.#waiting.splice(0), thrown)
      return false
    }
  }

  #makeAll(file: SharedFile): void {
    this.#pause = FIRST_PAUSE
    // Others who change something too need a moment in which the lock is free.
    const isContended = file.places.sums.seq !== this.#lastSeq
    const start = this.#clock.elapsed()
    this.#makeChanges(file)
    this.#lastSeq = file.places.sums.seq
    const isLong = this.#clock.elapsed() - start > LONG_MS
    this.#schedule(isContended && isLong ? Math.random() * FIRST_PAUSE : 0)
  }

  #makeChanges(file: SharedFile): void {
    const end = this.#clock.elapsed() + LONGEST_MS
    const made: Waiting[] = []
    const answers: (() => void)[] = []
    let gone: readonly Gone[]
    try {
      for (let each = this.#waiting.shift(); each !== undefined; each = this.#waiting.shift()) {
        made.push(each)
        answers.push(this.#attempt(each, file))
        if (this.#clock.elapsed() > end) break
      }
      gone = file.commit()
    } catch (thrown) {
      file.file.rollback()
      this.#broken(made, thrown)
      return
    }
    this.#forget(made)
    this.#open.checkpointIfLong()
    if (gone.length > 0) this.#told.gone(gone)
    const answer = () => {
      for (const each of answers) each()
    }
    if (this.#settings.savePeriod > 0) {
      answer()
      this.#syncSoon()
    } else this.sync().then(answer, (error: Error) => this.#fail(made, error))
  }

  /** What answers a change. One that was refused before anything was changed fails alone. */
  #attempt({ change, resolve, reject }: Waiting, file: SharedFile): () => void {
    try {
      const value = change(file, this.#clock.now())
      return () => resolve(value as never)
    } catch (thrown) {
      if (codeOf(thrown) !== 'ESESSIONTOOBIG') throw thrown
      return () => reject(toError(thrown))
    }
  }

  /** Tries again after a while, by chance, so that no two processes meet again and again. */
  #later(why: () => string): void {
    const now = this.#clock.elapsed()
    const over = this.#waiting.filter(({ deadline }) => deadline <= now)
    if (over.length > 0) {
      this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now)
      const message = `saveFile: not saved: for ${this.#settings.patience} ms ${why()}`
      this.#fail(over, coded('ESAVEBUSY', message))
    }
    this.#schedule(1 + Math.random() * this.#pause)
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE)
  }

  #broken(failed: readonly Waiting[], thrown: unknown): void {
    const failure = notSaved(thrown)
    this.#fail(failed, failure)
    this.#open.failed(failure)
    this.#schedule(FIRST_PAUSE)
  }

  #fail(failed: readonly Waiting[], error: Error): void {
    this.#forget(failed)
    for (const { reject } of failed) reject(error)
  }

  #forget(done: readonly Waiting[]): void {
    for (const { sids } of done) {
      for (const sid of sids) {
        const count = (this.#ofSid.get(sid) ?? 0) - 1
        if (count > 0) this.#ofSid.set(sid, count)
        else this.#ofSid.delete(sid)
      }
    }
  }

  // After half of the period, so that the other half is left for the sync itself.
  #syncSoon(): void {
    const { savePeriod } = this.#settings
    if (this.#isSyncDue || savePeriod === Number.POSITIVE_INFINITY || !this.isTimed) return
    this.#isSyncDue = true
    this.#clock.after(savePeriod / 2, () => {
      this.#isSyncDue = false
      this.sync().catch(this.#told.unsynced)
    })
  }

  #syncNow(): Promise<void> {
    const { file } = this.#open
    if (file === undefined) return Promise.resolve()
    const before = this.#clock.now()
    return new Promise((resolve, reject) => {
      file.file.sync((error) => {
        if (error === null) this.lastSave = before
        if (error === null) resolve()
        else reject(notSaved(error))
      })
    })
  }
}

function notSaved(thrown: unknown): Error {
  const error = toError(thrown)
  const code = codeOf(thrown) ?? 'ESAVEFAILED'
  return coded(code, `saveFile: not saved: ${reasonOf(error)}`, { cause: error })
}
