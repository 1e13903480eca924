/**
 * The entries: a Map of them by id, in lanes by age and trust, within the budget at every moment. It
 * is synchronous and does no I/O; whatever happens to it is a put, a touch, a remove or a clear, and
 * its listeners hear of each after it has happened.
 */

import { type Clock, inSlices, Seconds } from '../clock'
import type { KeptCookie } from '../entry/cookie'
import type { Content, Entry } from '../entry/entry'
import { weigh } from '../entry/weigh'
import type { RemovalCause } from '../settings/options'
import type { Owner } from '../settings/owner'
import { Holders } from './holders'
import { Lanes, type LanesWalk, type Victim } from './lanes'
import { Maps } from './maps'
import { TimerWheel } from './wheel'

export interface Budget {
  readonly maxBytes: number
  readonly maxSessions: number
  /** Whether there are no owners, and eviction is plain oldest first. */
  readonly isPlain?: boolean
}

/** Why one entry leaves the ledger; `limit`: its owner had more than `maxPerOwner`, which the application hears of as `evict`. */
export type LeaveCause = Exclude<RemovalCause, 'clear' | 'replace'> | 'limit'

/** Hears everything that happens to the ledger, after it has happened. Must not throw or change the ledger. */
export interface LedgerListener {
  put?(entry: Entry): void
  /** A newer version took the place of the one that `old` is a copy of. */
  replaced?: ((old: Entry) => void) | undefined
  touch?(entry: Entry, previousCookie: KeptCookie | undefined): void
  /** `unused`: ms since the entry was last used, to the second. */
  remove?(entry: Entry, cause: LeaveCause, unused: number): void
  /** All entries are gone at once, so many of them. */
  clear?(size: number): void
  /** One of the cleared entries is taken apart, some time after `clear`. The ledger is at rest: it may be changed. */
  cleared?(entry: Entry): void
  /** An entry came into an empty ledger. */
  filled?(): void
  /** Live entries had to go for the bytes of one that was put or touched. */
  crowded?(): void
}

/** Why an entry was removed to make room; `undefined` if none was. */
export type Removed = 'expire' | 'evict' | undefined

export class Ledger {
  /** Goes up with every `clear`: what was loaded in an earlier epoch belongs to nothing here. */
  epoch = 0
  readonly #listeners: LedgerListener[] = []
  // Those who hear of what happens most often.
  #ofPut: LedgerListener[] = []
  #ofTouch: LedgerListener[] = []
  #ofReplaced: LedgerListener[] = []
  #entries = new Maps<Entry>()
  #lanes: Lanes
  #holders = new Holders()
  #wheel: TimerWheel
  readonly #seconds: Seconds

  constructor(
    private readonly budget: Budget,
    private readonly clock: Clock,
  ) {
    this.#seconds = new Seconds(clock)
    this.#lanes = this.#newLanes()
    this.#wheel = new TimerWheel(clock.now())
  }

  listen(listener: LedgerListener): void {
    this.#listeners.push(listener)
    this.#ofPut = this.#listeners.filter(({ put }) => put !== undefined)
    this.#ofTouch = this.#listeners.filter(({ touch }) => touch !== undefined)
    this.#ofReplaced = this.#listeners.filter(({ replaced }) => replaced !== undefined)
  }

  get bytes(): number {
    return this.#lanes.bytes
  }

  get size(): number {
    return this.#lanes.size
  }

  get anonymous(): number {
    return this.size - this.owned
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

  /** The wall clock, in ms. */
  now(): number {
    return this.clock.now()
  }

  find(sid: string): Entry | undefined {
    return this.#entries.get(sid)
  }

  /** The entries of the owner of that name, oldest first. */
  entriesOf(name: string): Entry[] {
    return this.#holders.entriesOf(name)
  }

  /** What an entry weighs here with that content: more if its holder has others. */
  weigh(entry: Entry, content: Content): number {
    return weigh(entry, content, entry.holderOf(content), this.#holders.countBeside(entry, content))
  }

  /** Whether an entry, new or present, is so large that keeping it would evict those it must not push out. */
  wouldPushOut(entry: Entry, bytes: number, owner: Owner | undefined): boolean {
    const { maxBytes } = this.budget
    do {
      if (!this.#lanes.wouldPushOut(entry, bytes, owner, maxBytes)) return false
    } while (this.expireOne())
    return true
  }

  /**
   * Stores content in an entry, which becomes the newest. The entry is new, has left before, or is
   * present; it must not have been cleared. `bytes`, what the entry then weighs, must not exceed the
   * budget. `now`: what the wall clock says, if it has been read already.
   */
  put(entry: Entry, content: Content, bytes: number, now?: number): void {
    const second = this.#seconds.read(now)
    const isPresent = entry.inLane
    const isSame = isPresent && entry.isHeldBy(content)
    const old = isPresent && this.#ofReplaced.length > 0 ? entry.copy() : undefined
    // A stranger stays one, wherever the next request comes from.
    const goesOn = isSame || (isPresent && content.owner === undefined && !entry.owned)
    entry.used = second
    if (!goesOn) entry.since = second
    const crowded = this.#store(entry, content, bytes, isSame)
    for (const listener of this.#ofPut) listener.put?.(entry)
    if (old !== undefined) for (const listener of this.#ofReplaced) listener.replaced?.(old)
    if (!isPresent && this.size === 1) this.#tell('filled')
    if (crowded) this.#tell('crowded')
  }

  /**
   * Brings a saved session in as the newest, as long as there is room for it beside those that it
   * gives way to: the oldest first, and before any listener hears of what happens. `unused`: ms since
   * it was used last, `held`: ms for which it had been its holder's then. `bytes` as for `put`.
   */
  restore(entry: Entry, content: Content, bytes: number, unused: number, held: number): void {
    entry.used = this.#seconds.read() - Math.floor(unused / 1000)
    entry.since = entry.used - Math.floor(held / 1000)
    this.#store(entry, content, bytes, false)
    if (this.size === 1) this.#tell('filled')
  }

  /** For how many ms an entry has not been used, and had been its holder's when it was; to the second. */
  timesOf(entry: Entry): { readonly unused: number; readonly held: number } {
    const unused = this.#seconds.read() - entry.used
    return { unused: unused * 1000, held: entry.age * 1000 }
  }

  /** Gives an entry a content without storing it: what lives elsewhere may have no room here. */
  fill(entry: Entry, content: Content): void {
    entry.assign(content, false)
    entry.lane = this.#lanes.of(entry, content.owner !== undefined)
    entry.expiry = content.expiry
  }

  /** Gives a present entry a cookie and an expiry, and makes it the newest. `now`: as for `put`. */
  touch(
    entry: Entry,
    cookie: KeptCookie | undefined,
    expiry: number,
    bytes: number,
    now?: number,
  ): void {
    const { expiry: wasDueBy, cookie: previousCookie, bytes: before } = entry
    this.#lanes.remove(entry)
    entry.used = this.#seconds.read(now)
    entry.cookie = cookie
    entry.bytes = bytes
    entry.lane = this.#lanes.of(entry, entry.owned)
    if (typeof entry.holder === 'object') entry.holder.renew(entry)
    const crowded = bytes > before && this.#makeRoom(entry, 0)
    entry.expiry = expiry
    this.#lanes.add(entry)
    if (entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    for (const listener of this.#ofTouch) listener.touch?.(entry, previousCookie)
    if (crowded) this.#tell('crowded')
  }

  remove(entry: Entry, cause: LeaveCause): void {
    this.#lanes.remove(entry)
    this.#entries.delete(entry.sid)
    this.#wheel.unschedule(entry)
    this.#holders.remove(entry)
    const unused = (this.#seconds.latest - entry.used) * 1000
    for (const listener of this.#listeners) listener.remove?.(entry, cause, unused)
    // Beyond `maxPerOwner` too: a slow request of the session that had to go must not push out a newer one.
    if (cause === 'destroy' || cause === 'limit') entry.destroy()
  }

  /**
   * Drops all entries at once, at a cost that does not grow with their number. They are taken apart
   * later, a few ms at a time, so that one that a request still holds keeps none of the others in memory.
   */
  clear(): void {
    const [lanes, wheel] = [this.#lanes, this.#wheel]
    const { size } = lanes
    this.#entries = new Maps<Entry>()
    this.#lanes = this.#newLanes()
    this.#holders = new Holders()
    this.#wheel = new TimerWheel(this.now())
    this.epoch++
    for (const listener of this.#listeners) listener.clear?.(size)
    const step = () => this.#takeApart(lanes, wheel)
    this.clock.breathe(() => inSlices(this.clock, step, () => {}))
  }

  /** Removes one expired entry. Returns whether there was one. */
  expireOne(): boolean {
    const entry = this.#wheel.expired(this.now())
    if (entry !== undefined) this.remove(entry, 'expire')
    return entry !== undefined
  }

  /** Whether entries are due to be looked at: there may be expired ones among them. */
  hasDue(): boolean {
    this.#wheel.advance(this.now())
    return this.#wheel.due !== undefined
  }

  /** Removes one entry on the way down to `goal` bytes, an expired one if there is one. The last entry is kept. */
  shrink(goal: number): Removed {
    return this.#goDown(goal, () => this.#lanes.victim('bytes', goal))
  }

  /** As `shrink`, but removes none of those that are within their share of the budget, as {@link Lanes} says. */
  relieve(goal: number): Removed {
    return this.#goDown(goal, () => this.#lanes.victimOfTrim(this.budget.maxBytes))
  }

  /** A walk through all entries, the least trusted first, and of each trust the oldest first, while they change. */
  walk(): LanesWalk {
    return this.#lanes.walk()
  }

  #store(entry: Entry, content: Content, bytes: number, isSame: boolean): boolean {
    const isPresent = entry.inLane
    const { expiry: wasDueBy } = entry
    if (isPresent) this.#lanes.remove(entry)
    if (isPresent && !isSame) this.#holders.remove(entry)
    entry.assign(content, isSame)
    entry.bytes = bytes
    entry.lane = this.#lanes.of(entry, content.owner !== undefined)
    if (!isSame) this.#holders.add(entry)
    else if (typeof entry.holder === 'object') entry.holder.renew(entry)
    const crowded = this.#makeRoom(entry, isPresent ? 0 : 1)
    // Only now: an entry in no lane must not be met as one of those that have expired.
    entry.expiry = content.expiry
    this.#lanes.add(entry)
    if (!isPresent) this.#entries.set(entry.sid, entry)
    if (!isPresent || entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    return crowded
  }

  /**
   * Makes room for an entry that is in no lane: the expired go first, then those that the lanes
   * choose. `more`: 1 if it adds to the number of entries. Returns whether ordinary ones had to go for its bytes.
   */
  #makeRoom(entry: Entry, more: 0 | 1): boolean {
    const { maxBytes, maxSessions } = this.budget
    while (this.size + more > maxSessions && this.size > 0) {
      if (!this.expireOne()) this.#evict(this.#lanes.victim('size', maxSessions, entry, more))
    }
    let crowded = false
    while (this.bytes + entry.bytes > maxBytes && this.size > 0) {
      if (this.expireOne()) continue
      const victim = this.#lanes.victim('bytes', maxBytes, entry, entry.bytes)
      // One who holds too much makes room for its own: that is no reason to trim what others have.
      if (victim?.isHeavy === false) crowded = true
      this.#evict(victim)
    }
    return crowded
  }

  #goDown(goal: number, victimOf: () => Victim | undefined): Removed {
    if (this.size <= 1 || this.bytes <= goal) return undefined
    this.#seconds.read()
    if (this.expireOne()) return 'expire'
    return this.#evict(victimOf())
  }

  #evict(victim: Victim | undefined): Removed {
    if (victim === undefined) return undefined
    this.remove(victim.entry, 'evict')
    return 'evict'
  }

  #newLanes(): Lanes {
    return new Lanes(this.budget.isPlain === true)
  }

  #takeApart(lanes: Lanes, wheel: TimerWheel): boolean {
    const { oldest: entry } = lanes
    if (entry === undefined) return false
    lanes.remove(entry)
    wheel.unschedule(entry)
    if (typeof entry.holder === 'object') entry.holder = entry.holder.name
    for (const listener of this.#listeners) listener.cleared?.(entry)
    return true
  }

  #tell(what: 'filled' | 'crowded'): void {
    for (const listener of this.#listeners) listener[what]?.()
  }
}
