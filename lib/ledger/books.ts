/** The four places where a ledger finds an entry, kept in step: its lane, and the indexes by id, by holder and by expiry. */

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

  /** Adds a new entry, which is in its lane. */
  add(entry: Entry): void {
    this.#entries.add(entry)
    this.#wheel.schedule(entry)
    this.#holders.add(entry)
  }

  /** Takes an entry out of its lane, to be put back into one. Gives the lane. */
  take(entry: Entry): FairLane {
    const lane = this.lanes.of(entry)
    lane.take(entry)
    return lane
  }

  /** To be called once an entry was put back into a lane; `wasDueBy`: its expiry before. */
  renew(entry: Entry, wasDueBy: number): void {
    if (entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    this.#holders.renew(entry)
  }

  /** To be called before an entry that is out of its lane gets another holder. */
  leaveHolder(entry: Entry): void {
    this.#holders.remove(entry)
  }

  /** As `renew`, for an entry that has another holder now. */
  joinHolder(entry: Entry, wasDueBy: number): void {
    if (entry.expiry < wasDueBy) this.#wheel.schedule(entry)
    this.#holders.add(entry)
  }

  /** Removes an entry from all four places. */
  remove(entry: Entry): void {
    this.take(entry)
    this.#entries.delete(entry)
    this.#wheel.unschedule(entry)
    this.#holders.remove(entry)
  }

  /** Takes one entry out of books that nobody uses any more, so that it keeps no other in memory. Gives it, if there was one. */
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
