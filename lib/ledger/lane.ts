/** A lane: entries in age order, the longest unused first, and the sum of their bytes, which is kept here and nowhere else. */

import { Entry, type Trust } from '../entry/entry'
import type { Holder } from '../entry/holder'
import { Holdings } from './holdings'

export class Lane implements Trust {
  // A ring through the entries: `newer` of its head is the oldest, `older` the newest.
  readonly #head = new Entry('')
  readonly #walks = new Set<LaneWalk>()
  #size = 0
  #bytes = 0

  constructor(
    readonly isOwned: boolean,
    readonly isMembers: boolean,
  ) {}

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  get oldest(): Entry | undefined {
    const { newer } = this.#head
    return newer === this.#head ? undefined : newer
  }

  /** The entry that is the next newer one, if there is one. */
  after(entry: Entry): Entry | undefined {
    return entry.newer === this.#head ? undefined : entry.newer
  }

  /** Adds an entry as the newest. */
  add(entry: Entry): void {
    const head = this.#head
    const newest = head.older
    entry.lane = this
    entry.older = newest
    entry.newer = head
    newest.newer = entry
    head.older = entry
    this.#size++
    this.#bytes += entry.bytes
  }

  /** Takes an entry out. Its `bytes` must still be those it was added with. */
  remove(entry: Entry): void {
    if (this.#walks.size > 0) for (const walk of this.#walks) walk.leave(entry)
    entry.older.newer = entry.newer
    entry.newer.older = entry.older
    entry.older = entry
    entry.newer = entry
    this.#size--
    this.#bytes -= entry.bytes
  }

  /** A walk from the oldest to the newest that survives every change made meanwhile. */
  walk(): LaneWalk {
    const walk = new LaneWalk(this.#head, () => this.#walks.delete(walk))
    this.#walks.add(walk)
    return walk
  }
}

/**
 * A position in a lane. An entry that is used again moves to the newest end, so it may come twice,
 * but one that stays in the lane is never missed.
 */
export class LaneWalk {
  readonly #head: Entry
  readonly #end: () => void
  #at: Entry

  constructor(head: Entry, end: () => void) {
    this.#head = head
    this.#at = head
    this.#end = end
  }

  /** The next entry, or `undefined` when there is none for now. */
  next(): Entry | undefined {
    const { newer } = this.#at
    if (newer === this.#head) return undefined
    this.#at = newer
    return newer
  }

  /** Steps back from an entry that is about to leave. */
  leave(entry: Entry): void {
    if (this.#at === entry) this.#at = entry.older
  }

  end(): void {
    this.#end()
  }
}

/** A lane that its holders share fairly: an entry of a holder who has far more gives way before the oldest entry. */
export class FairLane extends Lane {
  readonly #holdings = new Holdings()

  override add(entry: Entry): void {
    super.add(entry)
    const { holder } = entry
    if (typeof holder === 'object' && holder.counted) this.count(entry, holder)
  }

  override remove(entry: Entry): void {
    super.remove(entry)
    const { holder } = entry
    if (typeof holder === 'object' && holder.counted) this.uncount(entry, holder)
  }

  /** Adds an entry of the lane to what its holder has here. */
  count(entry: Entry, holder: Holder): void {
    this.#holdings.add(holder, entry)
  }

  /** Takes an entry from what its holder has here. */
  uncount(entry: Entry, holder: Holder): void {
    this.#holdings.take(holder, entry)
  }

  /** The entry that gives way first, other than the one that comes. */
  victim(coming?: Entry): Entry | undefined {
    let { oldest } = this
    if (oldest === coming && oldest !== undefined) oldest = this.after(oldest)
    if (oldest === undefined) return undefined
    const heavy = this.#holdings.oldestOfFarMore(this.holderBytes(oldest))
    return heavy === undefined || heavy === coming ? oldest : heavy
  }

  /** Bytes that the holder of an entry has here; the bytes of the entry if its holder is ordinary, or has no name. */
  holderBytes(entry: Entry): number {
    const { holder } = entry
    const bytes = typeof holder === 'object' ? this.#holdings.bytesOf(holder) : undefined
    return bytes ?? entry.bytes
  }
}
