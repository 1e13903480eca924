/** The purge: expires entries whose time has passed, on a lazy timer and in slices. */

import type { Ledger } from '../ledger/ledger'
import type { PurgeReport } from '../stats'
import type { Clock } from './clock'
import { inSlices } from './slices'

type Done = () => void

export class Purger {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #interval: number
  readonly #rest: () => void
  readonly #finished: (report: PurgeReport) => void
  #cancel: (() => void) | undefined
  #stopped = false
  #waiting: Done[] = []
  #running = false

  /** `rest` is called whenever the ledger is at rest; `finished` with the report of each purge. */
  constructor(
    ledger: Ledger,
    clock: Clock,
    interval: number,
    rest: () => void,
    finished: (report: PurgeReport) => void,
  ) {
    this.#ledger = ledger
    this.#clock = clock
    this.#interval = interval
    this.#rest = rest
    this.#finished = finished
    ledger.listen({ put: () => this.#arm() })
  }

  /** Expires all whose time has passed, then calls `done`: before it returns, where there are few. */
  purge(done: Done): void {
    this.#waiting.push(done)
    if (this.#running) return
    this.#running = true
    const began = this.#clock.elapsed()
    let expired = 0
    const step = () => {
      const went = this.#ledger.expireOne(this.#clock.now())
      if (went) expired++
      this.#rest()
      return went || this.#ledger.hasDue(this.#clock.now())
    }
    inSlices(this.#clock, step, () => {
      this.#end({ expired, ms: this.#clock.elapsed() - began })
    })
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

  #end(report: PurgeReport): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#running = false
    this.#finished(report)
    for (const done of waiting) done()
  }
}
