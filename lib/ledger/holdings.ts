/**
 * The holdings in one lane: what each holder who holds much has there, in buckets by the power of two
 * of its bytes, so that the heaviest is found at once. An ordinary holder has no holding.
 */

import type { Entry } from '../entry/entry'
import type { Holder } from '../entry/holder'
import { OrderedSet } from '../ordered-set'

/** With fewer entries than this, none of them large, a holder is ordinary. */
export const MANY_ENTRIES = 4
/** One entry as large as this is enough to make its holder one who holds much. */
export const LARGE_BYTES = 16 * 1024
/** Buckets between two holders of whom one holds far more: more than twice as much, and up to eight times. */
const FAR = 2
const BUCKETS = 32

/** What one holder has in one lane, the oldest first. */
class Holding {
  readonly entries = new OrderedSet<Entry>()
  bytes = 0
}

export class Holdings {
  readonly #holdings = new Map<Holder, Holding>()
  readonly #buckets = new Array<OrderedSet<Holding> | undefined>(BUCKETS)
  /** A bit for each bucket that is not empty. */
  #filled = 0

  /** Adds an entry as its holder's newest in this lane. */
  add(holder: Holder, entry: Entry): void {
    let holding = this.#holdings.get(holder)
    if (holding === undefined) {
      holding = new Holding()
      this.#holdings.set(holder, holding)
    }
    holding.entries.add(entry)
    this.#weigh(holding, entry.bytes)
  }

  /** Takes an entry out; its `bytes` must be those it was added with. */
  take(holder: Holder, entry: Entry): void {
    const holding = this.#holdings.get(holder)
    if (holding === undefined || !holding.entries.delete(entry)) return
    this.#weigh(holding, -entry.bytes)
    if (holding.entries.size === 0) this.#holdings.delete(holder)
  }

  /** What a holder has here, if it is one who holds much. */
  bytesOf(holder: Holder): number | undefined {
    return this.#holdings.get(holder)?.bytes
  }

  /** The oldest entry of the heaviest holder, if that holds far more than so many bytes. */
  oldestOfFarMore(bytes: number): Entry | undefined {
    if (this.#filled === 0) return undefined
    const heaviest = BUCKETS - 1 - Math.clz32(this.#filled)
    if (heaviest < bucketOf(bytes) + FAR) return undefined
    return this.#buckets[heaviest]?.oldest?.entries.oldest
  }

  #weigh(holding: Holding, more: number): void {
    const before = bucketOf(holding.bytes)
    const isNew = holding.bytes === 0
    holding.bytes += more
    const after = bucketOf(holding.bytes)
    if (before === after && !isNew && holding.bytes > 0) return
    const left = this.#buckets[before]
    left?.delete(holding)
    if (left === undefined || left.size === 0) this.#filled &= ~(1 << before)
    if (holding.bytes === 0) return
    const bucket = this.#buckets[after] ?? new OrderedSet<Holding>()
    bucket.add(holding)
    this.#buckets[after] = bucket
    this.#filled |= 1 << after
  }
}

/** Whether `bytes` are far more than the others, so that their holder gives way first. */
export function isFarMore(bytes: number, than: number): boolean {
  return bucketOf(bytes) >= bucketOf(than) + FAR
}

function bucketOf(bytes: number): number {
  return bytes < 1 ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log2(bytes)))
}
