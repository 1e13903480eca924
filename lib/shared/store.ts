/** The store in a file that several processes of one machine share. */

import type { Callback } from '../call'
import { systemWorld, type World } from '../core'
import { HomeStore } from '../home/home-store'
import { DEFAULT_SHARE } from '../reduce'
import { toBytes } from '../settings/size'
import type { LembroStats, ReduceReport } from '../stats'
import { type LembroSqliteOptions, parseSqliteOptions } from './options'
import { SharedHome } from './shared-home'
import { Sweeps } from './sweeps'

type Ready = (error: Error | null) => void

/** With a clock and a worker that are handed in: for specs, and for {@link Lembro}. */
export class SharedStore extends HomeStore {
  readonly #home: SharedHome
  readonly #sweeps: Sweeps

  /** @internal */
  constructor(options: LembroSqliteOptions, world: World, ready: Ready | undefined) {
    const settings = parseSqliteOptions(options)
    const home = new SharedHome(settings, world.clock, world.worker ?? require('./worker-code.js'))
    // The file is what is saved, and has the limits: the ledger has no session.
    const none = Number.POSITIVE_INFINITY
    const unlimited = { saveFile: undefined, absoluteTtl: none, maxEntryBytes: none }
    super(home, { ...settings, ...unlimited }, settings.touchAfter, world, ready)
    this.#home = home
    this.#sweeps = new Sweeps(this.core, home.turns)
    home.crowded = () => this.#sweeps.trim()
    this.#sweeps.start(settings.interval)
  }

  /** Expires all sessions whose time has passed, now. */
  override prune(): Promise<void>
  override prune(callback: Callback | undefined): void
  override prune(callback?: Callback) {
    return this.long<void>(callback, async () => {
      await this.#sweeps.purge()
    })
  }

  /** The number of sessions of all processes that have not expired. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>) {
    return this.long<number>(callback, async () => {
      await this.#sweeps.purge()
      return this.#home.turns.make([], (file) => file.places.size)
    })
  }

  /**
   * Trims to `to`: bytes, a size such as `'3M'`, or a percentage of `maxSize`. Strangers' sessions go
   * first, then those of newcomers and members, the longest unused of all processes first. Gives a
   * report of the trim. Fails with a `TypeError` or `RangeError` for a `to` that it can't read.
   * @default '75%'
   */
  override reduce(to?: number | string): Promise<ReduceReport>
  override reduce(callback: Callback<ReduceReport>): void
  override reduce(
    to: number | string | undefined,
    callback: Callback<ReduceReport> | undefined,
  ): void
  override reduce(to?: unknown, callback?: Callback<ReduceReport>) {
    const [goal, after] =
      typeof to === 'function' ? [undefined, to as typeof callback] : [to, callback]
    return this.long<ReduceReport>(after, async () => {
      const { maxBytes } = this.core.settings
      const bytes =
        goal === undefined ? maxBytes * DEFAULT_SHARE : toBytes('to', goal, maxBytes, 'maxSize')
      await this.#sweeps.purge()
      return this.#sweeps.reduce(bytes)
    })
  }

  /** Turns the purge timer of this process on again. */
  override startInterval(): void {
    if (!this.core.calls.closed) this.#sweeps.start(this.core.settings.interval)
  }

  /** Turns the purge timer of this process off. */
  override stopInterval(): void {
    this.#sweeps.stop()
  }

  /** Brings all that happened in this process to the disk, whatever `savePeriod` says. Fails if it can't. */
  override save(): Promise<void>
  override save(callback: Callback | undefined): void
  override save(callback?: Callback) {
    return this.long<void>(callback, () => this.#home.sync())
  }

  /** Turns the timer of `savePeriod` on again. */
  override startSaveInterval(): void {
    this.#home.turns.isTimed = true
  }

  /** Turns the timer of `savePeriod` off: the system decides when what was written is on the disk. */
  override stopSaveInterval(): void {
    this.#home.turns.isTimed = false
  }

  /** Sessions and bytes of all processes, and the counts of this one, frozen. */
  override stats(): LembroStats {
    const sums = this.#home.sums()
    // There is no near cache.
    const { near: _, ...own } = super.stats()
    const shared = { process: process.pid, waiting: this.#home.turns.waiting }
    const save = this.#home.stats()
    const stats = { ...own, save: Object.freeze(save), shared: Object.freeze(shared) }
    if (sums === undefined) return Object.freeze(stats)
    const { size, bytes } = sums
    const [anonymous, newcomers, members] = size
    const owned = newcomers + members
    const all = { sessions: anonymous + owned, anonymous, owned, newcomers, members }
    return Object.freeze({ ...stats, ...all, bytes: bytes[0] + bytes[1] + bytes[2] })
  }

  /** Stops the timers and the methods, brings everything to the disk and closes the file once the calls under way have ended. */
  override close(): Promise<void>
  override close(callback: Callback | undefined): void
  override close(callback?: Callback) {
    this.#sweeps.stop()
    return super.close(callback) as unknown
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
