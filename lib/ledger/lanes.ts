/**
 * The lanes of a ledger in order of trust, and which entry gives way first. Strangers have no owner;
 * newcomers signed in a moment ago, or without a name; members were seen again later.
 *
 * Strangers give way before newcomers, newcomers before members, each beyond its share of the budget.
 * Whoever holds far more than the one who would have to go, goes first, unless more trusted: once it
 * holds too much, or those like it hold too much together. And whoever holds too much makes room for
 * more from its own. While there is room, none of this has an effect: one alone may use all of it.
 */

import { Entry, type Trust } from '../entry/entry'
import type { Owner } from '../settings/owner'
import { LOWER_SHARE, ORDERS, type Trusted, whoGivesWay, whoGivesWayInTrim } from './shares'

type Measure = 'bytes' | 'size'

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
/** Those who hold less than 1 KB share the first ring of a lane; above, each power of two has its own. */
const FIRST_POWER = 9
const MOST_POWER = 30

/** Entries in the order of their last use, and the sum of their bytes. */
class Ring implements Trust {
  readonly isOwned: boolean
  readonly isMembers: boolean
  /** It goes through the entries: `newer` of the head is the oldest, `older` the newest. */
  readonly head = new Entry('')
  size = 0
  bytes = 0

  constructor(
    readonly lane: Lane,
    /** The place in the row of rings. */
    readonly nth: number,
  ) {
    this.isOwned = lane.rank > 0
    this.isMembers = lane.rank === 2
  }

  get oldest(): Entry | undefined {
    const { newer } = this.head
    return newer === this.head ? undefined : newer
  }
}

/** The entries of one trust: a row of rings, by what the holder of an entry held when the entry was used last. */
class Lane {
  readonly rings: readonly Ring[]
  /** The ring of those who hold little, which has nearly all. */
  readonly first: Ring
  bytes = 0
  size = 0

  /** `isPlain`: in age order alone, whatever their holders hold. */
  constructor(
    readonly rank: Trusted,
    isPlain = false,
  ) {
    const length = isPlain ? 1 : MOST_POWER - FIRST_POWER + 1
    this.rings = Array.from({ length }, (_, nth) => new Ring(this, nth))
    this.first = this.rings[0] as Ring
  }

  /** The longest unused; of those unused since the same second, the one of the smallest holder. */
  get oldest(): Entry | undefined {
    let { oldest } = this.first
    if (this.first.size === this.size) return oldest
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
    const nth = Math.min(placeOf(heldBy(entry)), this.rings.length - 1)
    const ring = this.rings[nth] as Ring
    const { head } = ring
    entry.lane = ring
    entry.newer = head
    entry.older = head.older
    head.older.newer = entry
    head.older = entry
    ring.size++
    ring.bytes += bytes
    this.size++
    this.bytes += bytes
  }

  /** Takes an entry out. Its `bytes` must still be those it was added with. It keeps the `lane` as the one that it was in last. */
  remove(entry: Entry): void {
    const { holder, bytes } = entry
    if (typeof holder === 'object') holder.bytes -= bytes
    const ring = entry.lane as Ring
    entry.older.newer = entry.newer
    entry.newer.older = entry.older
    entry.older = entry
    entry.newer = entry
    ring.size--
    ring.bytes -= bytes
    this.size--
    this.bytes -= bytes
  }

  /** Bytes in the rings before that place. */
  bytesBelow(nth: number): number {
    return this.rings.slice(0, nth).reduce((sum, ring) => sum + ring.bytes, 0)
  }
}

/**
 * A walk through all entries, the least trusted first, and of each trust the oldest first. One that is
 * used again meanwhile moves to the newest end, so it may come twice, but one that stays in its lane is
 * never missed.
 */
export class LanesWalk {
  /** Where it is in each ring of each lane. */
  readonly #at: Entry[][]

  constructor(
    private readonly lanes: readonly Lane[],
    private readonly walks: Set<LanesWalk>,
  ) {
    this.#at = lanes.map(({ rings }) => rings.map(({ head }) => head))
    walks.add(this)
  }

  /** The next entry, or `undefined` when there is none for now. */
  next(): Entry | undefined {
    for (const [i, { rings }] of this.lanes.entries()) {
      const at = this.#at[i] as Entry[]
      let next: Entry | undefined
      for (const { head, nth } of rings) {
        const { newer } = at[nth] as Entry
        if (newer !== head && (next === undefined || newer.used < next.used)) next = newer
      }
      if (next === undefined) continue
      at[(next.lane as Ring).nth] = next
      return next
    }
    return undefined
  }

  /** Steps back from an entry that is about to leave. */
  leave(entry: Entry): void {
    const { lane, nth } = entry.lane as Ring
    const at = this.#at[this.lanes.indexOf(lane)] as Entry[]
    if (at[nth] === entry) at[nth] = entry.older
  }

  /** Ends the walk. Until then each removal from the ledger costs a little more. */
  end(): void {
    this.walks.delete(this)
  }
}

/** Who gives way. */
export interface Victim {
  readonly entry: Entry
  /** Whether that one holds too much, and does not go as the longest unused. */
  readonly isHeavy: boolean
}

export class Lanes {
  readonly #passing: Lane
  /** Strangers who came again stay longer than the others. */
  readonly #returned = new Lane(0)
  readonly newcomers = new Lane(1)
  readonly members = new Lane(2)
  /** The least trusted first. */
  readonly #all: readonly Lane[]
  readonly #walks = new Set<LanesWalk>()
  readonly #isPlain: boolean

  /** `isPlain`: there are no owners, and eviction is plain oldest first. */
  constructor(isPlain: boolean) {
    this.#isPlain = isPlain
    this.#passing = new Lane(0, isPlain)
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

  /** The lane for an entry whose holder is set: its first ring. */
  of(entry: Entry, isOwned: boolean): Trust {
    if (this.#isPlain) return this.#passing.first
    if (!isOwned) return (entry.age >= RETURNED_AGE ? this.#returned : this.#passing).first
    const isNamed = entry.holder !== undefined
    return (isNamed && entry.age >= KNOWN_AGE ? this.members : this.newcomers).first
  }

  /** Adds an entry as the newest of its `lane`. */
  add(entry: Entry): void {
    laneOf(entry).add(entry)
  }

  /** Takes an entry out of its `lane`. */
  remove(entry: Entry): void {
    if (this.#walks.size > 0) for (const walk of this.#walks) walk.leave(entry)
    laneOf(entry).remove(entry)
  }

  /** The entry that gives way so that all keep within `whole`, with `more` of `coming`, which is in no lane yet. */
  victim(measure: Measure, whole: number, coming?: Entry, more = 0): Victim | undefined {
    const lane = coming && laneOf(coming)
    const sum = (rank: Trusted) => this.#sum(rank, measure, lane, more)
    const turn = whoGivesWay(sum(0), sum(1), sum(2), whole)
    const rank = ORDERS[turn]?.find((each) => this.#sum(each, 'size') > 0)
    return rank === undefined ? undefined : this.#victimOf(rank, measure, whole, coming)
  }

  /** The entry that goes in an automatic trim of a ledger that may have so many bytes. */
  victimOfTrim(whole: number): Victim | undefined {
    const sum = (rank: Trusted) => this.#sum(rank, 'bytes')
    const rank = whoGivesWayInTrim(sum(0), sum(1), sum(2), whole)
    return rank === undefined ? undefined : this.#victimOf(rank, 'bytes', whole)
  }

  /**
   * Whether an entry, new or present, by which one holds too much of `whole` could only be kept by
   * evicting those it must not push out: those who hold far less; and with more than a fifth of
   * `whole`, all who are more trusted.
   */
  wouldPushOut(entry: Entry, bytes: number, owner: Owner | undefined, whole: number): boolean {
    if (bytes <= whole * ONE_SHARE) return false
    const share = whole * LOWER_SHARE
    const room = whole - bytes
    const lane = entry.inLane ? laneOf(entry) : undefined
    const sum = (rank: Trusted) => this.#sum(rank, 'bytes', lane, -entry.bytes)
    const isMember = owner !== undefined && entry.known && entry.isOwnedBy(owner)
    const moreTrusted = (owner === undefined ? sum(1) : 0) + (isMember ? 0 : sum(2))
    if (bytes > share && moreTrusted > room) return true
    const far = placeOf(bytes / 2 ** (FAR - 1))
    const isBelow = lane !== undefined && lane.rank > 0 && (entry.lane as Ring).nth < far
    const below = this.newcomers.bytesBelow(far) + this.members.bytesBelow(far)
    const others = below - (isBelow ? entry.bytes : 0)
    return others + (owner === undefined ? 0 : Math.min(sum(0), share)) > room
  }

  walk(): LanesWalk {
    return new LanesWalk(this.#all, this.#walks)
  }

  /** What those of one trust have, with `more` if `lane` is theirs. */
  #sum(rank: Trusted, measure: Measure, lane?: Lane, more = 0): number {
    const theirs = rank === 1 ? this.newcomers : rank === 2 ? this.members : this.#passing
    const sum = sumOf(theirs, measure) + (rank === 0 ? sumOf(this.#returned, measure) : 0)
    return lane?.rank === rank ? sum + more : sum
  }

  /** The longest unused of one trust. */
  #oldestOf(rank: Trusted, measure: Measure): Entry | undefined {
    if (rank > 0) return (rank === 1 ? this.newcomers : this.members).oldest
    // Those that returned have half of the room, or newer strangers would have none.
    const isTooMuch = sumOf(this.#returned, measure) > sumOf(this.#passing, measure)
    return (isTooMuch ? this.#returned : this.#passing).oldest
  }

  /** The longest unused of one trust; or that of the largest holder of it and those below, or of the one who comes, if that one must go first. */
  #victimOf(rank: Trusted, measure: Measure, whole: number, coming?: Entry): Victim | undefined {
    const oldest = this.#oldestOf(rank, measure)
    if (oldest === undefined) return undefined
    // What its ring says, if its holder holds more by now: who comes with many must not hide behind the first of them.
    const most = 2 ** (FIRST_POWER + (oldest.lane as Ring).nth + 1)
    const far = Math.max(1, placeOf(Math.min(heldBy(oldest), most) * 2 ** FAR))
    const own = coming === undefined ? undefined : heavyOwn(coming, oldest, far, measure, whole)
    if (own !== undefined) return { entry: own, isHeavy: true }
    let heaviest: Ring | undefined
    let together = 0
    for (const lane of this.#all.slice(0, rank + 2)) {
      if (lane.first.size === lane.size) continue
      for (const ring of lane.rings.slice(far)) {
        together += ring.bytes
        if (ring.size > 0 && (heaviest === undefined || ring.nth > heaviest.nth)) heaviest = ring
      }
    }
    const first = heaviest?.oldest
    const areTooMuch = together > this.#sum(rank, 'bytes') * HEAVY_SHARE
    const isHeavy = first !== undefined && (areTooMuch || heldBy(first) > whole * ONE_SHARE)
    return { entry: isHeavy ? first : oldest, isHeavy }
  }
}

/**
 * The oldest other entry of the holder of `coming`, which is in no lane yet, if that one must make room
 * from its own: it holds too much, and far more than the holder of `oldest`, whose ring `far` is counted from.
 */
function heavyOwn(
  coming: Entry,
  oldest: Entry,
  far: number,
  measure: Measure,
  whole: number,
): Entry | undefined {
  const { holder } = coming
  if (typeof holder !== 'object') return undefined
  const held = measure === 'size' ? holder.size : holder.bytes + coming.bytes
  const { holder: other } = oldest
  const others = typeof other === 'object' && other !== holder ? other.size : 1
  const isFarMore = measure === 'size' ? held >= others * 2 ** FAR : placeOf(held) >= far
  if (held <= whole * ONE_SHARE || !isFarMore) return undefined
  for (const own of holder) if (own !== coming) return own
  return undefined
}

/** Bytes that the holder of an entry holds; those of the entry, if that is all or nobody knows whose it is. */
function heldBy({ holder, bytes }: Entry): number {
  return typeof holder === 'object' ? holder.bytes : bytes
}

/** The place of the ring for one who holds so many bytes. */
function placeOf(bytes: number): number {
  const power = 31 - Math.clz32(Math.min(bytes, 2 ** 31 - 1))
  return Math.min(Math.max(power - FIRST_POWER, 0), MOST_POWER - FIRST_POWER)
}

function sumOf(lane: Lane, measure: Measure): number {
  return measure === 'size' ? lane.size : lane.bytes
}

function laneOf(entry: Entry): Lane {
  return (entry.lane as Ring).lane
}
