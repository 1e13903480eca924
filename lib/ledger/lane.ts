/** A lane: the entries of one trust in age order, the longest unused first, in rings by how much their holders hold. The sums of their bytes are kept here and nowhere else. */

import { Entry, type Trust } from '../entry/entry'

/** Those who hold less than 2 KB share the first ring of a lane; above, each power of two has its own. */
const FIRST_POWER = 10
const MOST_POWER = 30

/** Entries in age order, the longest unused first, and the sum of their bytes. */
export class Ring implements Trust {
  // It goes through the entries: `newer` of its head is the oldest, `older` the newest.
  readonly #head = new Entry('')
  readonly #walks = new Set<RingWalk>()
  #size = 0
  #bytes = 0

  constructor(
    readonly lane: Lane,
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

/**
 * A position in a ring. An entry that is used again moves to the newest end, so it may come twice,
 * but one that stays in the ring is never missed.
 */
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

  /** Goes on to the next entry. */
  go(): void {
    this.#at = this.next ?? this.#at
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
export class Lane {
  readonly rings: readonly Ring[]
  bytes = 0
  size = 0

  constructor(isOwned: boolean, isMembers: boolean) {
    const count = MOST_POWER - FIRST_POWER + 1
    this.rings = Array.from({ length: count }, () => new Ring(this, isOwned, isMembers))
  }

  /** The first ring, which has nearly all. */
  get first(): Ring {
    return this.rings[0] as Ring
  }

  /** The longest unused. Of those unused since the same second, the one of the largest holder. */
  get oldest(): Entry | undefined {
    let oldest = this.first.oldest
    if (this.first.size === this.size) return oldest
    for (const ring of this.rings) {
      const other = ring.oldest
      if (other !== undefined && (oldest === undefined || other.used <= oldest.used)) oldest = other
    }
    return oldest
  }

  /** Bytes in the rings below that of a power. */
  bytesBelow(power: number): number {
    let bytes = 0
    for (const ring of this.rings.slice(0, indexOf(power))) bytes += ring.bytes
    return bytes
  }

  walk(): RingWalk[] {
    return this.rings.map((ring) => ring.walk())
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
