/**
 * The entries, in age order and with their exact bytes. It is synchronous, knows no clock and does
 * no I/O; whatever happens to it is a put, a touch, a remove or a clear, and its listeners hear it.
 */

import type { KeptCookie } from '../entry/cookie'
import type { Content, Entry } from '../entry/entry'
import type { Owner } from '../entry/holder'
import { age, begin, renew, resume, unused } from '../entry/tenure'
import { weigh } from '../entry/weight'
import { Books } from './books'
import { LedgerWalk } from './ledger-walk'
import { type LeaveCause, type LedgerListener, Listeners } from './listeners'
import { type Budget, type Removed, Room } from './room'
import { Seconds } from './seconds'

/** Repeats a step until it returns false, perhaps later and a few ms at a time. */
export type Background = (step: () => boolean) => void

const atOnce: Background = (step) => {
  while (step());
}

export class Ledger {
  readonly #budget: Budget
  readonly #background: Background
  readonly #listeners = new Listeners()
  readonly #room: Room
  readonly #seconds: Seconds
  #books: Books
  #epoch = 0

  /** `background` takes apart what was cleared, which may be a million entries. */
  constructor(budget: Budget, now: number, background = atOnce) {
    this.#budget = budget
    this.#background = background
    this.#room = new Room(budget, this, () => this.#books.lanes)
    this.#seconds = new Seconds(now)
    this.#books = this.#newBooks(now)
  }

  listen(listener: LedgerListener): void {
    this.#listeners.add(listener)
  }

  get bytes(): number {
    return this.#books.lanes.bytes
  }

  get size(): number {
    return this.#books.lanes.size
  }

  get anonymous(): number {
    return this.#books.lanes.strangers.size
  }

  get owned(): number {
    return this.newcomers + this.members
  }

  get newcomers(): number {
    return this.#books.lanes.newcomers.size
  }

  get members(): number {
    return this.#books.lanes.members.size
  }

  /** Whether an entry, new or present, is so large that keeping it would evict those it must not push out. */
  wouldPushOut(entry: Entry, bytes: number, owner: Owner | undefined): boolean {
    return this.#books.lanes.wouldPushOut(entry, bytes, owner, this.#budget.maxBytes)
  }

  /** Goes up with every `clear`: what was loaded in an earlier epoch belongs to nothing here. */
  get epoch(): number {
    return this.#epoch
  }

  find(sid: string): Entry | undefined {
    return this.#books.find(sid)
  }

  /** The entries of the owner of that name, oldest first. */
  entriesOf(name: string): Entry[] {
    return this.#books.entriesOf(name)
  }

  /** What an entry weighs here with that content: more if its holder has others. */
  weigh(entry: Entry, content: Content): number {
    return weigh(entry, content, this.#books.countBeside(entry, content))
  }

  /**
   * Stores content in an entry, which becomes the newest. The entry is new, has left before, or is
   * present; it must not have been cleared. `bytes`, what the entry then weighs, must not exceed the
   * budget. Returns whether live entries had to go for them.
   */
  put(entry: Entry, content: Content, bytes: number, now: number): boolean {
    const second = this.#seconds.at(now)
    if (!entry.inLane) {
      entry.tenure = begin(second)
      return this.#add(entry, content, bytes, now)
    }
    const { expiry } = entry
    const isSame = entry.isHeldBy(content)
    this.#books.take(entry)
    // A stranger stays one, wherever the next request comes from.
    const goesOn = isSame || (content.owner === undefined && !entry.owned)
    entry.tenure = goesOn ? renew(entry.tenure, second) : begin(second)
    if (!isSame) this.#books.leaveHolder(entry)
    const crowded = this.#store(entry, content, isSame, bytes, now, 0)
    if (isSame) this.#books.renew(entry, expiry)
    else this.#books.joinHolder(entry, expiry)
    this.#listeners.put(entry)
    return crowded
  }

  /**
   * Brings a saved session in as the newest, so that the oldest has to come first. `unused`: ms since
   * it was used last; `held`: ms for which it had been its holder's then. No listener hears of it.
   */
  restore(
    entry: Entry,
    content: Content,
    bytes: number,
    now: number,
    unused: number,
    held: number,
  ): void {
    const second = this.#seconds.at(now) - Math.floor(Math.max(unused, 0) / 1000)
    entry.tenure = resume(second, Math.floor(held / 1000))
    this.#store(entry, content, false, bytes, now, 1)
    this.#books.add(entry)
    if (this.size === 1) this.#listeners.filled()
  }

  /** For how many ms an entry has not been used, and had been its holder's when it was; to the second. */
  timesOf(entry: Entry): { readonly unused: number; readonly held: number } {
    const { tenure } = entry
    return { unused: unused(tenure, this.#seconds.latest) * 1000, held: age(tenure) * 1000 }
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
    const lane = this.#books.take(entry)
    const tenure = renew(entry.tenure, this.#seconds.at(now))
    const isSame = tenure === entry.tenure
    const grows = bytes > entry.bytes
    entry.tenure = tenure
    entry.cookie = cookie
    entry.bytes = bytes
    const crowded = grows && this.#room.make(entry, 0, now)
    entry.expiry = expiry
    const next = isSame ? lane : this.#books.lanes.of(entry)
    next.add(entry)
    this.#books.renew(entry, wasDueBy)
    this.#listeners.touch(entry, previousCookie)
    return crowded
  }

  remove(entry: Entry, cause: LeaveCause): void {
    this.#books.remove(entry)
    const idle = unused(entry.tenure, this.#seconds.latest) * 1000
    this.#listeners.remove(entry, cause, idle)
    // Beyond `maxPerOwner` too: a slow request of the session that had to go must not push out a newer one.
    if (cause === 'destroy' || cause === 'limit') entry.destroy()
  }

  /**
   * Drops all entries at once, at a cost that does not grow with their number. They are taken apart
   * in the background, so that one that a request still holds keeps none of the others in memory.
   */
  clear(now: number): void {
    const { size } = this
    const cleared = this.#books
    this.#books = this.#newBooks(now)
    this.#epoch++
    this.#listeners.clear(size)
    this.#background(() => this.#takeApart(cleared))
  }

  /** Removes one expired entry. Returns whether there was one. */
  expireOne(now: number): boolean {
    const entry = this.#books.expired(now)
    if (entry !== undefined) this.remove(entry, 'expire')
    return entry !== undefined
  }

  /** Whether entries are due to be looked at by `now`: there may be expired ones among them. */
  hasDue(now: number): boolean {
    return this.#books.hasDue(now)
  }

  /** Removes one entry on the way down to `goal` bytes, an expired one if there is one. Returns why it was removed. The last entry is kept. */
  shrink(goal: number, now: number): Removed {
    this.#seconds.at(now)
    return this.#room.shrink(goal, now)
  }

  /** As `shrink`, but removes none of those that are within their share of the budget, as {@link Lanes} says. */
  relieve(goal: number, now: number): Removed {
    this.#seconds.at(now)
    return this.#room.relieve(goal, now)
  }

  /** A walk through all entries, the least trusted first, and of each trust the oldest first. It survives changes as {@link LaneWalk} does. */
  walk(): LedgerWalk {
    return new LedgerWalk(this.#books.lanes.walks())
  }

  #add(entry: Entry, content: Content, bytes: number, now: number): boolean {
    const crowded = this.#store(entry, content, false, bytes, now, 1)
    this.#books.add(entry)
    this.#tellOfNew(entry)
    return crowded
  }

  #tellOfNew(entry: Entry): void {
    this.#listeners.put(entry)
    if (this.size === 1) this.#listeners.filled()
  }

  #store(
    entry: Entry,
    content: Content,
    isSame: boolean,
    bytes: number,
    now: number,
    more: 0 | 1,
  ): boolean {
    entry.assign(content, isSame)
    entry.bytes = bytes
    const crowded = this.#room.make(entry, more, now)
    // Only now: an entry in no lane must not be met as one of those that have expired.
    entry.expiry = content.expiry
    this.#books.lanes.of(entry).add(entry)
    return crowded
  }

  #newBooks(now: number): Books {
    return new Books(this.#budget.isPlain === true, now)
  }

  #takeApart(cleared: Books): boolean {
    const entry = cleared.takeApart()
    if (entry !== undefined) this.#listeners.cleared(entry)
    return entry !== undefined
  }
}
