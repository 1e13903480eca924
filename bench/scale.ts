/** How much a run does: all that can be said within some ten minutes, or a first look within one. */

export interface Scale {
  /** Turns of each store. */
  readonly rounds: number
  /** Batches of a hundred operations in each turn. */
  readonly batches: number
  /** Batches that go before, uncounted, until V8 has compiled what it will. */
  readonly warmUp: number
  /** Sessions in a store while operations are timed. */
  readonly sessions: number
  /** Whether all shapes are timed, or the typical alone. */
  readonly allShapes: boolean
  /** The sizes that a store grows through. */
  readonly growth: readonly [number, ...number[]]
  /** Sessions that are weighed. */
  readonly weighed: number
  /** Sessions of which the long work is watched: with all stores, and with lembro and the floor alone. */
  readonly stalls: { readonly all: number; readonly two: number; readonly times: number }
  readonly strangers: number
  readonly http: { readonly rounds: number; readonly requests: number }
}

export const FULL: Scale = {
  rounds: 15,
  batches: 8,
  warmUp: 150,
  sessions: 10_000,
  allShapes: true,
  growth: [10_000, 100_000, 1_000_000],
  weighed: 25_000,
  stalls: { all: 200_000, two: 1_000_000, times: 3 },
  strangers: 50_000,
  http: { rounds: 7, requests: 4000 },
}

export const QUICK: Scale = {
  rounds: 3,
  batches: 3,
  warmUp: 50,
  sessions: 2000,
  allShapes: false,
  growth: [1000, 20_000],
  weighed: 5000,
  stalls: { all: 10_000, two: 50_000, times: 1 },
  strangers: 20_000,
  http: { rounds: 2, requests: 1000 },
}
