/** The trim: evicts down to a goal, one slice at once and the rest after returns to the event loop. */

import type { Ledger } from '../ledger/ledger'
import type { ReduceReport } from '../stats'
import type { Clock } from './clock'
import { Sweep } from './sweep'

/** The share of the budget that a trim leaves by default. */
export const DEFAULT_SHARE = 0.75

export class Reducer {
  readonly #ledger: Ledger
  readonly #sweep: Sweep<ReduceReport>
  #goal = Number.POSITIVE_INFINITY
  #reliefGoal = Number.POSITIVE_INFINITY
  #from = 0
  #evicted = 0

  /** `atRest` is called whenever the ledger is at rest; `finished` with the report of each trim. */
  constructor(
    ledger: Ledger,
    clock: Clock,
    atRest: () => void,
    finished: (report: ReduceReport) => void,
  ) {
    this.#ledger = ledger
    const step = () => {
      const now = clock.now()
      const removed = ledger.shrink(this.#goal, now) ?? ledger.relieve(this.#reliefGoal, now)
      if (removed === 'evict') this.#evicted++
      atRest()
      return removed !== undefined
    }
    this.#sweep = new Sweep(clock, step, (ms) => {
      const report = { from: this.#from, to: ledger.bytes, evicted: this.#evicted, ms }
      this.#goal = Number.POSITIVE_INFINITY
      this.#reliefGoal = Number.POSITIVE_INFINITY
      finished(report)
      return report
    })
  }

  /** Trims the ledger to `goal` bytes, or to its last entry. Joins a trim under way and may lower its goal. */
  reduce(goal: number, done?: (report: ReduceReport) => void): void {
    this.#goal = Math.min(this.#goal, goal)
    this.#start(done)
  }

  /** Trims the ledger towards `goal` bytes after it had no room, but evicts none of those that are within their share of the budget. */
  relieve(goal: number): void {
    this.#reliefGoal = Math.min(this.#reliefGoal, goal)
    this.#start()
  }

  #start(done?: (report: ReduceReport) => void): void {
    if (!this.#sweep.running) {
      this.#from = this.#ledger.bytes
      this.#evicted = 0
    }
    this.#sweep.run(done)
  }
}
