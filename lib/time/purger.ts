/** The purge: expires entries whose time has passed, a slice at a time, on a timer that runs only while there are entries. */

import type { Ledger } from '../ledger/ledger'
import type { PurgeReport } from '../stats'
import type { Clock } from './clock'
import { Sweep } from './sweep'

export class Purger {
  readonly #ledger: Ledger
  readonly #clock: Clock
  readonly #interval: number
  readonly #sweep: Sweep<PurgeReport>
  #expired = 0
  #cancel: (() => void) | undefined
  #stopped = false

  /** `atRest` is called whenever the ledger is at rest; `finished` with the report of each purge. */
  constructor(
    ledger: Ledger,
    clock: Clock,
    interval: number,
    atRest: () => void,
    finished: (report: PurgeReport) => void,
  ) {
    this.#ledger = ledger
    this.#clock = clock
    this.#interval = interval
    const step = () => {
      const removed = ledger.expireOne(clock.now())
      if (removed) this.#expired++
      atRest()
      return removed || ledger.hasDue(clock.now())
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
  purge(done: () => void): void {
    this.#sweep.run(done)
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
