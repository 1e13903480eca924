/** Owns records that wait to be written together, and who waits for them. */

import type { Sink } from '../format/record-writer'

/** A longer write would hold up the event loop while it is prepared and acknowledged. */
export const MOST_BYTES = 1024 * 1024
const FIRST_BYTES = 64 * 1024

/** Is called once what it waits for is committed, or with the reason why it is not. */
export type Waiter = (error: Error | null) => void

export class Batch implements Sink {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  view = viewOf(this.bytes)
  length = 0
  #waiters: Waiter[] = []

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
    if (this.bytes.length > 2 * MOST_BYTES) this.#use(Buffer.allocUnsafeSlow(FIRST_BYTES))
  }

  /** Has the waiter told how it ends. */
  wait(waiter: Waiter): void {
    this.#waiters.push(waiter)
  }

  /** Tells all who wait, each once and later. */
  end(error: Error | null): void {
    const waiters = this.#waiters
    if (waiters.length === 0) return
    this.#waiters = []
    // Later, since what a callback of the application throws must reject no promise of the journal.
    setImmediate(tell, waiters, 0, error)
  }

  #grow(): void {
    let size = this.bytes.length
    while (size < this.length) size *= 2
    const grown = Buffer.allocUnsafeSlow(size)
    this.bytes.copy(grown)
    this.#use(grown)
  }

  #use(bytes: Buffer): void {
    this.bytes = bytes
    this.view = viewOf(bytes)
  }
}

/** Tells waiters from the `first` on. All are told, even if some throw and the process survives that. */
function tell(waiters: readonly Waiter[], first: number, error: Error | null): void {
  let next = first
  try {
    while (next < waiters.length) (waiters[next++] as Waiter)(error)
  } finally {
    if (next < waiters.length) setImmediate(tell, waiters, next, error)
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
