/**
 * The journal: records go to the end of a segment, in batches, one of them in flight. A segment
 * that a write or a sync failed on is never used again: what the system holds of it can't be known.
 */

import type { Clock } from '../time/clock'
import { Batch, type Waiter } from './batch'
import { type OpenFile, writeAll } from './files'
import { encodeHeader } from './header'
import type { Sink } from './record-writer'

/** An open segment: its file, and where its end is. */
export interface Segment {
  readonly number: number
  readonly file: OpenFile
  length: number
}

export interface JournalOptions {
  readonly clock: Clock
  /** Ms from a write until it is synced; 0 to acknowledge only what is synced; `Infinity` for never. */
  readonly period: number
  /** Hears after each batch. */
  readonly written: () => void
  /** Hears once of each segment that failed; nothing is saved until the journal gets another one. */
  readonly failed: (error: Error) => void
}

export class Journal {
  readonly #options: JournalOptions
  #segment: Segment | undefined
  #next: { readonly segment: Segment; readonly done: () => void } | undefined
  #filling = new Batch()
  #spare: Batch | undefined = new Batch()
  #full: Batch[] = []
  #inFlight: Batch | undefined
  #pumping: Promise<void> | undefined
  #fault: Error | undefined
  #lastFault: Error | null = null
  #unsynced = false
  #syncing: Promise<void> | undefined
  #cancelSync: (() => void) | undefined
  #timed = true
  #over = false
  /** When the last sync ended, or `null`. */
  lastSync: number | null = null

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** The number of the segment in use, and its length; `undefined` where there is none. */
  get segment(): { readonly number: number; readonly length: number } | undefined {
    return this.#segment
  }

  /** Bytes of records that are not written yet. */
  get pending(): number {
    const queued = this.#full.reduce((sum, { length }) => sum + length, 0)
    return queued + this.#filling.length + (this.#inFlight?.length ?? 0)
  }

  /** Why nothing is saved now; `undefined` where all is well. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** Where the next record goes; `undefined` where nothing is saved. `length` is about what it will take. */
  sink(length: number): Sink | undefined {
    if (this.#segment === undefined) return undefined
    if (this.#filling.isFullFor(length)) {
      this.#full.push(this.#filling)
      this.#filling = this.#takeSpare()
    }
    this.#start()
    return this.#filling
  }

  /** Calls back when all that happened before is saved; at once where it is. */
  settled(waiter: Waiter): void {
    const last = this.#filling.length > 0 ? this.#filling : (this.#full.at(-1) ?? this.#inFlight)
    if (last !== undefined) last.waiters.push(waiter)
    else waiter(this.#options.period === 0 ? (this.#fault ?? null) : null)
  }

  /** Goes on in another segment, after what is queued now. The former is synced and closed. */
  async goOn(segment: Segment): Promise<void> {
    if (this.#over) {
      await segment.file.close()
      return
    }
    if (this.#segment === undefined) {
      this.#segment = segment
      this.#fault = undefined
      return
    }
    await new Promise<void>((done) => {
      this.#next = { segment, done }
      this.#start()
    })
  }

  /** Writes and syncs all that happened before. Rejects where it can't. */
  async sync(): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.settled((error) => (error === null ? resolve() : reject(error))),
    )
    await this.#syncNow()
    if (this.#fault !== undefined) throw this.#fault
  }

  /** Whether writes are synced each period. */
  set timed(timed: boolean) {
    this.#timed = timed
    if (timed && this.#unsynced) this.#arm()
    if (timed) return
    this.#cancelSync?.()
    this.#cancelSync = undefined
  }

  /** Writes nothing until it goes on in another segment, for that reason. */
  fail(error: Error): void {
    this.#giveUp(error)
  }

  /** Writes nothing more, for that reason. */
  abandon(error: Error): void {
    this.timed = false
    this.#over = true
    this.#giveUp(error)
  }

  /** Writes and syncs what there is, and takes no more. Rejects where that fails. */
  async close(): Promise<void> {
    this.timed = false
    try {
      await this.sync()
    } finally {
      await this.#pumping
      const segment = this.#segment
      this.#segment = undefined
      await segment?.file.close()
    }
  }

  #start(): void {
    if (this.#pumping !== undefined) return
    this.#pumping = new Promise<void>((resolve) => {
      // After this turn of the event loop, so that all its records go together.
      this.#options.clock.breathe(() => resolve(this.#pump()))
    }).finally(() => {
      this.#pumping = undefined
      const waiting = this.#full.length > 0 || this.#filling.length > 0
      if (waiting || this.#next !== undefined) this.#start()
    })
  }

  async #pump(): Promise<void> {
    for (;;) {
      const batch = this.#takeBatch()
      if (batch !== undefined) await this.#write(batch)
      else if (this.#next !== undefined) await this.#switch()
      else return
    }
  }

  #takeBatch(): Batch | undefined {
    const first = this.#full.shift()
    if (first !== undefined || this.#filling.length === 0) return first
    const batch = this.#filling
    this.#filling = this.#takeSpare()
    return batch
  }

  async #write(batch: Batch): Promise<void> {
    this.#inFlight = batch
    const error = await this.#writeTo(this.#segment, batch)
    this.#inFlight = undefined
    batch.end(error)
    this.#giveBack(batch)
    if (this.#unsynced) this.#arm()
    this.#options.written()
  }

  async #writeTo(segment: Segment | undefined, batch: Batch): Promise<Error | null> {
    if (segment === undefined) return this.#lastFault
    try {
      await writeAll(segment.file, batch.bytes, batch.length, segment.length)
      segment.length += batch.length
      this.#unsynced = true
      if (this.#options.period === 0) await this.#syncNow()
    } catch (error) {
      this.#poison(segment, error as Error)
    }
    // A sync may have failed meanwhile, and another segment may be in use already.
    return this.#segment === segment ? null : this.#lastFault
  }

  async #switch(): Promise<void> {
    const next = this.#next
    if (next === undefined) return
    await this.#syncNow()
    this.#next = undefined
    if (this.#over) {
      await next.segment.file.close().catch(() => {})
    } else {
      const former = this.#segment
      this.#segment = next.segment
      this.#fault = undefined
      await former?.file.close().catch(() => {})
    }
    next.done()
  }

  // One at a time: a sync that began before a write ended says nothing of that write.
  async #syncNow(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing
    const segment = this.#segment
    if (!this.#unsynced || segment === undefined) return
    this.#unsynced = false
    this.#syncing = segment.file.datasync().then(
      () => {
        this.lastSync = this.#options.clock.now()
      },
      (error) => this.#poison(segment, error),
    )
    await this.#syncing
    this.#syncing = undefined
  }

  #arm(): void {
    const { clock, period } = this.#options
    const off = !this.#timed || period === 0 || period === Number.POSITIVE_INFINITY
    if (off || this.#cancelSync !== undefined) return
    this.#cancelSync = clock.after(period, () => {
      this.#cancelSync = undefined
      this.#syncNow()
    })
  }

  /** Gives a segment up, and all that was on its way to it. */
  #poison(segment: Segment | undefined, error: Error): void {
    if (segment === undefined || this.#segment !== segment) return
    this.#giveUp(error)
    this.#options.failed(error)
  }

  #giveUp(error: Error): void {
    const segment = this.#segment
    this.#segment = undefined
    this.#fault = error
    this.#lastFault = error
    this.#unsynced = false
    segment?.file.close().catch(() => {})
    const lost = [...this.#full, this.#filling]
    this.#full = []
    this.#filling = new Batch()
    for (const batch of lost) batch.end(error)
  }

  #takeSpare(): Batch {
    const spare = this.#spare ?? new Batch()
    this.#spare = undefined
    return spare
  }

  #giveBack(batch: Batch): void {
    batch.reset()
    this.#spare ??= batch
  }
}

/** Begins a segment's file: with its header, synced. */
export async function beginSegment(
  file: OpenFile,
  number: number,
  marker: number,
): Promise<Segment> {
  const header = encodeHeader({ kind: 'journal', marker, number })
  await writeAll(file, header, header.length, 0)
  await file.datasync()
  return { number, file, length: header.length }
}
