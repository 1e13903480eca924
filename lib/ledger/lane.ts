/** A lane: entries in age order, the longest unused first, and the sum of their bytes, which is kept here and nowhere else. */

import { Entry, type Trust } from '../entry/entry'

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
