/** How a ledger makes room: expired entries go first, then those that the lanes choose. */

import type { Entry } from '../entry/entry'
import type { Lanes, Measure } from './lanes'
import type { LeaveCause } from './listeners'

export interface Budget {
  readonly maxBytes: number
  readonly maxSessions: number
  /** Whether there are no owners, and eviction is plain oldest first. */
  readonly isPlain?: boolean
}

/** The part of a ledger that is needed to make room. */
interface Evicting {
  readonly bytes: number
  readonly size: number
  expireOne(now: number): boolean
  remove(entry: Entry, cause: LeaveCause): void
}

/** Why an entry was removed; `undefined` if none was. */
export type Removed = 'expire' | 'evict' | undefined

export class Room {
  readonly #budget: Budget
  readonly #ledger: Evicting
  readonly #lanes: () => Lanes

  constructor(budget: Budget, ledger: Evicting, lanes: () => Lanes) {
    this.#budget = budget
    this.#ledger = ledger
    this.#lanes = lanes
  }

  /**
   * Makes room for an entry that is in no lane. `more`: 1 if it adds to the number of entries, else 0.
   * Returns whether live entries had to go for its bytes.
   */
  make(entry: Entry, more: 0 | 1, now: number): boolean {
    const { maxBytes, maxSessions } = this.#budget
    const ledger = this.#ledger
    while (ledger.size + more > maxSessions && ledger.size > 0) {
      if (!ledger.expireOne(now)) this.#evict('size', maxSessions, entry, more)
    }
    let crowded = false
    while (ledger.bytes + entry.bytes > maxBytes && ledger.size > 0) {
      if (ledger.expireOne(now)) continue
      this.#evict('bytes', maxBytes, entry, entry.bytes)
      crowded = true
    }
    return crowded
  }

  /** Removes one entry on the way down to `goal` bytes, by the shares of that goal. The last entry is kept. */
  shrink(goal: number, now: number): Removed {
    return this.#goDown(goal, now, () => this.#lanes().victim('bytes', goal))
  }

  /** Removes one entry on the way down to `goal` bytes, but none of those that are within their share of the budget. */
  relieve(goal: number, now: number): Removed {
    return this.#goDown(goal, now, () => this.#lanes().victimOfTrim(this.#budget.maxBytes))
  }

  #goDown(goal: number, now: number, victimOf: () => Entry | undefined): Removed {
    const ledger = this.#ledger
    if (ledger.size <= 1 || ledger.bytes <= goal) return undefined
    if (ledger.expireOne(now)) return 'expire'
    const victim = victimOf()
    if (victim === undefined) return undefined
    ledger.remove(victim, 'evict')
    return 'evict'
  }

  #evict(measure: Measure, whole: number, coming: Entry, more: number): void {
    const victim = this.#lanes().victim(measure, whole, coming, more)
    if (victim !== undefined) this.#ledger.remove(victim, 'evict')
  }
}
