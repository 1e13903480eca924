/**
 * Owns when the changes of this process are made: those of one turn of the event loop in one transaction,
 * in their order. While another process has the lock they are tried again on later turns, and fail after a
 * while; the loop never waits. Each is answered once it is committed, at a `savePeriod` of 0 once it is on the disk.
 */

import { type Clock, setImmediate } from '../clock'
import { coded } from '../settings/check'
import { codeOf } from '../sqlite/engine'
import type { SaveStats } from '../stats'
import type { OpenFile } from './open-file'
import type { SqliteSettings } from './options'
import type { Gone, SharedFile } from './shared-file'

/** Ms for which a transaction goes on while more changes wait: what waits for a turn then is not kept long. */
const LONGEST_MS = 5
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

export class Turns {
  /** Whether all is brought to the disk each `savePeriod`. */
  timed = true
  readonly #settings: SqliteSettings
  readonly #clock: Clock
  readonly #open: OpenFile
  readonly #gone: (gone: readonly Gone[]) => void
  readonly #unsaved: (error: Error) => void
  #waiting: Waiting[] = []
  #isRunning = false
  /** How far the file had come with the last transaction of this process. */
  #lastSeq = 0
  #isSaveDue = false
  #lastSave: number | null = null

  /** `gone` hears what was removed, once that is committed; `unsaved`, that what was answered is not on the disk. */
  constructor(
    settings: SqliteSettings,
    clock: Clock,
    open: OpenFile,
    gone: (gone: readonly Gone[]) => void,
    unsaved: (error: Error) => void,
  ) {
    this.#settings = settings
    this.#clock = clock
    this.#open = open
    this.#gone = gone
    this.#unsaved = unsaved
  }

  /** How many changes wait for the lock, or for the end of this turn. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Whether a change of that session waits: what is read before is not what was set. */
  awaits(sid: string): boolean {
    return this.#waiting.some(({ sids }) => sids.includes(sid) || sids.includes(''))
  }

  /** Makes a change that concerns those sessions; an empty id stands for all. `bytes`: of the text that it brings. */
  make<Value>(sids: readonly string[], change: Change<Value>, bytes = 0): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const deadline = this.#clock.elapsed() + this.#settings.patience
      this.#waiting.push({ sids, change, bytes, deadline, resolve, reject })
      if (!this.#isRunning) this.#run()
    })
  }

  stats(): SaveStats {
    const { file, damaged, unread, lastCompaction } = this.#open
    const pending = this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    const [saving, bytes] = [file !== undefined, file?.file.bytes ?? 0]
    return { saving, bytes, pending, lastSave: this.#lastSave, lastCompaction, damaged, unread }
  }

  /** Brings all that was committed to the disk. */
  async save(): Promise<void> {
    const { file, failure } = this.#open
    if (failure !== undefined) throw failure
    if (file === undefined) return
    const before = this.#clock.now()
    const error = await new Promise<Error | null>((resolve) => file.file.sync(resolve))
    if (error !== null) throw this.#open.failed(error)
    this.#lastSave = Math.max(before, this.#lastSave ?? 0)
  }

  async close(): Promise<void> {
    const isSaved = this.#settings.savePeriod < Number.POSITIVE_INFINITY
    try {
      if (isSaved && this.#open.file !== undefined) await this.save()
    } finally {
      await this.#open.close()
    }
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let pause = 0; this.#waiting.length > 0; pause = await this.#turn(pause)) {
      // By chance, so that no two processes meet again and again.
      const ms = pause === 0 ? 0 : 1 + Math.random() * pause
      await new Promise<void>((resolve) => {
        if (ms === 0) setImmediate(resolve)
        else this.#clock.after(ms, resolve, true)
      })
    }
    this.#isRunning = false
  }

  /** Makes what waits in one transaction, if that can be done now. Returns the ms of the pause after it. */
  async #turn(pause: number): Promise<number> {
    const { file, failure } = this.#open
    if (failure !== undefined) return this.#fail(this.#waiting.splice(0), failure)
    const made: Waiting[] = []
    const values: unknown[] = []
    let isContended: boolean
    let gone: readonly Gone[]
    try {
      if (file === undefined) return this.#later(pause, 'it was not open')
      if (this.#open.checkpoint())
        return this.#later(pause, 'its WAL was being moved into the file')
      file.begin()
      const { sums } = file.places
      isContended = sums.seq !== this.#lastSeq
      for (const end = this.#clock.elapsed() + LONGEST_MS; ; ) {
        const each = this.#waiting.shift()
        if (each === undefined) break
        made.push(each)
        values.push(each.change(file, this.#clock.now()))
        if (this.#clock.elapsed() > end) break
      }
      gone = file.commit()
      this.#lastSeq = sums.seq
    } catch (thrown) {
      return this.#failed(made, thrown, pause)
    }
    if (gone.length > 0) this.#gone(gone)
    try {
      if (this.#settings.savePeriod === 0) await this.save()
      else this.#saveSoon()
    } catch (error) {
      return this.#fail(made, error as Error)
    }
    for (const [nth, { resolve }] of made.entries()) resolve(values[nth] as never)
    // Others who change something too need a moment in which the lock is free.
    return isContended && this.#waiting.length > 0 ? FIRST_PAUSE : 0
  }

  #failed(made: readonly Waiting[], thrown: unknown, pause: number): number {
    this.#open.file?.file.rollback()
    const code = codeOf(thrown)
    if (made.length === 0 && code === 'ELOCKED') return this.#later(pause)
    const error = this.#open.failed(thrown as Error)
    // What waits goes on in the file that has the name now.
    const isMoved = made.length === 0 && code === 'ESAVEMOVED'
    this.#fail(made.length === 0 && !isMoved ? this.#waiting.splice(0) : made, error)
    return FIRST_PAUSE
  }

  #later(pause: number, why?: string): number {
    const now = this.#clock.elapsed()
    const over = this.#waiting.filter(({ deadline }) => deadline <= now)
    if (over.length > 0) {
      this.#waiting = this.#waiting.filter(({ deadline }) => deadline > now)
      const reason = why ?? `another process${this.#open.holder} had its lock`
      const message = `saveFile: not saved: for ${this.#settings.patience} ms ${reason}`
      this.#fail(over, coded('ESAVEBUSY', message))
    }
    return Math.min(2 * pause + FIRST_PAUSE, LONGEST_PAUSE)
  }

  #fail(failed: readonly Waiting[], error: Error): number {
    for (const { reject } of failed) reject(error)
    return 0
  }

  // After half of the period, so that the other half is left for the sync itself.
  #saveSoon(): void {
    const { savePeriod } = this.#settings
    if (this.#isSaveDue || savePeriod === Number.POSITIVE_INFINITY || !this.timed) return
    this.#isSaveDue = true
    this.#clock.after(savePeriod / 2, () => {
      this.#isSaveDue = false
      if (this.#open.file !== undefined) this.save().catch(this.#unsaved)
    })
  }
}
