/** How much a run does: all that can be said within half an hour, or a first look within two minutes. */

export interface Scale {
  /** Turns of each store. */
  readonly rounds: number
  /** How often a measurement is made again whose floor was noisy. */
  readonly timesAgain: number
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
  /** How the long work is watched: of all stores, and of lembro and the floor alone. */
  readonly stalls: readonly [Stalls, Stalls]
  /** Sessions of a flood. */
  readonly flood: number
  readonly persistence: Persistence
  /** Restarts of the full store, and of the bare program. */
  readonly restarts: number
  /** Processes that require each of the packages. */
  readonly imports: number
  readonly http: { readonly rounds: number; readonly requests: number }
  /** Requests of each kind, and changes that another process waits for. */
  readonly redis: { readonly requests: number; readonly changes: number }
}

interface Persistence {
  readonly rounds: number
  /** Sets, and touches, in one round. */
  readonly operations: number
  /** How long operations come at a steady pace: in one round, and at a full store. */
  readonly seconds: readonly [number, number]
  /** Sessions of the stores that are killed, and of the full one, which is started again, too. */
  readonly sessions: readonly [number, number]
  /** ms between two saves of express-memfilestore. */
  readonly period: number
  /** Runs with the full store, and as many of the same without a file. */
  readonly times: number
}

interface Stalls {
  readonly sessions: number
  /** Runs of lembro and of the floor. */
  readonly times: number
}

export const FULL: Scale = {
  rounds: 15,
  timesAgain: 2,
  batches: 12,
  warmUp: 150,
  sessions: 10_000,
  allShapes: true,
  growth: [10_000, 100_000, 1_000_000],
  weighed: 25_000,
  stalls: [
    { sessions: 200_000, times: 3 },
    { sessions: 1_000_000, times: 3 },
  ],
  flood: 50_000,
  persistence: {
    rounds: 3,
    operations: 100_000,
    seconds: [2, 12],
    sessions: [100_000, 1_000_000],
    period: 5000,
    times: 2,
  },
  restarts: 3,
  imports: 21,
  http: { rounds: 5, requests: 3000 },
  redis: { requests: 100_000, changes: 2000 },
}

export const QUICK: Scale = {
  rounds: 3,
  timesAgain: 0,
  batches: 3,
  warmUp: 20,
  sessions: 2000,
  allShapes: false,
  growth: [1000, 20_000],
  weighed: 5000,
  stalls: [
    { sessions: 10_000, times: 2 },
    { sessions: 50_000, times: 1 },
  ],
  flood: 10_000,
  persistence: {
    rounds: 1,
    operations: 5000,
    seconds: [0.5, 2],
    sessions: [5000, 20_000],
    period: 500,
    times: 1,
  },
  restarts: 2,
  imports: 5,
  http: { rounds: 2, requests: 250 },
  redis: { requests: 20_000, changes: 100 },
}
