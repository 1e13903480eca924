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
}

/** The lanes, the least trusted first. */
const LANES = ['passing', 'returned', 'newcomers', 'members'] as const
type LaneName = (typeof LANES)[number]
const MANY = 4

/** Live entries, oldest first. Whatever has expired is simply not there. */
export class Model {
  kept: Kept[] = []
  readonly #limits: Limits
  /** Lives of those that left while they had an owner, by id. */
  readonly #departed = new Map<string, Set<Life>>()
  /** Owners who had as many as four sessions, until they have one. */
  readonly #many = new Set<string>()

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
      this.#drop(this.#victim(this.#rank(bytesOf, goal), bytesOf))
    }
  }

  #trim(): void {
    const { maxBytes } = this.#limits
    while (this.kept.length > 1 && this.bytes > maxBytes * 0.75) {
      const [strangers, newcomers, members] = this.#sizes(bytesOf)
      const rank = this.#rank(bytesOf, maxBytes)
      const least = maxBytes / 10
      let from: number | undefined
      if (members > maxBytes * 0.8) from = 2
      if (rank === 1 && strangers > least) from = 0
      if (newcomers > least) from = 1
      if (rank !== 1 && strangers > least) from = 0
      if (from === undefined) return
      this.#drop(this.#victim(from, bytesOf))
    }
  }

  #put(kept: Kept, now: number): void {
    const stored = this.find(kept.sid)
    if (stored !== undefined) this.kept = this.kept.filter((other) => other !== stored)
    if (kept.expiry <= now) {
      this.#noteMany()
      return
    }
    const { maxBytes, max } = this.#limits
    const coming = [kept]
    const away = (from: number, measure: Measure) => this.#drop(this.#victim(from, measure), stored)
    while (this.kept.length + 1 > max) away(this.#rank(count, max, coming), count)
    const crowded = this.bytes + kept.bytes > maxBytes
    while (this.bytes + kept.bytes > maxBytes) {
      away(this.#rank(bytesOf, maxBytes, coming), bytesOf)
    }
    this.kept.push(kept)
    this.#noteMany()
    if (crowded) this.#trim()
  }

  #isTooLarge(kept: Kept, stored: Kept | undefined): boolean {
    const { maxBytes } = this.#limits
    if (kept.bytes <= maxBytes / 5) return false
    const others = this.kept.filter((other) => other !== stored)
    const [strangers, newcomers, members] = this.#sizes(bytesOf, [], others)
    const room = maxBytes - kept.bytes
    if (kept.owner === undefined) return newcomers + members > room
    const isMember =
      stored !== undefined && stored.owner === kept.owner && laneOf(stored) === 'members'
    if (!isMember && members > room) return true
    if (newcomers + members + Math.min(strangers, maxBytes / 5) <= room) return false
    const lane = newcomers > 0 ? 'newcomers' : 'members'
    const victim = this.#fair(lane, stored)
    return victim !== undefined && bucket(kept.bytes) >= bucket(this.#heldIn(lane, victim)) + 2
  }

  #rank(measure: Measure, whole: number, coming: readonly Kept[] = []): number {
    const [strangers, newcomers, members] = this.#sizes(measure, coming)
    if (strangers > whole / 5 || newcomers + members <= whole - whole / 5) return 0
    return newcomers > whole / 5 || members <= whole - (2 * whole) / 5 ? 1 : 2
  }

  #victim(rank: number, measure: Measure): Kept {
    const inTurn = [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
    ][rank] as number[]
    const from = inTurn.find((each) => (this.#sizes(count)[each] as number) > 0)
    if (from !== 0) return this.#fair(from === 1 ? 'newcomers' : 'members') as Kept
    const [passing, returned] = [this.#in('passing'), this.#in('returned')]
    return this.#fair(measure(returned) > measure(passing) ? 'returned' : 'passing') as Kept
  }

  /** The oldest of a lane; or that of Ann, if she has far more there than whoever has the oldest. */
  #fair(lane: LaneName, besides?: Kept): Kept | undefined {
    const all = this.#in(lane)
    const oldest = all.find((kept) => kept !== besides)
    if (oldest === undefined) return undefined
    const many = all.filter(({ owner }) => owner !== undefined && this.#many.has(owner))
    const isFar = bucket(bytesOf(many)) >= bucket(this.#heldIn(lane, oldest)) + 2
    const [first] = many
    return first !== undefined && isFar && first !== besides ? first : oldest
  }

  #heldIn(lane: LaneName, { owner, bytes }: Kept): number {
    if (owner === undefined || !this.#many.has(owner)) return bytes
    return bytesOf(this.#in(lane).filter((kept) => kept.owner === owner))
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

  /** `replaced` still counts as its owner's. */
  #drop(gone: Kept, replaced?: Kept): void {
    this.kept = this.kept.filter((kept) => kept !== gone)
    if (gone.owner !== undefined) {
      const lives = this.#departed.get(gone.sid) ?? new Set()
      this.#departed.set(gone.sid, lives.add(gone.life))
    }
    this.#noteMany(replaced)
  }

  #noteMany(replaced?: Kept): void {
    const all = replaced === undefined ? this.kept : [...this.kept, replaced]
    for (const owner of new Set([...this.#many, ...all.map((kept) => kept.owner)])) {
      const size = all.filter((kept) => kept.owner === owner).length
      if (owner !== undefined && size >= MANY) this.#many.add(owner)
      if (owner !== undefined && size <= 1) this.#many.delete(owner)
    }
  }
}

type Measure = (kept: readonly Kept[]) => number

function bytesOf(all: readonly Kept[]): number {
  return all.reduce((sum, { bytes }) => sum + bytes, 0)
}

function count(all: readonly Kept[]): number {
  return all.length
}

function bucket(bytes: number): number {
  return Math.floor(Math.log2(bytes))
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
