/** All that is in a ledger, gathered a few ms at a time while it changes. */

import { type End, toError } from '../call/answers'
import type { Entry } from '../entry/entry'
import type { Ledger } from '../ledger/ledger'
import type { Clock } from '../time/clock'
import { inSlices } from '../time/slices'

/** Adds every entry that has not expired to what `make` makes, then ends with that. An entry that is used meanwhile may be added twice. */
export function gather<Into>(
  ledger: Ledger,
  clock: Clock,
  make: () => Into,
  add: (into: Into, entry: Entry) => void,
  end: End<Into>,
): void {
  let { epoch } = ledger
  let into = make()
  let walk = ledger.walk()
  let error: Error | null = null
  const step = () => {
    if (ledger.epoch !== epoch) {
      // The store was cleared meanwhile: begin again with what it holds now.
      epoch = ledger.epoch
      into = make()
      walk = ledger.walk()
    }
    try {
      const entry = walk.next()
      if (entry !== undefined && entry.expiry > clock.now()) add(into, entry)
      return entry !== undefined
    } catch (thrown) {
      error = toError(thrown)
      return false
    }
  }
  inSlices(clock, step, () => {
    walk.end()
    end(error, into)
  })
}
