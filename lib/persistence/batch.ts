/** Records waiting to be written together, and who waits for them. */

import type { Sink } from './record-writer'

/** More than this is not written at once: a longer write holds up the event loop as it is prepared and acknowledged. */
export const MOST_BYTES = 1024 * 1024
const FIRST_BYTES = 64 * 1024

/** Hears that what it waited for is saved, or why it is not. */
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

  /** Empty again, to be used anew. A giant's room is given back. */
  reset(): void {
    this.length = 0
    this.waiters = []
    if (this.bytes.length > 2 * MOST_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** Tells all who wait. */
  end(error: Error | null): void {
    for (const waiter of this.waiters) waiter(error)
    this.waiters = []
  }

  #grow(): void {
    let size = this.bytes.length
    while (size < this.length) size *= 2
    const grown = Buffer.allocUnsafeSlow(size)
    this.bytes.copy(grown)
    this.bytes = grown
  }
}
