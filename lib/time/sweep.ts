/** A sweep of the ledger, a slice at a time. Only one runs at a time: a caller who asks meanwhile joins it. */

import type { Clock } from './clock'
import { inSlices } from './slices'

export class Sweep<Report> {
  readonly #clock: Clock
  readonly #step: () => boolean
  readonly #finished: (ms: number) => Report
  #waiting: ((report: Report) => void)[] = []
  #running = false

  /** `step` does a little and returns whether there is more to do; `finished` makes the report, from the ms that the sweep took. */
  constructor(clock: Clock, step: () => boolean, finished: (ms: number) => Report) {
    this.#clock = clock
    this.#step = step
    this.#finished = finished
  }

  get running(): boolean {
    return this.#running
  }

  /** Sweeps, then calls `done`: before it returns, if one slice is enough. */
  run(done?: (report: Report) => void): void {
    if (done !== undefined) this.#waiting.push(done)
    if (this.#running) return
    this.#running = true
    const began = this.#clock.elapsed()
    inSlices(this.#clock, this.#step, () => this.#end(this.#clock.elapsed() - began))
  }

  #end(ms: number): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#running = false
    const report = this.#finished(ms)
    for (const done of waiting) done(report)
  }
}
