/** Owns records that wait to be written together, and who waits for them. */

import type { Sink } from '../format/record-writer'

/** A longer write would hold up the event loop while it is prepared and acknowledged. */
export const MOST_BYTES = 1024 * 1024
const FIRST_BYTES = 64 * 1024

/** Is called once what it waits for is committed, or with the reason why it is not. */
export type Waiter = (error: Error | null) => void

export class Batch implements Sink {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  length = 0
  waiters: Waiter[] = []

  /** Whether a record of that length should rather go into the next batch. */
  isFullFor(length: number): boolean {
    return this.length > 0 && this.length + length > MOST_BYTES
  }

  reserve(length: number): number {
    const at = this.length
    this.length += length
    if (this.length > this.bytes.length) this.#grow()
    return at
  }

  /** Empties it for its next use. The room that an oversized record took is given back. */
  reset(): void {
    this.length = 0
    this.waiters = []
    if (this.bytes.length > 2 * MOST_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** Tells all who wait. */
  end(error: Error | null): void {
    const { waiters } = this
    this.waiters = []
    for (const waiter of waiters) waiter(error)
  }

  #grow(): void {
    let size = this.bytes.length
    while (size < this.length) size *= 2
    const grown = Buffer.allocUnsafeSlow(size)
    this.bytes.copy(grown)
    this.bytes = grown
  }
}
