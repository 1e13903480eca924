/** A lane that is shared fairly: before its oldest, one goes whose holder has far more of the room. */

import type { Entry } from '../entry/entry'
import type { Holder } from '../entry/holder'
import { Holdings } from './holdings'
import { Lane } from './lane'

export class FairLane extends Lane {
  readonly #holdings = new Holdings()

  override add(entry: Entry): void {
    super.add(entry)
    const { holder } = entry
    if (typeof holder === 'object' && holder.counted) this.hold(entry, holder)
  }

  override take(entry: Entry): void {
    super.take(entry)
    const { holder } = entry
    if (typeof holder === 'object' && holder.counted) this.letGo(entry, holder)
  }

  /** Counts an entry of the lane among what its holder has. */
  hold(entry: Entry, holder: Holder): void {
    this.#holdings.add(holder, entry)
  }

  /** Counts it no longer. */
  letGo(entry: Entry, holder: Holder): void {
    this.#holdings.take(holder, entry)
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
    const held = typeof holder === 'object' ? this.#holdings.bytesOf(holder) : undefined
    return held ?? entry.bytes
  }
}
