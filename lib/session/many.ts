/** What looks at many sessions: all that there are, a few ms at a time; and those of one owner. */

import { type Calls, type End, toError } from '../call'
import { type Clock, inSlices } from '../clock'
import type { Codec, Entry } from '../entry/entry'
import type { Ledger } from '../ledger/ledger'
import { got } from '../settings/check'
import { isOwnerName } from '../settings/owner'
import type { Departed } from './departed'
import { handleOf, type OwnedSession, type OwnerTarget, ownedSession } from './devices'

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

/** The sessions of one owner. */
export class Owners {
  constructor(
    private readonly ledger: Ledger,
    private readonly codec: Codec,
    private readonly departed: Departed,
    private readonly clock: Clock,
    private readonly calls: Calls,
  ) {}

  /** The ids of those that have not expired, the newest first. */
  idsOf(name: string): string[] {
    return this.#liveOf(name).map(({ sid }) => sid)
  }

  /** What is told of each of them; `current` is the id of the one that asks. */
  sessionsOf(name: string, current: string | undefined): OwnedSession[] {
    const now = this.clock.now()
    return this.#liveOf(name).map((entry) => {
      const { unused, held } = this.ledger.timesOf(entry)
      const lastUsed = now - unused
      const session = this.codec.decode(entry)
      return ownedSession(entry.sid, session, current, lastUsed, lastUsed - held)
    })
  }

  /**
   * Ends the sessions that an owner has now, except one; or the one with a handle. One slice is done
   * before this returns; sessions that the owner opens meanwhile stay. Then calls `done` with the number
   * of live sessions that it ended.
   */
  signOut(name: string, { except, only }: OwnerTarget, done: (ended: number) => void): void {
    const { ledger, departed } = this
    const endDeparted = () => {
      if (only === undefined) departed.destroyOwner(name, except)
    }
    const isMeant = ({ sid }: Entry) =>
      only === undefined ? sid !== except : handleOf(sid) === only
    endDeparted()
    // Expired ones too: a slow request must not bring them back.
    const entries = ledger.entriesOf(name).filter(isMeant).values()
    const now = ledger.now()
    let ended = 0
    const step = () => {
      const { value: entry } = entries.next()
      if (entry === undefined) return false
      if (ledger.find(entry.sid) !== entry || !entry.isOwnedBy(name)) return true
      if (entry.expiry > now) ended++
      departed.destroy(entry.sid)
      ledger.remove(entry, 'destroy')
      this.calls.rest()
      return true
    }
    inSlices(this.clock, step, () => {
      // Those that were evicted while the slices ran.
      endDeparted()
      done(ended)
    })
  }

  /** The entries of an owner that have not expired, the newest first. */
  #liveOf(name: string): Entry[] {
    const now = this.ledger.now()
    const entries = this.ledger.entriesOf(name)
    return entries.filter(({ expiry }) => expiry > now).reverse()
  }
}

/** The owner's name as text. Throws a `TypeError` for what can't name one. */
export function ownerText(owner: unknown): string {
  if (isOwnerName(owner)) return String(owner)
  throw new TypeError(`owner: expected a string or a number; ${got(owner)}`)
}
