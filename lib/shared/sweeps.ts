/** Owns what removes sessions of a shared file by itself: the purge of what has expired, and the trim. Each of their steps is a transaction, so those of several processes never do the same. */

import type { End } from '../call'
import type { Core } from '../core'
import { DEFAULT_SHARE } from '../reduce'
import type { ReduceReport } from '../stats'
import { AT_ONCE, type SharedHome } from './shared-home'

export class Sweeps {
  stopped = false
  readonly #core: Core
  readonly #home: SharedHome
  #cancel: (() => void) | undefined
  #isTrimming = false

  constructor(core: Core, home: SharedHome) {
    this.#core = core
    this.#home = home
    home.crowded = () => this.#trim()
    this.start()
  }

  /** Purges after each `interval`, until it is stopped. */
  start(): void {
    const { clock, settings, calls } = this.#core
    this.stop()
    this.stopped = false
    if (settings.interval === Number.POSITIVE_INFINITY) return
    this.#cancel = clock.after(settings.interval, () => {
      this.purge((error) => error !== null && !calls.closed && calls.report(error))
      this.start()
    })
  }

  stop(): void {
    this.stopped = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Removes all that has expired. */
  purge(done: (error: Error | null) => void): void {
    const { clock, stats } = this.#core
    const start = clock.elapsed()
    const purging = this.#home.sweep((file, now) => {
      const places = file.places.expired(now, AT_ONCE)
      for (const place of places) file.remove(place, 'expire')
      return places.length
    })
    purging.then((expired) => {
      stats.purged({ expired, ms: clock.elapsed() - start })
      done(null)
    }, done)
  }

  /** Removes all that has expired, then evicts until the sessions take so many bytes, or until one is left. */
  reduce(goal: number, done: End<ReduceReport>): void {
    this.purge((error) => {
      if (error === null) this.#reduce(goal, true).then((report) => done(null, report), done)
      else done(error)
    })
  }

  /** Goes down to the default share of the budget after live sessions had to go. */
  #trim(): void {
    const { settings, calls } = this.#core
    if (this.#isTrimming) return
    this.#isTrimming = true
    const trimming = this.#reduce(settings.maxBytes * DEFAULT_SHARE, false)
    trimming
      .catch((error) => calls.closed || calls.report(error))
      .finally(() => {
        this.#isTrimming = false
      })
  }

  async #reduce(goal: number, isAsked: boolean): Promise<ReduceReport> {
    const { clock, stats, told } = this.#core
    const start = clock.elapsed()
    let [from, to] = [0, 0]
    const evicted = await this.#home.sweep((file) => {
      from ||= file.places.bytes
      let count = 0
      while (count < AT_ONCE && file.trim(goal, isAsked)) count++
      to = file.places.bytes
      return count
    })
    const report = { from, to, evicted, ms: clock.elapsed() - start }
    if (evicted > 0 || isAsked) {
      stats.reduced(report)
      told.announce('reduce', report)
    }
    return report
  }
}
