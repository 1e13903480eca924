/** Trimming: what `reduce` does, a slice at once and the rest while the event loop breathes. */

import type { Ledger } from '../ledger/ledger'
import type { ReduceReport } from '../stats'
import type { Clock } from './clock'
import { inSlices } from './slices'

/** Of the budget, what a trim leaves by default. */
export const DEFAULT_SHARE = 0.75

type Done = (report: ReduceReport) => void

export class Reducer {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #rest: () => void
  readonly #finished: Done
  #goal = Number.POSITIVE_INFINITY
  #reliefGoal = Number.POSITIVE_INFINITY
  #waiting: Done[] = []
  #running = false

  /** `rest` is called whenever the ledger is at rest; `finished` with the report of each trim. */
  constructor(ledger: Ledger, clock: Clock, rest: () => void, finished: Done) {
    this.#ledger = ledger
    this.#clock = clock
    this.#rest = rest
    this.#finished = finished
  }

  /** Trims the ledger to `goal` bytes, or to its last entry. Joins a trim under way and may lower its goal. */
  reduce(goal: number, done?: Done): void {
    if (done !== undefined) this.#waiting.push(done)
    this.#goal = Math.min(this.#goal, goal)
    if (!this.#running) this.#start()
  }

  /** Trims a ledger that had no room towards `goal`, as far as those who go may go for that. */
  relieve(goal: number): void {
    this.#reliefGoal = Math.min(this.#reliefGoal, goal)
    if (!this.#running) this.#start()
  }

  #start(): void {
    this.#running = true
    const from = this.#ledger.bytes
    const began = this.#clock.elapsed()
    let evicted = 0
    const step = () => {
      const now = this.#clock.now()
      const went =
        this.#ledger.shrink(this.#goal, now) ?? this.#ledger.relieve(this.#reliefGoal, now)
      if (went === 'evict') evicted++
      this.#rest()
      return went !== undefined
    }
    inSlices(this.#clock, step, () => {
      const ms = this.#clock.elapsed() - began
      this.#end({ from, to: this.#ledger.bytes, evicted, ms })
    })
  }

  #end(report: ReduceReport): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#goal = Number.POSITIVE_INFINITY
    this.#reliefGoal = Number.POSITIVE_INFINITY
    this.#running = false
    this.#finished(report)
    for (const done of waiting) done(report)
  }
}
