/**
 * What takes sessions out by itself, a slice at a time: the purge of those whose time has passed, on a
 * timer that runs only while there are sessions; and the trim to a goal.
 */

import type { Calls, End } from './call'
import { type Clock, inSlices } from './clock'
import type { Ledger } from './ledger/ledger'
import type { PurgeReport, ReduceReport } from './stats'

/** The share of the budget that a trim leaves by default. */
export const DEFAULT_SHARE = 0.75

/** A sweep of the ledger. Only one of a kind runs at a time: a caller who asks meanwhile joins it. */
class Sweep<Report> {
  readonly #clock: Clock
  readonly #step: () => boolean
  readonly #finished: (ms: number) => Report
  #waiting: ((report: Report) => void)[] = []
  running = false

  /** `step` does a little and returns whether there is more to do; `finished` makes the report, from the ms that the sweep took. */
  constructor(clock: Clock, step: () => boolean, finished: (ms: number) => Report) {
    this.#clock = clock
    this.#step = step
    this.#finished = finished
  }

  /** Sweeps, then calls `done`: before it returns, if one slice is enough. */
  run(done?: (report: Report) => void): void {
    if (done !== undefined) this.#waiting.push(done)
    if (this.running) return
    this.running = true
    const began = this.#clock.elapsed()
    inSlices(this.#clock, this.#step, () => this.#end(this.#clock.elapsed() - began))
  }

  #end(ms: number): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.running = false
    const report = this.#finished(ms)
    for (const done of waiting) done(report)
  }
}

export class Purger {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #interval: number
  readonly #sweep: Sweep<PurgeReport>
  #expired = 0
  #cancel: (() => void) | undefined
  #stopped = false

  /** `interval` in ms; `finished` hears the report of each purge. */
  constructor(
    ledger: Ledger,
    clock: Clock,
    calls: Calls,
    interval: number,
    finished: (report: PurgeReport) => void,
  ) {
    this.#ledger = ledger
    this.#clock = clock
    this.#interval = interval
    const step = () => {
      const removed = ledger.expireOne()
      if (removed) this.#expired++
      calls.rest()
      return removed || ledger.hasDue()
    }
    this.#sweep = new Sweep(clock, step, (ms) => {
      const report = { expired: this.#expired, ms }
      this.#expired = 0
      finished(report)
      return report
    })
    ledger.listen({ filled: () => this.#arm() })
  }

  /** Expires all whose time has passed, then calls `done`: before it returns, if there are few. */
  purge(done: (error: Error | null) => void): void {
    this.#sweep.run(() => done(null))
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Arms the timer, now or with the next entry. */
  start(): void {
    this.#stopped = false
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  // Armed only while there is something to expire.
  #arm(): void {
    const off = this.#stopped || this.#interval === Number.POSITIVE_INFINITY
    if (off || this.#cancel !== undefined || this.#ledger.size === 0) return
    this.#cancel = this.#clock.after(this.#interval, () => {
      this.#cancel = undefined
      this.purge(() => this.#arm())
    })
  }
}

export class Reducer {
  readonly #ledger: Ledger
  readonly #sweep: Sweep<ReduceReport>
  #goal = Number.POSITIVE_INFINITY
  #reliefGoal = Number.POSITIVE_INFINITY
  #from = 0
  #evicted = 0

  /**
   * Trims towards the default share of `maxBytes` whenever live entries had to go; `finished` hears the
   * report of each trim.
   */
  constructor(
    ledger: Ledger,
    clock: Clock,
    calls: Calls,
    maxBytes: number,
    finished: (report: ReduceReport) => void,
  ) {
    this.#ledger = ledger
    const step = () => {
      const removed = ledger.shrink(this.#goal) ?? ledger.relieve(this.#reliefGoal)
      if (removed === 'evict') this.#evicted++
      calls.rest()
      return removed !== undefined
    }
    this.#sweep = new Sweep(clock, step, (ms) => {
      const report = { from: this.#from, to: ledger.bytes, evicted: this.#evicted, ms }
      this.#goal = Number.POSITIVE_INFINITY
      this.#reliefGoal = Number.POSITIVE_INFINITY
      finished(report)
      return report
    })
    const relieve = () => {
      this.#reliefGoal = maxBytes * DEFAULT_SHARE
      this.#start()
    }
    ledger.listen({ crowded: () => calls.afterwards(relieve) })
  }

  /** Trims the ledger to `goal` bytes, or to its last entry. Joins a trim under way and may lower its goal. */
  reduce(goal: number, done: End<ReduceReport> = () => {}): void {
    this.#goal = Math.min(this.#goal, goal)
    this.#start((report) => done(null, report))
  }

  #start(done?: (report: ReduceReport) => void): void {
    if (!this.#sweep.running) {
      this.#from = this.#ledger.bytes
      this.#evicted = 0
    }
    this.#sweep.run(done)
  }
}
