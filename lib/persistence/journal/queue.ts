/** Owns the records on their way to the disk: one batch in flight, those that are full, and one that is being filled. */

import type { Sink } from '../format/record-writer'
import { Batch, type Waiter } from './batch'

export class Queue {
  #filling = new Batch()
  #full: Batch[] = []
  #fullBytes = 0
  #inFlight: Batch | undefined
  /** A batch that was written, to be filled again. */
  #spare: Batch | undefined = new Batch()

  /** Bytes of records that are not written yet. */
  get bytes(): number {
    return this.#fullBytes + this.#filling.length + (this.#inFlight?.length ?? 0)
  }

  /** Whether records wait that are not being written. */
  get isWaiting(): boolean {
    return this.#filling.length > 0 || this.#full.length > 0
  }

  /** Where the next record goes, of about that length. */
  sink(length: number): Sink {
    if (this.#filling.isFullFor(length)) {
      this.#full.push(this.#filling)
      this.#fullBytes += this.#filling.length
      this.#filling = this.#takeSpare()
    }
    return this.#filling
  }

  /** Has a waiter told how the last record ends; later, if none is on its way. */
  wait(waiter: Waiter): void {
    const last = this.#filling.length > 0 ? this.#filling : (this.#full.at(-1) ?? this.#inFlight)
    if (last !== undefined) last.wait(waiter)
    else setImmediate(waiter, null)
  }

  /** The batch to be written next, which is in flight from now on. */
  take(): Batch | undefined {
    if (this.#full.length === 0) this.#inFlight = this.#takeFilling()
    else {
      this.#inFlight = this.#full.shift() as Batch
      this.#fullBytes -= this.#inFlight.length
    }
    return this.#inFlight
  }

  /** The batch in flight is written, or was not for that reason: tells those who wait for it. */
  landed(batch: Batch, error: Error | null): void {
    this.#inFlight = undefined
    batch.end(error)
    batch.reset()
    this.#spare ??= batch
  }

  /** Drops all that waits, and tells why. */
  drop(error: Error): void {
    const lost = [...this.#full, this.#filling]
    this.#full = []
    this.#fullBytes = 0
    this.#filling = new Batch()
    for (const batch of lost) batch.end(error)
  }

  #takeFilling(): Batch | undefined {
    const filling = this.#filling
    if (filling.length === 0) return undefined
    this.#filling = this.#takeSpare()
    return filling
  }

  #takeSpare(): Batch {
    const spare = this.#spare ?? new Batch()
    this.#spare = undefined
    return spare
  }
}
