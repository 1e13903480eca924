/** What looks at many sessions, a few ms at a time: all that there are, and signing an owner out. */

import { type Calls, type End, toError } from '../call'
import { type Clock, inSlices } from '../clock'
import type { Entry } from '../entry/entry'
import type { Ledger } from '../ledger/ledger'
import { got } from '../settings/check'
import { isOwnerName } from '../settings/owner'
import type { Departed } from './departed'

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

/** Signs owners out. */
export class SignOut {
  readonly #ledger: Ledger
  readonly #departed: Departed
  readonly #clock: Clock
  readonly #calls: Calls

  constructor(ledger: Ledger, departed: Departed, clock: Clock, calls: Calls) {
    this.#ledger = ledger
    this.#departed = departed
    this.#clock = clock
    this.#calls = calls
  }

  /**
   * Ends the sessions that an owner has now, except one. One slice is done before this returns; sessions
   * that the owner opens meanwhile stay. Then calls `done` with the number of live sessions that it ended.
   */
  run(name: string, except: string | undefined, done: (ended: number) => void): void {
    const ledger = this.#ledger
    this.#departed.destroyOwner(name, except)
    // Expired ones too: a slow request must not bring them back.
    const entries = ledger.entriesOf(name)
    const now = ledger.now()
    let next = 0
    let ended = 0
    const step = () => {
      const entry = entries[next++]
      if (entry === undefined) return false
      const isTheirs = ledger.find(entry.sid) === entry && entry.isOwnedBy(name)
      if (entry.sid === except || !isTheirs) return true
      if (entry.expiry > now) ended++
      ledger.remove(entry, 'destroy')
      this.#calls.rest()
      return true
    }
    inSlices(this.#clock, step, () => {
      // Those that were evicted while the slices ran.
      this.#departed.destroyOwner(name, except)
      done(ended)
    })
  }
}

/** The owner's name as text. Throws a `TypeError` for what can't name one. */
export function ownerText(owner: unknown): string {
  if (isOwnerName(owner)) return String(owner)
  throw new TypeError(`owner: expected a string or a number; ${got(owner)}`)
}
