/**
 * The lanes of a ledger in order of trust, and which entry gives way first. Strangers have no owner;
 * newcomers signed in a moment ago, or without a name; members were seen again later.
 *
 * Shares are of the budget. Strangers and newcomers keep theirs against those above them, members
 * keep the rest. While there is room, shares have no effect: one kind alone may use all of it.
 */

import type { Entry } from '../entry/entry'
import type { Owner } from '../entry/holder'
import { FairLane } from './fair-lane'
import { isFarMore } from './holdings'
import type { LaneWalk } from './lane'

export type Measure = 'bytes' | 'size'

/** The share that strangers keep, and that newcomers keep. A stranger's or newcomer's entry beyond it pushes out nobody above. */
const LOWER_SHARE = 1 / 5
/** The share that an automatic trim leaves to strangers, and to newcomers, so that those who just came stay. */
const LEAST_SHARE = 1 / 10

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

  has(lane: FairLane): boolean {
    return lane === this.lane || lane === this.upper
  }

  victim(measure: Measure): Entry | undefined {
    const { lane, upper } = this
    // Those that returned have half of the room, or newer strangers would have none.
    return upper !== undefined && upper[measure] > lane[measure] ? upper.victim() : lane.victim()
  }
}

export class Lanes {
  readonly #passing = new FairLane()
  readonly #returned = new FairLane()
  readonly #newcomers = new FairLane()
  readonly #members = new FairLane()
  readonly #ranks = [
    new Rank(this.#passing, this.#returned),
    new Rank(this.#newcomers),
    new Rank(this.#members),
  ] as const
  readonly #all = [this.#passing, this.#returned, this.#newcomers, this.#members]
  readonly #isPlain: boolean

  /** `isPlain`: there are no owners, and all are in one lane. */
  constructor(isPlain: boolean) {
    this.#isPlain = isPlain
  }

  get strangers(): { readonly bytes: number; readonly size: number } {
    return this.#ranks[0]
  }

  get newcomers(): FairLane {
    return this.#newcomers
  }

  get members(): FairLane {
    return this.#members
  }

  get bytes(): number {
    return this.#passing.bytes + this.#returned.bytes + this.#newcomers.bytes + this.#members.bytes
  }

  get size(): number {
    return this.#passing.size + this.#returned.size + this.#newcomers.size + this.#members.size
  }

  /** The oldest of the least trusted that there are. */
  get oldest(): Entry | undefined {
    return this.#all.find(({ size }) => size > 0)?.oldest
  }

  /** The lane of an entry. */
  of(entry: Entry): FairLane {
    if (this.#isPlain) return this.#passing
    if (!entry.owned) return entry.returned ? this.#returned : this.#passing
    return entry.known ? this.#members : this.#newcomers
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
    const lane = entry.inLane ? this.of(entry) : undefined
    const [strangers, newcomers, members] = this.#ranks.map(
      (rank) => rank.bytes - (lane !== undefined && rank.has(lane) ? entry.bytes : 0),
    ) as [number, number, number]
    const room = whole - bytes
    if (owner === undefined) return newcomers + members > room
    const isMember = entry.known && entry.isOwnedBy(owner)
    if (!isMember && members > room) return true
    if (newcomers + members + Math.min(strangers, share) <= room) return false
    const from = this.#newcomers.victim(entry) === undefined ? this.#members : this.#newcomers
    const victim = from.victim(entry)
    return victim !== undefined && isFarMore(bytes, from.holderBytes(victim))
  }

  /** Walks through all, the least trusted first. */
  walks(): LaneWalk[] {
    return this.#all.map((lane) => lane.walk())
  }

  #rankToGiveWay(measure: Measure, whole: number, coming?: Entry, more = 0): 0 | 1 | 2 {
    const lane = coming === undefined ? undefined : this.of(coming)
    const newcomers = this.#newcomers[measure] + (lane === this.#newcomers ? more : 0)
    const members = this.#members[measure] + (lane === this.#members ? more : 0)
    const isOwned = lane === this.#newcomers || lane === this.#members
    const strangers = this.strangers[measure] + (isOwned ? 0 : more)
    const share = whole * LOWER_SHARE
    if (strangers > share || newcomers + members <= whole - share) return 0
    return newcomers > share || members <= whole - 2 * share ? 1 : 2
  }
}
