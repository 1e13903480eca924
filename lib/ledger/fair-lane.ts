/** A lane that is shared fairly: before its oldest, one goes whose holder has far more of the room. */

import type { Entry } from '../entry/entry'
import { Holdings, ManyEntries } from './holdings'
import { Lane } from './lane'

export class FairLane extends Lane {
  readonly #holdings = new Holdings()

  override add(entry: Entry): void {
    super.add(entry)
    if (entry.holder?.entries instanceof ManyEntries) this.hold(entry)
  }

  override take(entry: Entry): void {
    super.take(entry)
    if (entry.holder?.entries instanceof ManyEntries) this.letGo(entry)
  }

  /** Counts an entry of the lane among what its holder has. */
  hold(entry: Entry): void {
    if (entry.holder !== undefined) this.#holdings.add(entry.holder, entry)
  }

  /** Counts it no longer: its holder is ordinary. */
  letGo(entry: Entry): void {
    if (entry.holder !== undefined) this.#holdings.take(entry.holder, entry)
  }

  /** The entry that gives way first, other than the one that comes. */
  victim(coming?: Entry): Entry | undefined {
    let { oldest } = this
    if (oldest === coming && oldest !== undefined) oldest = this.after(oldest)
    if (oldest === undefined) return undefined
    const heavy = this.#holdings.oldestOfFarMore(this.heldBeside(oldest))
    return heavy === undefined || heavy === coming ? oldest : heavy
  }

  /** Bytes here of the holder of an entry; its own if its holder is ordinary, or has no name. */
  heldBeside(entry: Entry): number {
    const { holder } = entry
    return (holder && this.#holdings.bytesOf(holder)) ?? entry.bytes
  }
}
