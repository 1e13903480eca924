/** A lane that its holders share fairly: an entry of a holder who has far more gives way before the oldest entry. */

import type { Entry } from '../entry/entry'
import type { Holder } from '../entry/holder'
import { Holdings } from './holdings'
import { Lane } from './lane'

export class FairLane extends Lane {
  readonly #holdings = new Holdings()

  override add(entry: Entry): void {
    super.add(entry)
    const { holder } = entry
    if (typeof holder === 'object' && holder.counted) this.count(entry, holder)
  }

  override take(entry: Entry): void {
    super.take(entry)
    const { holder } = entry
    if (typeof holder === 'object' && holder.counted) this.uncount(entry, holder)
  }

  /** Adds an entry of the lane to what its holder has here. */
  count(entry: Entry, holder: Holder): void {
    this.#holdings.add(holder, entry)
  }

  /** Takes an entry from what its holder has here. */
  uncount(entry: Entry, holder: Holder): void {
    this.#holdings.take(holder, entry)
  }

  /** The entry that gives way first, other than the one that comes. */
  victim(coming?: Entry): Entry | undefined {
    let { oldest } = this
    if (oldest === coming && oldest !== undefined) oldest = this.after(oldest)
    if (oldest === undefined) return undefined
    const heavy = this.#holdings.oldestOfFarMore(this.holderBytes(oldest))
    return heavy === undefined || heavy === coming ? oldest : heavy
  }

  /** Bytes that the holder of an entry has here; the bytes of the entry if its holder is ordinary, or has no name. */
  holderBytes(entry: Entry): number {
    const { holder } = entry
    const bytes = typeof holder === 'object' ? this.#holdings.bytesOf(holder) : undefined
    return bytes ?? entry.bytes
  }
}
