/**
 * Owns the order in which changes reach the disk: records go to the end of a segment, in batches,
 * with one of them in flight. A segment on which a write or a sync failed is never used again: what
 * the system holds of it can't be known.
 */

import type { Clock } from '../../clock'
import { notSaved } from '../disk/errors'
import type { Place } from '../format/record'
import { type Sink, seal } from '../format/record-writer'
import type { Batch, Waiter } from './batch'
import { Queue } from './queue'
import type { Segment } from './segment'
import { Syncs } from './syncs'

export interface JournalOptions {
  readonly clock: Clock
  /** Ms from a write until it is synced; 0 to commit only what is synced; `Infinity` for never. */
  readonly period: number
  /** Bytes that may wait to be written; more of them is a failure. */
  readonly mostPending: number
  /** Makes the error of such a failure. */
  readonly overloaded: (pending: number) => Error
  /** Is called before so many bytes are written, and may hold them up. */
  readonly pace: (bytes: number) => Promise<void> | undefined
  /** Is called after each batch. */
  readonly written: () => void
  /** Is called once for each failure; nothing is saved until the journal gets another segment. */
  readonly failed: (error: Error) => void
}

interface Rotation {
  readonly segment: Segment
  readonly done: () => void
}

export class Journal {
  readonly #options: JournalOptions
  readonly #syncs: Syncs
  #segment: Segment | undefined
  #rotation: Rotation | undefined
  readonly #queue = new Queue()
  #pumping: Promise<void> | undefined
  #failure: Error | undefined
  #failures = 0
  #abandoned = false
  /** The segment that was used last, and how many of its bytes count. */
  last: Place = { number: 0, length: 0 }

  constructor(options: JournalOptions) {
    this.#options = options
    this.#syncs = new Syncs(options.clock, options.period, (error) => this.#fail(error))
  }

  /** The number of the segment in use, and its length; `undefined` if there is none. */
  get segment(): { readonly number: number; readonly length: number } | undefined {
    return this.#segment
  }

  /** Bytes of records that are not written yet. */
  get pending(): number {
    return this.#queue.bytes
  }

  /** When the last sync ended, or `null`. */
  get lastSync(): number | null {
    return this.#syncs.last
  }

  /** Why the journal failed last; `undefined` if it never did. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** How often the journal failed. If this number goes up, changes were lost. */
  get failures(): number {
    return this.#failures
  }

  /** Where the next record goes, of about that length; `undefined` if nothing is saved. */
  sink(length: number): Sink | undefined {
    if (this.#segment === undefined) return undefined
    const { pending } = this
    if (pending > 0 && pending + length > this.#options.mostPending) {
      this.#fail(this.#options.overloaded(pending))
      return undefined
    }
    this.#start()
    return this.#queue.sink(length)
  }

  /** Calls back, later, when everything that happened before is written, and synced at a period of 0. */
  committed(waiter: Waiter): void {
    this.#queue.wait(waiter)
  }

  /**
   * Goes on in another segment, with all that is not being written yet: whoever waits for a short
   * journal must not wait for a long queue. The former segment is synced and closed meanwhile.
   */
  async rotate(segment: Segment): Promise<void> {
    await new Promise<void>((done) => {
      this.#rotation = { segment, done }
      this.#start()
    })
  }

  /** Writes and syncs everything that happened before. Rejects if it can't. */
  async sync(): Promise<void> {
    const failures = this.#failures
    await new Promise<void>((resolve, reject) =>
      this.committed((error) => (error === null ? resolve() : reject(error))),
    )
    await this.#syncs.all()
    const lost = failures !== this.#failures || this.#segment === undefined
    if (lost && this.#failure !== undefined) throw this.#failure
  }

  /** Whether writes are synced each period. */
  set timed(timed: boolean) {
    this.#syncs.timed = timed
  }

  /** Writes nothing more, for that reason. */
  abandon(error: Error): void {
    this.timed = false
    this.#abandoned = true
    this.#giveUp(error)
  }

  /** Writes and syncs what there is, and takes no more. Rejects if that fails. */
  async close(): Promise<void> {
    this.timed = false
    try {
      await this.sync()
    } finally {
      await this.#pumping
      const segment = this.#segment
      this.#segment = undefined
      await segment?.close()
    }
  }

  #start(): void {
    if (this.#pumping !== undefined) return
    this.#pumping = new Promise<void>((resolve) => {
      // After this turn of the event loop, so that all its records go together.
      this.#options.clock.breathe(() => resolve(this.#pump()))
    }).finally(() => {
      this.#pumping = undefined
      if (this.#queue.isWaiting || this.#rotation !== undefined) this.#start()
    })
  }

  async #pump(): Promise<void> {
    for (;;) {
      await this.#switch()
      const batch = this.#queue.take()
      if (batch === undefined) return
      await this.#write(batch)
    }
  }

  async #switch(): Promise<void> {
    const rotation = this.#rotation
    if (rotation === undefined) return
    const { segment: next, done } = rotation
    this.#rotation = undefined
    const former = this.#segment
    const failures = this.#failures
    try {
      if (!this.#abandoned) await next.follow(this.last)
      if (former !== undefined && failures === this.#failures) this.#syncs.retire(former)
      if (this.#abandoned) await next.close()
      else this.#use(next)
    } catch (error) {
      await next.close()
      if (failures === this.#failures) this.#fail(error as Error)
    }
    done()
  }

  #use(segment: Segment): void {
    this.#segment = segment
    this.#syncs.wrote(segment)
    this.last = segment
  }

  async #write(batch: Batch): Promise<void> {
    const failures = this.#failures
    const segment = this.#segment
    const isGivenUp = () => segment === undefined || failures !== this.#failures
    try {
      await this.#options.pace(batch.length)
      seal(batch)
      if (!isGivenUp()) await segment?.write(batch.bytes, batch.length)
      if (!isGivenUp()) this.#syncs.wrote(segment as Segment)
      if (this.#options.period === 0) await this.#syncs.all()
    } catch (error) {
      if (!isGivenUp()) this.#fail(error as Error)
    }
    this.#queue.landed(batch, isGivenUp() ? (this.#failure ?? null) : null)
    this.#syncs.arm()
    this.#options.written()
  }

  /** The one way to fail: gives up the segment and all that was on its way there. */
  #fail(cause: Error): void {
    const error = notSaved(cause)
    this.#giveUp(error)
    this.#options.failed(error)
  }

  #giveUp(error: Error): void {
    const segment = this.#segment
    this.#segment = undefined
    this.#failure = error
    this.#failures++
    this.#syncs.forget()
    segment?.close()
    this.#queue.drop(error)
  }
}
