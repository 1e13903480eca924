/** The store in a file that several processes share, and what it removes by itself. */

import type { Callback, End } from '../call'
import { type Core, systemWorld, type World } from '../core'
import { HomeStore } from '../home/home-store'
import { DEFAULT_SHARE } from '../reduce'
import type { LembroStats, ReduceReport } from '../stats'
import { type LembroSqliteOptions, parseSqliteOptions } from './options'
import { AT_ONCE, SharedHome } from './shared-home'

type Ready = (error: Error | null) => void

/** What removes sessions by itself: the purge, and the trim. Each step is a transaction, so those of several processes never do the same. */
class Sweeps {
  stopped = false
  readonly #core: Core
  readonly #home: SharedHome
  #cancel: (() => void) | undefined
  #isReducing = false

  constructor(core: Core, home: SharedHome) {
    this.#core = core
    this.#home = home
    home.evicted = () => this.#trim()
    this.start()
  }

  /** Purges after each `interval`, until it is stopped. */
  start(): void {
    const { clock, settings, calls } = this.#core
    this.stop()
    this.stopped = false
    if (settings.interval === Number.POSITIVE_INFINITY) return
    this.#cancel = clock.globalAfter(settings.interval, () => {
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
    if (this.#isReducing) return
    this.#reduce(settings.maxBytes * DEFAULT_SHARE, false).catch(
      (error) => calls.closed || calls.report(error),
    )
  }

  async #reduce(goal: number, isAsked: boolean): Promise<ReduceReport> {
    const { clock, stats, told } = this.#core
    const start = clock.elapsed()
    let [from, to] = [0, 0]
    this.#isReducing = true
    const reducing = this.#home.sweep((file) => {
      from ||= file.places.bytes
      let count = 0
      while (count < AT_ONCE && file.trim(goal, isAsked)) count++
      to = file.places.bytes
      return count
    })
    const evicted = await reducing.finally(() => {
      this.#isReducing = false
    })
    const report = { from, to, evicted, ms: clock.elapsed() - start }
    if (evicted > 0 || isAsked) {
      stats.reduced(report)
      told.announce('reduce', report)
    }
    return report
  }
}

/** With a clock and a worker that are handed in: for specs, and for {@link Lembro}. */
export class SharedStore extends HomeStore {
  readonly #home: SharedHome

  /** @internal */
  constructor(options: LembroSqliteOptions, world: World, ready: Ready | undefined) {
    const settings = parseSqliteOptions(options)
    const home = new SharedHome(settings, world.clock, world.worker ?? require('./worker-code.js'))
    // The file is what is saved, and has the limits: the ledger has no session.
    const none = Number.POSITIVE_INFINITY
    const unlimited = { saveFile: undefined, absoluteTtl: none, maxEntryBytes: none }
    super(home, { ...settings, ...unlimited }, settings.touchAfter, world, ready)
    this.#home = home
    const sweeps = new Sweeps(this.core, home)
    this.core = { ...this.core, purger: sweeps, reducer: sweeps, persistence: home.turns }
  }

  /** The number of sessions of all processes that have not expired. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>) {
    const { calls, purger } = this.core
    return calls.long<number>(callback, (end) =>
      purger.purge((error) => end(error, this.stats().sessions)),
    )
  }

  /** Brings all that happened so far to the disk, whatever `savePeriod` says. Fails if it can't. */
  override save(): Promise<void>
  override save(callback: Callback | undefined): void
  override save(callback?: Callback) {
    const { calls } = this.core
    return calls.long<void>(callback, (end) => {
      // What this process is about to change comes first.
      const saved = calls.ended().then(() => this.#home.turns.save())
      saved.then(() => end(null), end)
    })
  }

  /** Sessions and bytes of all processes, and the counts of this one, frozen. */
  override stats(): LembroStats {
    // There is no near cache.
    const { near: _, ...own } = super.stats()
    const shared = Object.freeze({ process: process.pid, waiting: this.#home.turns.waiting })
    const sums = this.#home.sums()
    if (sums === undefined) return Object.freeze({ ...own, shared })
    const [anonymous, newcomers, members] = sums.size
    const owned = newcomers + members
    const all = { sessions: anonymous + owned, anonymous, owned, newcomers, members }
    const bytes = sums.bytes[0] + sums.bytes[1] + sums.bytes[2]
    return Object.freeze({ ...own, ...all, bytes, shared })
  }
}

/**
 * A session store for express-session on several processes of one machine, without a server: sessions
 * are in a SQLite file, which each process opens with the same options.
 *
 * Each read asks the file: what another process has acknowledged is seen, and a logout there can't be
 * undone by a slow request here. A killed process loses nothing that it has acknowledged, a power cut no
 * more than `savePeriod`. A change waits while another process writes, for `patience` ms at most.
 *
 * Events: `'error'` (error), `'connect'`, `'disconnect'`; of what this process removes `'evict'`,
 * `'expire'`, `'destroy'`; and `'reduce'`.
 */
export class Lembro extends SharedStore {
  /**
   * Makes a store; `ready` is called once the file can be used, or with the first reason why it can't:
   * lembro goes on trying. Throws a `TypeError` or `RangeError` for an option that it can't use.
   */
  constructor(options: LembroSqliteOptions, ready?: Ready) {
    super(options, systemWorld, ready)
  }
}
