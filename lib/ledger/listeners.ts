/** The listeners of a ledger: what they hear, and when each is called. */

import type { KeptCookie } from '../entry/cookie'
import type { Entry } from '../entry/entry'
import type { RemovalCause } from '../settings/options'

/** Why one entry leaves the ledger; `limit`: its owner had more than `maxPerOwner`, which the application hears of as `evict`. */
export type LeaveCause = Exclude<RemovalCause, 'clear' | 'replace'> | 'limit'

/** Hears everything that happens to the ledger, after it has happened. Must not throw or change the ledger. */
export interface LedgerListener {
  put?(entry: Entry): void
  /** An entry came into an empty ledger. */
  filled?(): void
  touch?(entry: Entry, previousCookie: KeptCookie | undefined): void
  /** `unused`: ms since the entry was last used, to the second. */
  remove?(entry: Entry, cause: LeaveCause, unused: number): void
  /** All entries are gone at once, so many of them. */
  clear?(size: number): void
  /** One of the cleared entries is taken apart, some time after `clear`. The ledger is at rest: it may be changed. */
  cleared?(entry: Entry): void
}

/** Keeps the listeners apart by what they hear: hardly any of them hears of a touch. */
export class Listeners implements Required<LedgerListener> {
  readonly #all: LedgerListener[] = []
  #ofPut: LedgerListener[] = []
  #ofTouch: LedgerListener[] = []
  #ofRemove: LedgerListener[] = []

  add(listener: LedgerListener): void {
    const all = this.#all
    all.push(listener)
    this.#ofPut = all.filter(({ put }) => put !== undefined)
    this.#ofTouch = all.filter(({ touch }) => touch !== undefined)
    this.#ofRemove = all.filter(({ remove }) => remove !== undefined)
  }

  put(entry: Entry): void {
    for (const listener of this.#ofPut) listener.put?.(entry)
  }

  filled(): void {
    for (const listener of this.#all) listener.filled?.()
  }

  touch(entry: Entry, previousCookie: KeptCookie | undefined): void {
    for (const listener of this.#ofTouch) listener.touch?.(entry, previousCookie)
  }

  remove(entry: Entry, cause: LeaveCause, unused: number): void {
    for (const listener of this.#ofRemove) listener.remove?.(entry, cause, unused)
  }

  clear(size: number): void {
    for (const listener of this.#all) listener.clear?.(size)
  }

  cleared(entry: Entry): void {
    for (const listener of this.#all) listener.cleared?.(entry)
  }
}
