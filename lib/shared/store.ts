/** The store in a file that several processes share. */

import type { Callback } from '../call'
import { systemWorld, type World } from '../core'
import { HomeStore } from '../home/home-store'
import type { LembroStats } from '../stats'
import { type LembroSqliteOptions, parseSqliteOptions } from './options'
import { SharedHome } from './shared-home'
import { Sweeps } from './sweeps'

type Ready = (error: Error | null) => void

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
