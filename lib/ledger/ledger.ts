/**
 * The entries, in age order and with their exact bytes. It is synchronous, knows no clock and does
 * no I/O; whatever happens to it is a put, a touch, a remove or a clear, and its listeners hear it.
 */

import type { KeptCookie } from '../entry/cookie'
import type { Content, Entry, LeaveCause, LedgerListener } from '../entry/entry'
import { Lane, type LaneWalk } from './lane'
import { ShardedMap } from './sharded-map'
import { TimerWheel } from './timer-wheel'

/** Of any target, the share that anonymous entries keep when room is made. */
const ANONYMOUS_SHARE = 1 / 5
/** Due entries looked at in search of an expired one before a live one has to go: bounds the stall. */
const MOST_LOOKED_AT = 1000

export interface Budget {
  readonly maxBytes: number
  readonly maxSessions: number
}

export class Ledger {
  readonly #budget: Budget
  readonly #listeners: LedgerListener[] = []
  #entries = new ShardedMap<Entry>()
  #anonymous = new Lane()
  #owned = new Lane()
  #wheel: TimerWheel
  #era = 0

  constructor(budget: Budget, now: number) {
    this.#budget = budget
    this.#wheel = new TimerWheel(now)
  }

  listen(listener: LedgerListener): void {
    this.#listeners.push(listener)
  }

  get bytes(): number {
    return this.#anonymous.bytes + this.#owned.bytes
  }

  get size(): number {
    return this.#anonymous.size + this.#owned.size
  }

  get anonymous(): number {
    return this.#anonymous.size
  }

  get owned(): number {
    return this.#owned.size
  }

  /** Whether an anonymous entry, which may be new or present, could only be kept by evicting owned ones for more than the share of the anonymous. */
  wouldPushOut(entry: Entry, bytes: number): boolean {
    const { maxBytes } = this.#budget
    if (bytes <= maxBytes * ANONYMOUS_SHARE) return false
    const own = entry.owner !== undefined && entry.inLane ? entry.bytes : 0
    return this.#owned.bytes - own + bytes > maxBytes
  }

  /** Goes up with every `clear`: what was loaded in an earlier era belongs to nothing here. */
  get era(): number {
    return this.#era
  }

  find(sid: string): Entry | undefined {
    return this.#entries.get(sid)
  }

  /**
   * Stores content in an entry, which may be new, present, or one that left before, as the newest.
   * Returns whether live entries had to go for its bytes. `bytes` must not exceed the budget.
   */
  put(entry: Entry, content: Content, bytes: number, now: number): boolean {
    const present = this.#entries.get(entry.sid) === entry
    const previousOwner = present ? entry.owner : undefined
    if (present) this.#laneOf(entry).take(entry)
    const wasDueBy = present ? entry.expiry : Number.POSITIVE_INFINITY
    entry.body = content.body
    entry.cookie = content.cookie
    entry.owner = content.owner
    entry.bytes = bytes
    const crowded = this.#makeRoom(entry, present ? 0 : 1, now)
    // Only now: an entry in no lane must not be met as one of those that have expired.
    entry.expiry = content.expiry
    this.#laneOf(entry).add(entry)
    if (!present) this.#entries.set(entry.sid, entry)
    if (entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    for (const listener of this.#listeners) listener.put?.(entry, previousOwner)
    return crowded
  }

  /** Gives a present entry a cookie and an expiry, and makes it the newest. Returns as `put` does. */
  touch(
    entry: Entry,
    cookie: KeptCookie | undefined,
    expiry: number,
    bytes: number,
    now: number,
  ): boolean {
    const lane = this.#laneOf(entry)
    lane.take(entry)
    const wasDueBy = entry.expiry
    const previousCookie = entry.cookie
    entry.cookie = cookie
    entry.bytes = bytes
    const crowded = this.#makeRoom(entry, 0, now)
    entry.expiry = expiry
    lane.add(entry)
    if (expiry < wasDueBy) this.#wheel.schedule(entry)
    for (const listener of this.#listeners) listener.touch?.(entry, previousCookie)
    return crowded
  }

  remove(entry: Entry, cause: LeaveCause): void {
    this.#laneOf(entry).take(entry)
    this.#entries.delete(entry.sid)
    this.#wheel.unschedule(entry)
    for (const listener of this.#listeners) listener.remove?.(entry, cause)
    if (cause === 'destroy') entry.destroy()
  }

  /**
   * Drops all entries at once, at a cost that does not grow with their number. A listener has to
   * walk through them at leisure: that unlinks them, so that none keeps all the others in memory.
   */
  clear(now: number): void {
    const { size } = this
    const lanes = [this.#anonymous, this.#owned]
    this.#entries = new ShardedMap()
    this.#anonymous = new Lane()
    this.#owned = new Lane()
    this.#wheel = new TimerWheel(now)
    this.#era++
    const entries = unlinked(lanes)
    for (const listener of this.#listeners) listener.clear?.(size, entries)
  }

  /** Removes one expired entry. Returns whether there was one. */
  expireOne(now: number): boolean {
    this.#wheel.advance(now)
    for (let looks = 0; looks < MOST_LOOKED_AT; looks++) {
      const entry = this.#wheel.due
      if (entry === undefined) return false
      if (entry.expiry <= now) {
        this.remove(entry, 'expire')
        return true
      }
      this.#wheel.schedule(entry)
    }
    return false
  }

  /** Whether entries are due to be looked at by `now`: there may be expired ones among them. */
  hasDue(now: number): boolean {
    this.#wheel.advance(now)
    return this.#wheel.due !== undefined
  }

  /** Removes one entry on the way down to `goal` bytes, an expired one if there is one. Returns how it went; the last is kept. */
  shrink(goal: number, now: number): 'expire' | 'evict' | undefined {
    if (this.size <= 1 || this.bytes <= goal) return undefined
    if (this.expireOne(now)) return 'expire'
    this.#evict('bytes', goal, 0)
    return 'evict'
  }

  /** All entries, oldest first, anonymous before owned: survives changes as {@link LaneWalk} does. */
  walk(): LedgerWalk {
    return new LedgerWalk([this.#anonymous.walk(), this.#owned.walk()])
  }

  #laneOf(entry: Entry): Lane {
    return entry.owner === undefined ? this.#anonymous : this.#owned
  }

  #makeRoom(entry: Entry, more: 0 | 1, now: number): boolean {
    const { maxBytes, maxSessions } = this.#budget
    const isStranger = entry.owner === undefined
    while (this.size + more > maxSessions && this.size > 0) {
      if (!this.expireOne(now)) this.#evict('size', maxSessions, isStranger ? more : 0)
    }
    let crowded = false
    while (this.bytes + entry.bytes > maxBytes && this.size > 0) {
      if (this.expireOne(now)) continue
      this.#evict('bytes', maxBytes, isStranger ? entry.bytes : 0)
      crowded = true
    }
    return crowded
  }

  /** `incoming` is what a stranger brings that is about to be added. */
  #evict(measure: 'bytes' | 'size', goal: number, incoming: number): void {
    const strangers = this.#anonymous
    const members = this.#owned
    const tooMany = strangers[measure] + incoming > goal * ANONYMOUS_SHARE
    const fromStrangers = members.size === 0 || (tooMany && strangers.size > 0)
    const victim = (fromStrangers ? strangers : members).oldest
    if (victim !== undefined) this.remove(victim, 'evict')
  }
}

/** A walk through all lanes of a ledger. Call {@link LedgerWalk.end} when done with it. */
export class LedgerWalk {
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

  end(): void {
    for (const walk of this.#walks) walk.end()
  }
}

function* unlinked(lanes: readonly Lane[]): Generator<Entry> {
  for (const lane of lanes) {
    for (let entry = lane.oldest; entry !== undefined; entry = lane.oldest) {
      lane.take(entry)
      entry.sooner = entry
      entry.later = entry
      yield entry
    }
  }
}
