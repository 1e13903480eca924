/** A walk through all that a ledger holds, while it changes. */

import type { Entry } from '../entry/entry'
import type { LaneWalk } from './lane'

export class LedgerWalk {
  readonly #walks: readonly LaneWalk[]

  constructor(walks: readonly LaneWalk[]) {
    this.#walks = walks
  }

  /** The next entry; `undefined` when every lane is at its end, for those that change lanes too. */
  next(): Entry | undefined {
    for (const walk of this.#walks) {
      const entry = walk.next()
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** Ends the walk. Until then each removal from the ledger costs a little more. */
  end(): void {
    for (const walk of this.#walks) walk.end()
  }
}
