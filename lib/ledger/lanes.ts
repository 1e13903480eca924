/**
 * The lanes of a ledger in order of trust, and which entry gives way first. Strangers have no owner;
 * newcomers signed in a moment ago, or without a name; members were seen again later.
 *
 * Strangers give way before newcomers, newcomers before members, each beyond its share of the budget.
 * Whoever holds far more than the one who would have to go, goes first, unless more trusted: once it
 * holds too much, or those like it hold too much together. While there is room, none of this has an
 * effect: one alone may use all of it.
 */

import type { Entry } from '../entry/entry'
import type { Owner } from '../settings/owner'
import { heldBy, indexOf, Lane, type LaneWalk, powerOf, type Ring } from './lane'

export type Measure = 'bytes' | 'size'

/** The share of the budget that strangers keep, and that newcomers keep. Beyond it an entry pushes out nobody more trusted. */
export const LOWER_SHARE = 1 / 5
/** The share that an automatic trim leaves to strangers, and to newcomers, so that those who just came stay. */
export const LEAST_SHARE = 1 / 10
/** The share of the budget beyond which one holder holds too much: 32 KB of 4 MB, twice the largest session of claims. */
const ONE_SHARE = 1 / 128
/** The share of their rank's bytes beyond which those who hold far more hold too much together. */
const HEAVY_SHARE = 1 / 5
/**
 * Seconds from the sign-in to a later use after which a session is a known member's: longer than a
 * flood takes to pass through the room of the newcomers, shorter than most visits.
 */
export const KNOWN_AGE = 60
/** Seconds from the first use to a later one after which a stranger has returned: a script that comes again at once has not. */
const RETURNED_AGE = 2

/** Far more is at least twice as much, and at most eight times: two powers of two apart. */
const FAR = 2

/** The entries of one trust, in one lane or in two: those in `upper` were used again, and stay longer. */
class Rank {
  constructor(
    readonly lane: Lane,
    readonly upper?: Lane,
  ) {}

  get bytes(): number {
    return this.lane.bytes + (this.upper?.bytes ?? 0)
  }

  get size(): number {
    return this.lane.size + (this.upper?.size ?? 0)
  }

  has(lane: Lane | undefined): boolean {
    return lane !== undefined && (lane === this.lane || lane === this.upper)
  }

  oldest(measure: Measure): Entry | undefined {
    const { lane, upper } = this
    // Those that returned have half of the room, or newer strangers would have none.
    return upper !== undefined && upper[measure] > lane[measure] ? upper.oldest : lane.oldest
  }
}

export class Lanes {
  readonly #passing: Lane
  readonly #returned = new Lane(false, false)
  readonly newcomers = new Lane(true, false)
  readonly members = new Lane(true, true)
  readonly strangers: Rank
  readonly #ranks: readonly [Rank, Rank, Rank]
  readonly #all: readonly Lane[]
  readonly #isPlain: boolean
  /** Whether the last victim went because its holder holds too much, not as the longest unused. */
  wasTooMuch = false

  /** `isPlain`: there are no owners, and eviction is plain oldest first. */
  constructor(isPlain: boolean) {
    this.#isPlain = isPlain
    this.#passing = new Lane(false, false, isPlain)
    this.strangers = new Rank(this.#passing, this.#returned)
    this.#ranks = [this.strangers, new Rank(this.newcomers), new Rank(this.members)]
    this.#all = [this.#passing, this.#returned, this.newcomers, this.members]
  }

  get bytes(): number {
    return this.#passing.bytes + this.#returned.bytes + this.newcomers.bytes + this.members.bytes
  }

  get size(): number {
    return this.#passing.size + this.#returned.size + this.newcomers.size + this.members.size
  }

  /** The oldest of the least trusted that there are. */
  get oldest(): Entry | undefined {
    return this.#all.find(({ size }) => size > 0)?.oldest
  }

  /** The first ring of the lane of an entry whose holder is set. */
  of(entry: Entry, isOwned: boolean): Ring {
    if (this.#isPlain) return this.#passing.first
    if (!isOwned) return (entry.age >= RETURNED_AGE ? this.#returned : this.#passing).first
    const isNamed = entry.holder !== undefined
    return (isNamed && entry.age >= KNOWN_AGE ? this.members : this.newcomers).first
  }

  /** Adds an entry as the newest of its `lane`. */
  add(entry: Entry): void {
    laneOf(entry)?.add(entry)
  }

  /** Takes an entry out. It keeps the `lane` as the one that it was in last. */
  remove(entry: Entry): void {
    laneOf(entry)?.remove(entry)
  }

  /** The entry that gives way so that all keep within `whole`, with `coming`, which is in no lane yet. */
  victim(measure: Measure, whole: number, coming?: Entry, more = 0): Entry | undefined {
    const rank = this.#rankToGiveWay(measure, whole, coming, more)
    // If the entry that comes is alone in its rank, those below it give way, or else those above it.
    const order = (
      [
        [0, 1, 2],
        [1, 0, 2],
        [2, 1, 0],
      ] as const
    )[rank]
    const from = order.find((each) => this.#ranks[each].size > 0)
    return from === undefined ? undefined : this.#victimOf(from, measure, whole)
  }

  /**
   * The entry that goes in an automatic trim of a ledger that may have so many bytes. Strangers go
   * down to a tenth. Users go while they hold more than four fifths: first newcomers, down to a
   * tenth; then members.
   */
  victimOfTrim(whole: number): Entry | undefined {
    const [least, most] = [whole * LEAST_SHARE, whole * (1 - LOWER_SHARE)]
    const [strangers, newcomers, members] = this.#ranks
    const areUsersBeyond = newcomers.bytes + members.bytes > most
    if (areUsersBeyond && newcomers.bytes > whole * LOWER_SHARE) {
      return this.#victimOf(1, 'bytes', whole)
    }
    if (strangers.bytes > least) return this.#victimOf(0, 'bytes', whole)
    if (!areUsersBeyond) return undefined
    if (newcomers.bytes > least) return this.#victimOf(1, 'bytes', whole)
    return members.bytes > most ? this.#victimOf(2, 'bytes', whole) : undefined
  }

  /**
   * Whether an entry, new or present, by which one holds too much of `whole` could only be kept by
   * evicting those it must not push out: those who hold far less; and with more than a fifth of
   * `whole`, all who are more trusted.
   */
  wouldPushOut(entry: Entry, bytes: number, owner: Owner | undefined, whole: number): boolean {
    if (bytes <= whole * ONE_SHARE) return false
    const share = whole * LOWER_SHARE
    const lane = entry.inLane ? laneOf(entry) : undefined
    const [strangers, newcomers, members] = this.#ranks.map(
      (rank) => rank.bytes - (rank.has(lane) ? entry.bytes : 0),
    ) as [number, number, number]
    const room = whole - bytes
    const isMember = owner !== undefined && entry.known && entry.isOwnedBy(owner)
    if (bytes > share && owner === undefined && newcomers + members > room) return true
    if (bytes > share && !isMember && members > room) return true
    const power = powerOf(bytes) - FAR + 1
    const isBelow = lane?.isOwned && lane.rings.indexOf(entry.lane as Ring) < indexOf(power)
    const own = isBelow ? entry.bytes : 0
    const far = this.newcomers.bytesBelow(power) + this.members.bytesBelow(power) - own
    return far + (owner === undefined ? 0 : Math.min(strangers, share)) > room
  }

  /** A walk through all, the least trusted first, and of each trust the oldest first. It survives changes as {@link LaneWalk} does. */
  walk(): LanesWalk {
    return new LanesWalk(this.#all.map((lane) => lane.walk()))
  }

  /** The longest unused of a rank; or that of the largest holder of the rank and those below, if that one must go first. */
  #victimOf(rank: 0 | 1 | 2, measure: Measure, whole: number): Entry | undefined {
    this.wasTooMuch = false
    const oldest = this.#ranks[rank].oldest(measure)
    if (oldest === undefined) return undefined
    const far = indexOf(powerOf(heldBy(oldest)) + FAR)
    let heaviest: Ring | undefined
    let [most, together] = [0, 0]
    for (const lane of this.#all.slice(0, rank + 2)) {
      if (lane.first.size === lane.size) continue
      for (let i = Math.max(far, 1); i < lane.rings.length; i++) {
        const ring = lane.rings[i] as Ring
        together += ring.bytes
        if (ring.size === 0 || i <= most) continue
        most = i
        heaviest = ring
      }
    }
    const first = heaviest?.oldest
    if (first === undefined) return oldest
    const areTooMuch = together > this.#ranks[rank].bytes * HEAVY_SHARE
    this.wasTooMuch = areTooMuch || heldBy(first) > whole * ONE_SHARE
    return this.wasTooMuch ? first : oldest
  }

  #rankToGiveWay(measure: Measure, whole: number, coming?: Entry, more = 0): 0 | 1 | 2 {
    const lane = coming && laneOf(coming)
    const newcomers = this.newcomers[measure] + (lane === this.newcomers ? more : 0)
    const members = this.members[measure] + (lane === this.members ? more : 0)
    const isOwned = coming?.owned === true
    const strangers = this.strangers[measure] + (isOwned ? 0 : more)
    const share = whole * LOWER_SHARE
    if (strangers > share || newcomers + members <= whole - share) return 0
    return newcomers > share || members <= whole - 2 * share ? 1 : 2
  }
}

export class LanesWalk {
  readonly #walks: readonly LaneWalk[]

  constructor(walks: readonly LaneWalk[]) {
    this.#walks = walks
  }

  /** The next entry; `undefined` when every lane is at its end, for those that change lanes too. */
  next(): Entry | undefined {
    for (const walk of this.#walks) {
      const entry = walk.next()
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** Ends the walk. Until then each removal from the ledger costs a little more. */
  end(): void {
    for (const walk of this.#walks) walk.end()
  }
}

function laneOf(entry: Entry): Lane | undefined {
  return (entry.lane as Ring | undefined)?.lane
}
