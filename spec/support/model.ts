/** A naive store: what lembro does, written as plainly as can be, to compare it with. */

import { ENTRY_BYTES, HOLDER_BYTES, SHARED_BYTES, textBytes } from '../../lib/entry/weigh'
import { NOON } from './time'

export interface Limits {
  readonly maxBytes: number
  readonly max: number
}

/** One life of a session id, from its first set to its destruction. */
export interface Life {
  destroyed: boolean
}

export interface Kept {
  readonly sid: string
  readonly data: object
  readonly owner: string | undefined
  readonly expiry: number
  readonly bytes: number
  readonly life: Life
  /** The instants of the first and the last use by this owner, or as a stranger's. */
  readonly since: number
  readonly used: number
  /** By what its owner held when it was used last. */
  readonly ring?: number
}

/** The lanes, the least trusted first. */
const LANES = ['passing', 'returned', 'newcomers', 'members'] as const
type LaneName = (typeof LANES)[number]

/** Live entries, oldest first. Whatever has expired is simply not there. */
export class Model {
  kept: Kept[] = []
  readonly #limits: Limits
  /** Lives of those that left while they had an owner, by id. */
  readonly #departed = new Map<string, Set<Life>>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get bytes(): number {
    return bytesOf(this.kept)
  }

  find(sid: string): Kept | undefined {
    return this.kept.find((kept) => kept.sid === sid)
  }

  expire(now: number): void {
    for (const kept of this.kept) if (kept.expiry <= now) this.#drop(kept)
  }

  /** Gives the life of what was stored; nothing for what is refused. */
  set(
    sid: string,
    data: { userId?: string },
    expiry: number,
    now: number,
    life?: Life,
  ): Life | undefined {
    const stored = this.find(sid)
    const owner = data.userId
    const others = this.kept.filter((kept) => kept.owner === owner && kept.sid !== sid).length
    const kept = {
      sid,
      data,
      owner,
      expiry,
      bytes: weight(sid, data, others),
      life: stored?.life ?? life ?? { destroyed: false },
      since: stored !== undefined && stored.owner === owner ? stored.since : now,
      used: now,
    }
    if (this.#isTooLarge(kept, stored)) return undefined
    this.#put(kept, now)
    return kept.life
  }

  touch(sid: string, expiry: number, now: number): void {
    const stored = this.find(sid)
    if (stored !== undefined) this.#put({ ...stored, expiry, used: now }, now)
  }

  /** Ends all lives of an id: of those that were evicted or have expired with an owner too. */
  destroy(sid: string): void {
    for (const life of this.#departed.get(sid) ?? []) life.destroyed = true
    const stored = this.find(sid)
    if (stored === undefined) return
    stored.life.destroyed = true
    this.#drop(stored)
  }

  reduce(goal: number): void {
    while (this.kept.length > 1 && this.bytes > goal) {
      this.#drop(this.#victim(this.#rank(bytesOf, goal), bytesOf, goal)[0])
    }
  }

  #trim(): void {
    const { maxBytes } = this.#limits
    while (this.kept.length > 1 && this.bytes > maxBytes * 0.75) {
      const [strangers, newcomers, members] = this.#sizes(bytesOf)
      const least = maxBytes / 10
      const areBeyond = newcomers + members > maxBytes * 0.8
      let from: number | undefined
      if (areBeyond) {
        if (members > maxBytes * 0.8) from = 2
        if (newcomers > least) from = 1
      }
      if (strangers > least && !(areBeyond && newcomers > maxBytes / 5)) from = 0
      if (from === undefined) return
      this.#drop(this.#victim(from, bytesOf, maxBytes)[0])
    }
  }

  #put(kept: Kept, now: number): void {
    const stored = this.find(kept.sid)
    if (kept.expiry <= now) {
      if (stored !== undefined) this.#drop(stored)
      return
    }
    if (stored !== undefined) this.kept = this.kept.filter((other) => other !== stored)
    const { maxBytes, max } = this.#limits
    const coming = [kept]
    while (this.kept.length + 1 > max) {
      this.#drop(this.#victim(this.#rank(count, max, coming), count, max, kept)[0])
    }
    let crowded = false
    while (this.bytes + kept.bytes > maxBytes) {
      const [victim, holdsTooMuch] = this.#victim(
        this.#rank(bytesOf, maxBytes, coming),
        bytesOf,
        maxBytes,
        kept,
      )
      this.#drop(victim)
      if (!holdsTooMuch) crowded = true
    }
    const others = kept.owner === undefined ? 0 : this.#heldBy(kept)
    this.kept.push({ ...kept, ring: ringOf(others + kept.bytes) })
    if (crowded) this.#trim()
  }

  #isTooLarge(kept: Kept, stored: Kept | undefined): boolean {
    const { maxBytes } = this.#limits
    if (kept.bytes <= maxBytes / 128) return false
    const others = this.kept.filter((other) => other !== stored)
    const [strangers, newcomers, members] = this.#sizes(bytesOf, [], others)
    const room = maxBytes - kept.bytes
    const isMember =
      stored !== undefined && stored.owner === kept.owner && laneOf(stored) === 'members'
    if (kept.bytes > maxBytes / 5) {
      if (kept.owner === undefined && newcomers + members > room) return true
      if (!isMember && members > room) return true
    }
    const users = others.filter(({ owner }) => owner !== undefined)
    const far = users.filter(({ ring = 0 }) => ring < ringOf(kept.bytes / 2))
    return bytesOf(far) + (kept.owner === undefined ? 0 : Math.min(strangers, maxBytes / 5)) > room
  }

  #rank(measure: Measure, whole: number, coming: readonly Kept[] = []): number {
    const [strangers, newcomers, members] = this.#sizes(measure, coming)
    if (strangers > whole / 5 || newcomers + members <= whole - whole / 5) return 0
    return newcomers > whole / 5 || members <= whole - (2 * whole) / 5 ? 1 : 2
  }

  /** Who gives way, and whether for holding too much. */
  #victim(rank: number, measure: Measure, whole: number, coming?: Kept): [Kept, boolean] {
    const inTurn = [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
    ][rank] as number[]
    const from = inTurn.find((each) => (this.#sizes(count)[each] as number) > 0) as number
    const returned = measure(this.#in('returned')) > measure(this.#in('passing'))
    const lane = from > 0 ? LANES[from + 1] : returned ? 'returned' : 'passing'
    const oldest = this.#in(lane as LaneName).sort(byAge)[0] as Kept
    const most = 2 ** (FIRST_POWER + 1 + (oldest.ring ?? 0))
    const far = Math.max(1, ringOf(Math.min(this.#heldBy(oldest), most) * 4))
    const own = coming && this.#heavyOwn(coming, oldest, far, measure, whole)
    if (own !== undefined) return [own, true]
    const lanes = LANES.slice(0, from + 2).flatMap((each) => this.#in(each))
    const heavy = lanes.filter(({ ring = 0 }) => ring >= far)
    const heaviest = Math.max(...heavy.map(({ ring = 0 }) => ring))
    const first = heavy.find(({ ring }) => ring === heaviest)
    if (first === undefined) return [oldest, false]
    const areTooMuch = bytesOf(heavy) > (this.#sizes(bytesOf)[from] as number) / 5
    return areTooMuch || this.#heldBy(first) > whole / 128 ? [first, true] : [oldest, false]
  }

  /** The oldest of those that the one who comes has, if that one must make room from its own. */
  #heavyOwn(
    coming: Kept,
    oldest: Kept,
    far: number,
    measure: Measure,
    whole: number,
  ): Kept | undefined {
    if (coming.owner === undefined) return undefined
    const all = [...this.kept, coming]
    const own = all.filter(({ owner }) => owner === coming.owner)
    const held = measure(own)
    if (held <= whole / 128) return undefined
    const isOther = oldest.owner !== undefined && oldest.owner !== coming.owner
    const others = isOther ? this.kept.filter(({ owner }) => owner === oldest.owner).length : 1
    const isFar = measure === count ? held >= others * 4 : ringOf(held) >= far
    return isFar && own.length > 1 ? own[0] : undefined
  }

  #heldBy({ owner, bytes }: Kept): number {
    return owner === undefined ? bytes : bytesOf(this.kept.filter((kept) => kept.owner === owner))
  }

  #in(lane: LaneName): Kept[] {
    return this.kept.filter((kept) => laneOf(kept) === lane)
  }

  #sizes(measure: Measure, coming: readonly Kept[] = [], all: readonly Kept[] = this.kept) {
    const [passing, returned, newcomers, members] = LANES.map((lane) =>
      measure([...all, ...coming].filter((kept) => laneOf(kept) === lane)),
    ) as [number, number, number, number]
    return [passing + returned, newcomers, members] as const
  }

  #drop(gone: Kept): void {
    this.kept = this.kept.filter((kept) => kept !== gone)
    if (gone.owner === undefined) return
    const lives = this.#departed.get(gone.sid) ?? new Set()
    this.#departed.set(gone.sid, lives.add(gone.life))
  }
}

type Measure = (kept: readonly Kept[]) => number

function bytesOf(all: readonly Kept[]): number {
  return all.reduce((sum, { bytes }) => sum + bytes, 0)
}

function count(all: readonly Kept[]): number {
  return all.length
}

/** The first ring has all below 1 KB, each of the others a power of two. */
const FIRST_POWER = 9
function ringOf(bytes: number): number {
  return Math.max(0, Math.floor(Math.log2(bytes)) - FIRST_POWER)
}

/** The longest unused first, to the second; of those, the one in the smallest ring. */
function byAge(a: Kept, b: Kept): number {
  const second = ({ used }: Kept) => Math.floor((used - NOON) / 1000)
  return second(a) - second(b) || (a.ring ?? 0) - (b.ring ?? 0)
}

function laneOf({ owner, since, used }: Kept): LaneName {
  const seconds = Math.floor((used - NOON) / 1000) - Math.floor((since - NOON) / 1000)
  if (owner === undefined) return seconds >= 2 ? 'returned' : 'passing'
  return seconds >= 60 ? 'members' : 'newcomers'
}

/** What a session weighs, for one whose cookie is like all others, and whose body has the name of its owner, who has so many others. */
export function weight(sid: string, data: { userId?: string }, others = 0): number {
  const text = textBytes(sid) + textBytes(JSON.stringify(data))
  if (data.userId === undefined) return ENTRY_BYTES + text
  const list = others === 1 ? 2 * SHARED_BYTES : Math.sign(others) * SHARED_BYTES
  return ENTRY_BYTES + text + HOLDER_BYTES + list
}
