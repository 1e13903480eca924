/** What happened to a store whose sessions live elsewhere, counted. */

import type { LembroStats, NearStats } from '../stats'

export class Counts {
  /** Reads that the near cache answered. */
  hits = 0
  /** Sessions that were fetched. */
  loads = 0
  invalidations = 0
  losses = 0
  sets = 0
  touches = 0
  destroyed = 0

  /** The stats of a store, in which `near` counts only what the near cache holds and lets go. */
  snapshot(near: LembroStats, coherent: boolean): LembroStats {
    const { hits, loads, invalidations, losses, sets, touches, destroyed } = this
    const mine: NearStats = { hits, loads, invalidations, losses, coherent }
    return Object.freeze({ ...near, sets, touches, destroyed, near: Object.freeze(mine) })
  }
}
