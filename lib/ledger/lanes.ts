/**
 * The lanes of a ledger in order of trust, and which entry gives way first. Strangers have no owner;
 * newcomers signed in a moment ago, or without a name; members were seen again later.
 *
 * Shares are of the budget. Strangers and newcomers keep theirs against those above them, members
 * keep the rest. While there is room, shares have no effect: one kind alone may use all of it.
 */

import type { Entry } from '../entry/entry'
import type { Owner } from '../settings/owner'
import { isFarMore } from './holdings'
import { FairLane, type LaneWalk } from './lane'

export type Measure = 'bytes' | 'size'

/** The share that strangers keep, and that newcomers keep. A stranger's or newcomer's entry beyond it pushes out nobody above. */
const LOWER_SHARE = 1 / 5
/** The share that an automatic trim leaves to strangers, and to newcomers, so that those who just came stay. */
const LEAST_SHARE = 1 / 10
/**
 * Seconds from the sign-in to a later use after which a session is a known member's: longer than a
 * flood takes to pass through the room of the newcomers, shorter than most visits.
 */
const KNOWN_AGE = 60
/** Seconds from the first use to a later one after which a stranger has returned: a script that comes again at once has not. */
const RETURNED_AGE = 2

/** The entries of one trust, in one lane or in two: those in `upper` were used again, and stay longer. */
class Rank {
  constructor(
    readonly lane: FairLane,
    readonly upper?: FairLane,
  ) {}

  get bytes(): number {
    return this.lane.bytes + (this.upper?.bytes ?? 0)
  }

  get size(): number {
    return this.lane.size + (this.upper?.size ?? 0)
  }

  has(lane: unknown): boolean {
    return lane !== undefined && (lane === this.lane || lane === this.upper)
  }

  victim(measure: Measure): Entry | undefined {
    const { lane, upper } = this
    // Those that returned have half of the room, or newer strangers would have none.
    return upper !== undefined && upper[measure] > lane[measure] ? upper.victim() : lane.victim()
  }
}

export class Lanes {
  readonly #passing = new FairLane(false, false)
  readonly #returned = new FairLane(false, false)
  readonly newcomers = new FairLane(true, false)
  readonly members = new FairLane(true, true)
  readonly strangers = new Rank(this.#passing, this.#returned)
  readonly #ranks = [this.strangers, new Rank(this.newcomers), new Rank(this.members)] as const
  readonly #all = [this.#passing, this.#returned, this.newcomers, this.members]

  readonly #isPlain: boolean

  /** `isPlain`: there are no owners, and all are in one lane. */
  constructor(isPlain: boolean) {
    this.#isPlain = isPlain
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

  /** The lane of an entry whose holder is set. */
  of(entry: Entry, isOwned: boolean): FairLane {
    if (this.#isPlain) return this.#passing
    if (!isOwned) return entry.age >= RETURNED_AGE ? this.#returned : this.#passing
    const isNamed = entry.holder !== undefined
    return isNamed && entry.age >= KNOWN_AGE ? this.members : this.newcomers
  }

  /** Adds an entry as the newest of its `lane`. */
  add(entry: Entry): void {
    ;(entry.lane as FairLane).add(entry)
  }

  /** Takes an entry out. It keeps the `lane` as the one that it was in last. */
  remove(entry: Entry): void {
    ;(entry.lane as FairLane).remove(entry)
  }

  /** The entry that gives way so that all keep within `whole`, with `coming`, which is in no lane yet. */
  victim(measure: Measure, whole: number, coming?: Entry, more = 0): Entry | undefined {
    const rank = this.#rankToGiveWay(measure, whole, coming, more)
    const [strangers, newcomers, members] = this.#ranks
    // If the entry that comes is alone in its rank, those below it give way, or else those above it.
    const order = {
      0: [strangers, newcomers, members],
      1: [newcomers, strangers, members],
      2: [members, newcomers, strangers],
    }[rank]
    return order.find(({ size }) => size > 0)?.victim(measure)
  }

  /**
   * The entry that goes in an automatic trim of a ledger that may have so many bytes. Strangers,
   * then newcomers, go down to a tenth before a member goes; members keep four fifths.
   */
  victimOfTrim(whole: number): Entry | undefined {
    const least = whole * LEAST_SHARE
    const [strangers, newcomers, members] = this.#ranks
    const newcomersFirst = this.#rankToGiveWay('bytes', whole) === 1
    const lower = newcomersFirst ? [newcomers, strangers] : [strangers, newcomers]
    const rank = lower.find(({ bytes }) => bytes > least)
    if (rank !== undefined) return rank.victim('bytes')
    return members.bytes > whole * (1 - LOWER_SHARE) ? members.victim('bytes') : undefined
  }

  /**
   * Whether an entry, new or present, of more than a fifth of `whole` could only be kept by evicting
   * those it must not push out: those above it, and those who hold far less.
   */
  wouldPushOut(entry: Entry, bytes: number, owner: Owner | undefined, whole: number): boolean {
    const share = whole * LOWER_SHARE
    if (bytes <= share) return false
    const here = entry.inLane ? entry.lane : undefined
    const [strangers, newcomers, members] = this.#ranks.map(
      (rank) => rank.bytes - (rank.has(here) ? entry.bytes : 0),
    ) as [number, number, number]
    const room = whole - bytes
    if (owner === undefined) return newcomers + members > room
    const isMember = entry.known && entry.isOwnedBy(owner)
    if (!isMember && members > room) return true
    if (newcomers + members + Math.min(strangers, share) <= room) return false
    const from = this.newcomers.victim(entry) === undefined ? this.members : this.newcomers
    const victim = from.victim(entry)
    return victim !== undefined && isFarMore(bytes, from.holderBytes(victim))
  }

  /** A walk through all, the least trusted first, and of each trust the oldest first. It survives changes as {@link LaneWalk} does. */
  walk(): LanesWalk {
    return new LanesWalk(this.#all.map((lane) => lane.walk()))
  }

  #rankToGiveWay(measure: Measure, whole: number, coming?: Entry, more = 0): 0 | 1 | 2 {
    const { lane } = coming ?? {}
    const newcomers = this.newcomers[measure] + (lane === this.newcomers ? more : 0)
    const members = this.members[measure] + (lane === this.members ? more : 0)
    const isOwned = lane?.isOwned === true
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
