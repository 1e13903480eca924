/** Trimming: what `reduce` does, a slice at once and the rest while the event loop breathes. */

import type { Ledger } from '../ledger/ledger'
import type { ReduceReport } from '../stats'
import type { Clock } from './clock'
import { Sweep } from './sweep'

/** Of the budget, what a trim leaves by default. */
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
      const went = ledger.shrink(this.#goal, now) ?? ledger.relieve(this.#reliefGoal, now)
      if (went === 'evict') this.#evicted++
      atRest()
      return went !== undefined
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

  /** Trims a ledger that had no room towards `goal`, as far as those who go may go for that. */
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
