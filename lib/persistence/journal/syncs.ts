/** Owns when segments are synced: on demand and each period, a segment never before the one that it follows. */

import type { Clock } from '../../clock'
import type { Segment } from './segment'

export class Syncs {
  readonly #clock: Clock
  readonly #period: number
  readonly #failed: (error: Error) => void
  /** The segment that holds what no sync covers yet. */
  #unsynced: Segment | undefined
  readonly #underWay = new Set<Promise<void>>()
  #forgotten = 0
  #cancel: (() => void) | undefined
  #timed = true
  /** When the last sync ended, in ms, or `null`. */
  last: number | null = null

  /** `period` in ms: 0 and `Infinity` for no timer. `failed` is called unless what failed was forgotten. */
  constructor(clock: Clock, period: number, failed: (error: Error) => void) {
    this.#clock = clock
    this.#period = period
    this.#failed = failed
  }

  /** Whether there is a sync each period. */
  set timed(timed: boolean) {
    this.#timed = timed
    if (timed) this.arm()
    else this.#cancel?.()
    if (!timed) this.#cancel = undefined
  }

  /** Notes that a segment holds what is to be synced. */
  wrote(segment: Segment): void {
    this.#unsynced = segment
  }

  /** Sets the timer if there is something to sync. */
  arm(): void {
    const off = !this.#timed || this.#period === 0 || this.#period === Number.POSITIVE_INFINITY
    if (off || this.#cancel !== undefined || this.#unsynced === undefined) return
    this.#cancel = this.#clock.after(this.#period, () => {
      this.#cancel = undefined
      this.all()
    })
  }

  /** Syncs everything that is written, and waits for the syncs under way. */
  async all(): Promise<void> {
    // A sync that began before a write ended does not cover that write.
    if (this.#unsynced !== undefined) this.#begin(this.#unsynced)
    await Promise.all(this.#underWay)
  }

  /** Syncs a segment to which nothing more is written, then closes it. Nobody has to wait for that. */
  retire(segment: Segment): void {
    this.all().then(() => segment.close())
  }

  /** Forgets what is not synced: it is given up. */
  forget(): void {
    this.#unsynced = undefined
    this.#forgotten++
  }

  #begin(segment: Segment): void {
    this.#unsynced = undefined
    const forgotten = this.#forgotten
    const before = Promise.all(this.#underWay)
    const sync = before
      .then(() => segment.sync())
      .then(
        () => {
          this.last = this.#clock.now()
        },
        (error) => {
          if (forgotten === this.#forgotten) this.#failed(error)
        },
      )
    this.#underWay.add(sync)
    sync.then(() => this.#underWay.delete(sync))
  }
}
