/** What an entry must meet before it is stored: its size, the room of others, the limit of its owner. */

import type { Entry } from '../entry/entry'
import type { Owner } from '../entry/holder'
import type { Ledger } from '../ledger/ledger'
import { coded } from '../settings/errors'
import type { Settings } from '../settings/settings'
import { toText } from '../settings/size'
import type { Stats } from '../stats'

export class Admission {
  readonly #settings: Settings
  readonly #ledger: Ledger
  readonly #stats: Stats

  constructor(settings: Settings, ledger: Ledger, stats: Stats) {
    this.#settings = settings
    this.#ledger = ledger
    this.#stats = stats
  }

  /** Why an entry of that size and owner can't be stored; `undefined` if it can. */
  obstacle(entry: Entry, bytes: number, owner: Owner | undefined): string | undefined {
    const { maxBytes, maxEntryBytes } = this.#settings
    if (bytes > maxEntryBytes) {
      const option = maxEntryBytes < maxBytes ? 'maxEntrySize' : 'maxSize'
      return `of ${toText(bytes)} is larger than ${option}, ${toText(maxEntryBytes)}`
    }
    if (!this.#ledger.wouldPushOut(entry, bytes, owner)) return undefined
    return owner === undefined
      ? `of ${toText(bytes)} belongs to nobody and would push out those of your users`
      : `of ${toText(bytes)} would push out those of your other users`
  }

  /** Throws a `RangeError` with the code `ESESSIONTOOBIG` if there is an obstacle. */
  check(entry: Entry, bytes: number, owner: Owner | undefined): void {
    const obstacle = this.obstacle(entry, bytes, owner)
    if (obstacle === undefined) return
    this.#stats.tooBig++
    throw coded('ESESSIONTOOBIG', `session ${obstacle}: it is not stored`, {}, RangeError)
  }

  /** Whether an entry would be expired as soon as it is stored. Nobody could read it, so it is not stored, and the one that it would replace is removed. */
  expiredOnArrival(entry: Entry, expiry: number, now: number): boolean {
    if (expiry > now || this.#settings.stale) return false
    if (this.#ledger.find(entry.sid) === entry) this.#ledger.remove(entry, 'expire')
    return true
  }

  /** Evicts the oldest of an owner who would have more than `maxPerOwner` with this entry. Returns whether any of the owner's went. */
  makeRoomForOwner(entry: Entry, owner: Owner | undefined, now: number): boolean {
    const { maxPerOwner } = this.#settings
    if (maxPerOwner === Number.POSITIVE_INFINITY || typeof owner !== 'string') return false
    const others = this.#ledger.entriesOf(owner).filter((other) => other !== entry)
    const live = others.filter((other) => other.expiry > now)
    for (const other of others) if (other.expiry <= now) this.#ledger.remove(other, 'expire')
    const beyond = live.slice(0, Math.max(0, live.length + 1 - maxPerOwner))
    for (const oldest of beyond) this.#ledger.remove(oldest, 'limit')
    return live.length - beyond.length < others.length
  }
}
