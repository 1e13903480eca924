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

/** What one sweep does: a little in each step, which returns whether there is more to do; and what it reports, after so many ms. */
interface Pass<Report> {
  step(): boolean
  report(ms: number): Report
}

/** Sweeps of the ledger. Only one of a kind runs at a time: a caller who asks meanwhile joins it. */
class Sweep<Report> {
  #waiting: ((report: Report) => void)[] = []

  constructor(
    private readonly clock: Clock,
    private readonly begin: () => Pass<Report>,
    private readonly finished: (report: Report) => void,
  ) {}

  /** Sweeps, then calls `done`: before it returns, if one slice is enough. */
  run(done: (report: Report) => void): void {
    const isRunning = this.#waiting.length > 0
    this.#waiting.push(done)
    if (isRunning) return
    const began = this.clock.elapsed()
    const { step, report } = this.begin()
    inSlices(this.clock, step, () => {
      const waiting = this.#waiting
      this.#waiting = []
      const told = report(this.clock.elapsed() - began)
      this.finished(told)
      for (const each of waiting) each(told)
    })
  }
}

export class Purger {
  readonly #sweep: Sweep<PurgeReport>
  #cancel: (() => void) | undefined
  stopped = false

  /** `interval` in ms; `finished` hears the report of each purge. */
  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    calls: Calls,
    private readonly interval: number,
    finished: (report: PurgeReport) => void,
  ) {
    const begin = () => {
      let expired = 0
      const step = () => {
        const removed = ledger.expireOne()
        if (removed) expired++
        calls.rest()
        return removed || ledger.hasDue()
      }
      return { step, report: (ms: number) => ({ expired, ms }) }
    }
    this.#sweep = new Sweep(clock, begin, finished)
    ledger.listen({ filled: () => this.#arm() })
  }

  /** Expires all whose time has passed, then calls `done`: before it returns, if there are few. */
  purge(done: (error: Error | null) => void): void {
    this.#sweep.run(() => done(null))
  }

  /** Arms the timer, now or with the next entry. */
  start(): void {
    this.stopped = false
    this.#arm()
  }

  stop(): void {
    this.stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  // Armed only while there is something to expire.
  #arm(): void {
    const off = this.stopped || this.interval === Number.POSITIVE_INFINITY
    if (off || this.#cancel !== undefined || this.ledger.size === 0) return
    this.#cancel = this.clock.globalAfter(this.interval, () => {
      this.#cancel = undefined
      this.purge(() => this.#arm())
    })
  }
}

export class Reducer {
  readonly #sweep: Sweep<ReduceReport>
  /** What was asked for, and what a trim that began by itself goes down to. */
  #goal = Number.POSITIVE_INFINITY
  #reliefGoal = Number.POSITIVE_INFINITY

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
    const begin = () => {
      const from = ledger.bytes
      let evicted = 0
      const step = () => {
        const removed = ledger.shrink(this.#goal) ?? ledger.relieve(this.#reliefGoal)
        if (removed === 'evict') evicted++
        calls.rest()
        return removed !== undefined
      }
      const report = (ms: number) => {
        this.#goal = Number.POSITIVE_INFINITY
        this.#reliefGoal = Number.POSITIVE_INFINITY
        return { from, to: ledger.bytes, evicted, ms }
      }
      return { step, report }
    }
    this.#sweep = new Sweep(clock, begin, finished)
    const relieve = () => {
      this.#reliefGoal = maxBytes * DEFAULT_SHARE
      this.#sweep.run(() => {})
    }
    ledger.listen({ crowded: () => calls.afterwards(relieve) })
  }

  /** Trims the ledger to `goal` bytes, or to its last entry. Joins a trim under way and may lower its goal. */
  reduce(goal: number, done: End<ReduceReport> = () => {}): void {
    this.#goal = Math.min(this.#goal, goal)
    this.#sweep.run((report) => done(null, report))
  }
}
