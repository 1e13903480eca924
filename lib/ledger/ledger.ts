/**
 * The entries, in age order and with their exact bytes. It is synchronous, knows no clock and does
 * no I/O; whatever happens to it is a put, a touch, a remove or a clear, and its listeners hear it.
 */

import type { KeptCookie } from '../entry/cookie'
import type { Content, Entry, LeaveCause, LedgerListener, Owner } from '../entry/entry'
import { begin, longest, renew, unused } from '../entry/tenure'
import { Holders } from './holders'
import { Lanes } from './lanes'
import { LedgerWalk } from './ledger-walk'
import { type Budget, Room, type Went } from './room'
import { Seconds } from './seconds'
import { ShardedMap } from './sharded-map'
import { TimerWheel } from './timer-wheel'

/** Repeats a step until it returns false: at leisure, if it can. */
export type Background = (step: () => boolean) => void

const atOnce: Background = (step) => {
  while (step());
}

export class Ledger {
  readonly #budget: Budget
  readonly #background: Background
  readonly #listeners: LedgerListener[] = []
  readonly #holders = new Holders((entry) => this.#lanes.of(entry))
  readonly #room: Room
  readonly #seconds: Seconds
  #entries = new ShardedMap<Entry>()
  #lanes: Lanes
  #wheel: TimerWheel
  #epoch = 0

  /** `background` takes apart what was cleared, which may be a million entries. */
  constructor(budget: Budget, now: number, background = atOnce) {
    this.#budget = budget
    this.#background = background
    this.#room = new Room(budget, this, () => this.#lanes)
    this.#seconds = new Seconds(now)
    this.#lanes = new Lanes(budget.isPlain === true)
    this.#wheel = new TimerWheel(now)
  }

  listen(listener: LedgerListener): void {
    this.#listeners.push(listener)
  }

  get bytes(): number {
    return this.#lanes.bytes
  }

  get size(): number {
    return this.#lanes.size
  }

  get anonymous(): number {
    return this.#lanes.strangers.size
  }

  get owned(): number {
    return this.newcomers + this.members
  }

  get newcomers(): number {
    return this.#lanes.newcomers.size
  }

  get members(): number {
    return this.#lanes.members.size
  }

  /** Whether an entry, new or present, is so large that keeping it would evict those it must not push out. */
  wouldPushOut(entry: Entry, bytes: number, owner: Owner | undefined): boolean {
    return this.#lanes.wouldPushOut(entry, bytes, owner, this.#budget.maxBytes)
  }

  /** Goes up with every `clear`: what was loaded in an earlier epoch belongs to nothing here. */
  get epoch(): number {
    return this.#epoch
  }

  find(sid: string): Entry | undefined {
    return this.#entries.get(sid)
  }

  /**
   * Stores content in an entry, which may be new, present, or one that left before, as the newest.
   * Returns whether live entries had to go for its bytes. `bytes` must not exceed the budget.
   */
  put(entry: Entry, content: Content, bytes: number, now: number): boolean {
    const second = this.#seconds.at(now)
    const present = this.#entries.get(entry.sid) === entry
    if (!present) {
      entry.tenure = begin(second)
      const crowded = this.#store(entry, content, bytes, now, 1)
      this.#entries.set(entry.sid, entry)
      this.#tellOfNew(entry)
      return crowded
    }
    const { holder, owner, expiry, tenure } = entry
    this.#lanes.of(entry).take(entry)
    entry.tenure = owner === content.owner ? renew(tenure, second) : begin(second)
    const crowded = this.#store(entry, content, bytes, now, 0)
    if (entry.expiry < expiry) this.#wheel.schedule(entry)
    this.#holders.put(entry, holder)
    for (const listener of this.#listeners) listener.put?.(entry, holder)
    return crowded
  }

  /**
   * Begins with entries from elsewhere, `index` by id: taken over whole, which spares a million
   * look-ups, so the ledger must be empty. Returns a step that stores the next of them as the
   * newest, with what `admit` gives, or drops it for nothing; false when there is no next. Until
   * then those that wait are found by id already: nobody may look for one.
   */
  load(
    index: ShardedMap<Entry>,
    next: () => Entry | undefined,
    admit: (entry: Entry) => Admitted | undefined,
  ): () => boolean {
    if (this.size > 0) throw new Error('load: expected an empty ledger')
    this.#entries = index
    return () => {
      const entry = next()
      if (entry === undefined) return false
      const admitted = admit(entry)
      if (admitted === undefined) {
        index.delete(entry.sid)
        return true
      }
      const { content, bytes, now } = admitted
      const second = this.#seconds.at(now)
      entry.tenure = entry.known ? longest(second) : begin(second)
      this.#store(entry, content, bytes, now, 1)
      this.#tellOfNew(entry)
      return true
    }
  }

  /** Gives a present entry a cookie and an expiry, and makes it the newest. Returns as `put` does. */
  touch(
    entry: Entry,
    cookie: KeptCookie | undefined,
    expiry: number,
    bytes: number,
    now: number,
  ): boolean {
    const { expiry: wasDueBy, cookie: previousCookie } = entry
    const lane = this.#lanes.of(entry)
    lane.take(entry)
    const tenure = renew(entry.tenure, this.#seconds.at(now))
    const isSame = tenure === entry.tenure
    const grows = bytes > entry.bytes
    entry.tenure = tenure
    entry.cookie = cookie
    entry.bytes = bytes
    const crowded = grows && this.#room.make(entry, 0, now)
    entry.expiry = expiry
    const next = isSame ? lane : this.#lanes.of(entry)
    next.add(entry)
    if (expiry < wasDueBy) this.#wheel.schedule(entry)
    this.#holders.touch(entry)
    for (const listener of this.#listeners) listener.touch?.(entry, previousCookie)
    return crowded
  }

  remove(entry: Entry, cause: LeaveCause): void {
    this.#lanes.of(entry).take(entry)
    this.#entries.delete(entry.sid)
    this.#wheel.unschedule(entry)
    this.#holders.remove(entry)
    const idle = unused(entry.tenure, this.#seconds.latest) * 1000
    for (const listener of this.#listeners) listener.remove?.(entry, cause, idle)
    // Of those beyond the limit too: a slow request of one signed out must not push out the one signed in.
    if (cause === 'destroy' || cause === 'limit') entry.destroy()
  }

  /**
   * Drops all entries at once, at a cost that does not grow with their number. They are taken apart
   * in the background, so that one that a request still holds keeps none of the others in memory.
   */
  clear(now: number): void {
    const { size } = this
    const lanes = this.#lanes
    this.#entries = new ShardedMap()
    this.#lanes = new Lanes(this.#budget.isPlain === true)
    this.#wheel = new TimerWheel(now)
    this.#epoch++
    for (const listener of this.#listeners) listener.clear?.(size)
    this.#background(() => this.#takeApart(lanes))
  }

  /** Removes one expired entry. Returns whether there was one. */
  expireOne(now: number): boolean {
    const entry = this.#wheel.expired(now)
    if (entry !== undefined) this.remove(entry, 'expire')
    return entry !== undefined
  }

  /** Whether entries are due to be looked at by `now`: there may be expired ones among them. */
  hasDue(now: number): boolean {
    this.#wheel.advance(now)
    return this.#wheel.due !== undefined
  }

  /** Removes one entry on the way down to `goal` bytes, an expired one if there is one. Returns how it went; the last is kept. */
  shrink(goal: number, now: number): Went {
    this.#seconds.at(now)
    return this.#room.shrink(goal, now)
  }

  /** As `shrink`, for a ledger that had no room: takes none that keeps within its share, as {@link Lanes} says. */
  relieve(goal: number, now: number): Went {
    this.#seconds.at(now)
    return this.#room.relieve(goal, now)
  }

  /** All entries, the least trusted first, and of each trust the oldest: survives changes as {@link LaneWalk} does. */
  walk(): LedgerWalk {
    return new LedgerWalk(this.#lanes.walks())
  }

  #tellOfNew(entry: Entry): void {
    this.#wheel.schedule(entry)
    this.#holders.put(entry, undefined)
    for (const listener of this.#listeners) listener.put?.(entry, undefined)
    if (this.size > 1) return
    for (const listener of this.#listeners) listener.filled?.()
  }

  #store(entry: Entry, content: Content, bytes: number, now: number, more: 0 | 1): boolean {
    entry.body = content.body
    entry.cookie = content.cookie
    entry.holder = content.owner ?? content.client
    entry.bytes = bytes
    const crowded = this.#room.make(entry, more, now)
    // Only now: an entry in no lane must not be met as one of those that have expired.
    entry.expiry = content.expiry
    this.#lanes.of(entry).add(entry)
    return crowded
  }

  #takeApart(cleared: Lanes): boolean {
    const { oldest: entry } = cleared
    if (entry === undefined) return false
    cleared.of(entry).take(entry)
    entry.sooner = entry
    entry.later = entry
    this.#holders.remove(entry)
    for (const listener of this.#listeners) listener.cleared?.(entry)
    return true
  }
}

/** What an entry that is loaded is stored with. */
export interface Admitted {
  readonly content: Content
  readonly bytes: number
  readonly now: number
}
