/** Where each entry of a ledger is found: by age in its lane, by id, by its holder, and by its expiry. */

import type { Content, Entry } from '../entry/entry'
import type { FairLane } from './fair-lane'
import { Holders } from './holders'
import { Lanes } from './lanes'
import { TextIndex } from './text-index'
import { TimerWheel } from './timer-wheel'

export class Books {
  readonly lanes: Lanes
  readonly #wheel: TimerWheel
  readonly #holders: Holders
  #entries = entryIndex()

  /** `isPlain`: there are no owners, and all are in one lane. */
  constructor(isPlain: boolean, now: number) {
    this.lanes = new Lanes(isPlain)
    this.#wheel = new TimerWheel(now)
    this.#holders = new Holders((entry) => this.lanes.of(entry))
  }

  find(sid: string): Entry | undefined {
    return this.#entries.get(sid)
  }

  /** The entries of the owner of that name, oldest first. */
  entriesOf(name: string): Entry[] {
    return this.#holders.entriesOf(name)
  }

  /** How many entries the holder of a content has beside the one that is to have it. */
  countBeside(entry: Entry, content: Content): number {
    return this.#holders.countBeside(entry, content)
  }

  /** An entry that has expired by `now`, if one is found soon. */
  expired(now: number): Entry | undefined {
    return this.#wheel.expired(now)
  }

  /** Whether entries are due to be looked at by `now`. */
  hasDue(now: number): boolean {
    this.#wheel.advance(now)
    return this.#wheel.due !== undefined
  }

  /** Begins with entries by id, which come into their lanes and the other books later. */
  begin(index: TextIndex<Entry>): void {
    this.#entries = index
  }

  /** Lists an entry of a lane that is found by id already. */
  list(entry: Entry): void {
    this.#wheel.schedule(entry)
    this.#holders.add(entry)
  }

  /** Lists a new entry of a lane. */
  add(entry: Entry): void {
    this.#entries.add(entry)
    this.list(entry)
  }

  /** Takes an entry out of its lane, which is to be put back into one. */
  take(entry: Entry): FairLane {
    const lane = this.lanes.of(entry)
    lane.take(entry)
    return lane
  }

  /** An entry was put back as the newest, and was due by then before. */
  renew(entry: Entry, wasDueBy: number): void {
    if (entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    this.#holders.renew(entry)
  }

  /** An entry out of its lane is about to get another holder. */
  unhold(entry: Entry): void {
    this.#holders.remove(entry)
  }

  /** As `renew`, for one that has another holder now. */
  hold(entry: Entry, wasDueBy: number): void {
    if (entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    this.#holders.add(entry)
  }

  /** Strikes an entry off, which must be in a lane and known by its id. */
  remove(entry: Entry): void {
    this.take(entry)
    this.#entries.delete(entry)
    this.#wheel.unschedule(entry)
    this.#holders.remove(entry)
  }

  /** Drops an entry that has only been found by its id so far. */
  drop(entry: Entry): void {
    this.#entries.delete(entry)
  }

  /** Takes out one entry after the other, so that none keeps another in memory, from books that nobody uses any more. */
  takeApart(): Entry | undefined {
    const { oldest: entry } = this.lanes
    if (entry === undefined) return undefined
    this.take(entry)
    this.#wheel.unschedule(entry)
    if (typeof entry.holder === 'object') entry.holder = entry.holder.name
    return entry
  }
}

/** An empty index of entries by id. */
export function entryIndex(): TextIndex<Entry> {
  return new TextIndex((entry) => entry.sid)
}
