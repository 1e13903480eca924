/** The figures of a store that metrics and monitor read: those of `stats()`, each of which a store may lack. */

import type { LembroStats } from '../stats'

/** A store as far as metrics need one. */
export interface MeasuredStore {
  stats(): Figures
}

/** What `stats()` gives. A store without a save file has no `save`, one without Redis no `near`, one with a file of its own no `shared`. */
export type Figures = Lacking<LembroStats>

type Lacking<Stats> = { readonly [Name in keyof Stats]?: PartOf<Stats[Name]> }

// A report of a trim, a purge or a compaction is whole.
type PartOf<Value> = Value extends { readonly ms: number }
  ? Value
  : Value extends object
    ? Lacking<Value>
    : Value
