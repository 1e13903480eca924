/** Owns what removes sessions of a shared file by itself: the purge of what has expired, and the trim. Of all processes one at a time does so. */

import type { Core } from '../core'
import { DEFAULT_SHARE } from '../reduce'
import type { PurgeReport, ReduceReport } from '../stats'
import type { SharedFile } from './shared-file'
import type { Turns } from './turns'

/** Ms after which a sweep of a process that was not heard of is taken for ended. */
const LEASE = 5000
/** Sessions that are removed before others have their turn. */
const AT_ONCE = 50

type Change<Value> = (file: SharedFile, now: number) => Value

export class Sweeps {
  readonly #core: Core
  readonly #turns: Turns
  /** What tells this store from those of other processes. */
  readonly #name = Math.ceil(Math.random() * 2 ** 40)
  #cancel: (() => void) | undefined
  #isTrimming = false

  constructor(core: Core, turns: Turns) {
    this.#core = core
    this.#turns = turns
  }

  /** Purges each so many ms, until it is stopped. */
  start(interval: number): void {
    this.stop()
    if (interval === Number.POSITIVE_INFINITY) return
    this.#cancel = this.#core.clock.after(interval, () => {
      this.purge(true).catch(this.#fault)
      this.start(interval)
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Removes all that has expired; if it `isTimed`, unless another process does. */
  async purge(isTimed = false): Promise<PurgeReport> {
    const { clock, stats } = this.#core
    const start = clock.elapsed()
    const expired = await this.#sweep(isTimed, (file, now) => file.expire(AT_ONCE, now))
    const report = { expired, ms: clock.elapsed() - start }
    stats.purged(report)
    return report
  }

  /** Evicts until the sessions take so many bytes, or until one is left. */
  reduce(goal: number): Promise<ReduceReport> {
    return this.#reduce(false, (file) => file.shrink(goal))
  }

  /** Goes down to the default share of the budget after live sessions had to go, unless another process does. */
  trim(): void {
    if (this.#isTrimming) return
    this.#isTrimming = true
    const { maxBytes } = this.#core.settings
    const goal = maxBytes * DEFAULT_SHARE
    const trimming = this.#reduce(true, (file) => file.relieve(goal, maxBytes))
    trimming.catch(this.#fault).finally(() => {
      this.#isTrimming = false
    })
  }

  async #reduce(isTimed: boolean, evict: (file: SharedFile) => boolean): Promise<ReduceReport> {
    const { clock, stats, told } = this.#core
    const start = clock.elapsed()
    const from = await this.#make((file) => file.places.bytes)
    const evicted = await this.#sweep(isTimed, (file) => {
      let count = 0
      while (count < AT_ONCE && evict(file)) count++
      return count
    })
    const to = await this.#make((file) => file.places.bytes)
    const report = { from, to, evicted, ms: clock.elapsed() - start }
    if (evicted > 0 || !isTimed) {
      stats.reduced(report)
      told.announce('reduce', report)
    }
    return report
  }

  /** Repeats a step until it removes fewer than it may. Returns how many were removed. */
  async #sweep(isTimed: boolean, step: Change<number>): Promise<number> {
    let count = 0
    for (let removed = AT_ONCE; removed === AT_ONCE; count += removed) {
      removed = await this.#make((file, now) => {
        const { sums } = file.places
        const isOthers = sums.purging > now && sums.purger !== this.#name
        if (isTimed && isOthers) return 0
        const some = step(file, now)
        if (!isOthers) {
          sums.purger = this.#name
          sums.purging = some === AT_ONCE ? now + LEASE : 0
        }
        return some
      })
    }
    return count
  }

  #make<Value>(change: Change<Value>): Promise<Value> {
    return this.#turns.make([], change)
  }

  readonly #fault = (error: Error) => {
    const { calls } = this.#core
    if (!calls.closed) calls.report(error)
  }
}
