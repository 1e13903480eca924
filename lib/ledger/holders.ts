/** The entries of each holder, the oldest first, as the holder itself lists them. */

import type { Entry, Holder } from '../entry/entry'
import type { FairLane } from './fair-lane'
import { LARGE_BYTES, MANY_ENTRIES, ManyEntries } from './holdings'

export class Holders {
  readonly #laneOf: (entry: Entry) => FairLane

  constructor(laneOf: (entry: Entry) => FairLane) {
    this.#laneOf = laneOf
  }

  /** Lists an entry that is in its lane as its holder's newest, and as `previous`' no longer. */
  put(entry: Entry, previous: Holder | undefined): void {
    const { holder } = entry
    if (previous !== undefined && previous !== holder) this.#drop(entry, previous)
    if (holder?.name === undefined) return
    const { entries } = holder
    if (entries instanceof Set) moveLast(entries, entry)
    else if (entries === undefined || entries === entry) holder.entries = entry
    else holder.entries = new Set([entries, entry])
    this.#watch(holder, entry)
  }

  /** An entry is its holder's newest now. */
  touch(entry: Entry): void {
    const entries = entry.holder?.entries
    if (entries instanceof Set) moveLast(entries, entry)
  }

  /** Lists an entry no longer. */
  remove(entry: Entry): void {
    if (entry.holder !== undefined) this.#drop(entry, entry.holder)
  }

  /** Has a holder who holds much now counted in the lanes. */
  #watch(holder: Holder, entry: Entry): void {
    const { entries } = holder
    if (entries instanceof ManyEntries) return
    const all = entries instanceof Set ? entries : [entry]
    const size = entries instanceof Set ? entries.size : 1
    if (size < MANY_ENTRIES && entry.bytes < LARGE_BYTES) return
    holder.entries = new ManyEntries(all)
    for (const each of all) this.#laneOf(each).hold(each)
  }

  #drop(entry: Entry, holder: Holder): void {
    const { entries } = holder
    if (entries === entry) holder.entries = undefined
    if (!(entries instanceof Set)) return
    entries.delete(entry)
    if (entries.size > 1) return
    const [last] = entries
    if (last === undefined) holder.entries = undefined
    else if (last.bytes < LARGE_BYTES) {
      if (entries instanceof ManyEntries) this.#laneOf(last).letGo(last)
      holder.entries = last
    }
  }
}

function moveLast(entries: Set<Entry>, entry: Entry): void {
  entries.delete(entry)
  entries.add(entry)
}
