/** A lane: the entries of one trust in age order, the longest unused first, in rings by how much their holders hold. The sums of their bytes are kept here and nowhere else. */

import { Entry, type Trust } from '../entry/entry'

/** Those who hold less than 2 KB share the first ring of a lane; above, each power of two has its own. */
const FIRST_POWER = 10
const MOST_POWER = 30

/** Entries in age order, the longest unused first, and the sum of their bytes. */
export class Ring implements Trust {
  readonly lane: Lane
  readonly isOwned: boolean
  readonly isMembers: boolean
  // It goes through the entries: `newer` of its head is the oldest, `older` the newest.
  readonly #head = new Entry('')
  readonly #walks = new Set<RingWalk>()
  #size = 0
  #bytes = 0

  constructor(lane: Lane) {
    this.lane = lane
    this.isOwned = lane.isOwned
    this.isMembers = lane.isMembers
  }

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
  walk(): RingWalk {
    const walk = new RingWalk(this.#head, () => this.#walks.delete(walk))
    this.#walks.add(walk)
    return walk
  }
}

/** A position in a ring. */
export class RingWalk {
  readonly #head: Entry
  readonly #end: () => void
  #at: Entry

  constructor(head: Entry, end: () => void) {
    this.#head = head
    this.#at = head
    this.#end = end
  }

  /** The next entry, or `undefined` when there is none for now. */
  get next(): Entry | undefined {
    const { newer } = this.#at
    return newer === this.#head ? undefined : newer
  }

  /** Goes on to the next entry, and gives it. */
  go(): Entry | undefined {
    const { next } = this
    this.#at = next ?? this.#at
    return next
  }

  /** Steps back from an entry that is about to leave. */
  leave(entry: Entry): void {
    if (this.#at === entry) this.#at = entry.older
  }

  end(): void {
    this.#end()
  }
}

/** The entries of one trust: a row of rings, by what the holder of an entry held when the entry was used last. */
export class Lane implements Trust {
  readonly rings: readonly Ring[]
  /** The first ring, which has nearly all. */
  readonly first: Ring
  #bytes = 0
  #size = 0

  /** `isPlain`: in age order alone, whatever their holders hold. */
  constructor(
    readonly isOwned: boolean,
    readonly isMembers: boolean,
    readonly isPlain = false,
  ) {
    const count = isPlain ? 1 : MOST_POWER - FIRST_POWER + 1
    this.rings = Array.from({ length: count }, () => new Ring(this))
    this.first = this.rings[0] as Ring
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#size
  }

  /** The longest unused; of those unused since the same second, the one of the smallest holder. */
  get oldest(): Entry | undefined {
    let { oldest } = this.first
    if (this.first.size === this.#size) return oldest
    for (const ring of this.rings) {
      const other = ring.oldest
      if (other !== undefined && (oldest === undefined || other.used < oldest.used)) oldest = other
    }
    return oldest
  }

  /** Adds an entry as the newest. Its holder then holds it too. */
  add(entry: Entry): void {
    const { holder, bytes } = entry
    if (typeof holder === 'object') holder.bytes += bytes
    const ring = this.isPlain ? this.first : this.rings[indexOf(powerOf(heldBy(entry)))]
    ;(ring as Ring).add(entry)
    this.#bytes += bytes
    this.#size++
  }

  /** Takes an entry out. Its `bytes` must still be those it was added with. */
  remove(entry: Entry): void {
    const { holder, bytes } = entry
    if (typeof holder === 'object') holder.bytes -= bytes
    ;(entry.lane as Ring).remove(entry)
    this.#bytes -= bytes
    this.#size--
  }

  /** Bytes in the rings below that of a power. */
  bytesBelow(power: number): number {
    return this.rings.slice(0, indexOf(power)).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** A walk from the oldest to the newest that survives every change made meanwhile. */
  walk(): LaneWalk {
    return new LaneWalk(this.rings.map((ring) => ring.walk()))
  }
}

/**
 * A position in a lane. An entry that is used again moves to the newest end, so it may come twice,
 * but one that stays in the lane is never missed.
 */
export class LaneWalk {
  readonly #walks: readonly RingWalk[]

  constructor(walks: readonly RingWalk[]) {
    this.#walks = walks
  }

  /** The next entry, or `undefined` when there is none for now. */
  next(): Entry | undefined {
    let first: RingWalk | undefined
    for (const walk of this.#walks) {
      const { next } = walk
      if (next === undefined) continue
      if (first?.next === undefined || next.used < first.next.used) first = walk
    }
    return first?.go()
  }

  end(): void {
    for (const walk of this.#walks) walk.end()
  }
}

/** Bytes that the holder of an entry holds; those of the entry, if that is all or nobody knows whose it is. */
export function heldBy({ holder, bytes }: Entry): number {
  return typeof holder === 'object' ? holder.bytes : bytes
}

export function powerOf(bytes: number): number {
  return 31 - Math.clz32(Math.min(bytes, 2 ** 31 - 1))
}

/** The place of the ring of a power of two. */
export function indexOf(power: number): number {
  return Math.min(Math.max(power - FIRST_POWER, 0), MOST_POWER - FIRST_POWER)
}
