/** The figures of a store that metrics and monitor read: those of `stats()`, each of which a store may lack. */

import type { CompactionReport, PurgeReport, ReduceReport } from '../stats'

/** A store as far as metrics need one. */
export interface MeasuredStore {
  stats(): Figures
}

/** What `stats()` gives. A store without a save file has no `save`, one without Redis no `near`. */
export interface Figures {
  readonly sessions?: number
  readonly anonymous?: number
  readonly owned?: number
  readonly newcomers?: number
  readonly members?: number
  readonly bytes?: number
  readonly maxBytes?: number
  readonly hits?: number
  readonly misses?: number
  readonly sets?: number
  readonly touches?: number
  readonly destroyed?: number
  readonly expired?: number
  readonly evicted?: EvictedFigures
  readonly refused?: { readonly tooBig?: number; readonly destroyed?: number }
  readonly conflicts?: number
  readonly reduces?: number
  readonly lastReduce?: ReduceReport | null
  readonly lastPurge?: PurgeReport | null
  readonly lastEvicted?: LastEvictedFigures
  readonly save?: SaveFigures
  readonly near?: NearFigures
}

/** Sessions evicted: `owned` are all that had signed in, `members` those of them that were known for longer. */
export interface EvictedFigures {
  readonly anonymous?: number
  readonly owned?: number
  readonly members?: number
  readonly perOwner?: number
}

/** How long the session that was evicted last had been unused, in ms. */
export interface LastEvictedFigures {
  readonly anonymous?: number | null
  readonly owned?: number | null
}

export interface SaveFigures {
  readonly saving?: boolean
  readonly bytes?: number
  readonly pending?: number
  readonly lastSave?: number | null
  readonly lastCompaction?: CompactionReport | null
  readonly damaged?: number
  readonly unread?: number
}

/** The near cache in front of Redis. */
export interface NearFigures {
  readonly hits?: number
  readonly loads?: number
  readonly invalidations?: number
  readonly losses?: number
  readonly coherent?: boolean
}
