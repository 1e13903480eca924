/** The store: express-session's verbs, those of the predecessors, and lembro's own. Constructs nothing. */

import { type InspectOptions, inspect } from 'node:util'
import type { Callback } from './call/answers'
import { assemble, systemWorld, type World } from './core'
import { gather } from './session/gather'
import { exceptOf, ownerText, signOut } from './session/sign-out'
import { coreOf, SessionStore } from './session-store'
import { toFunction } from './settings/check'
import type { LembroOptions } from './settings/options'
import { parseOptions, type Settings } from './settings/settings'
import { toBytes } from './settings/size'
import { warnOfWorker } from './settings/worker'
import type { LembroStats, ReduceReport } from './stats'
import { DEFAULT_SHARE } from './time/reducer'

type Ready = (error: Error | null) => void

/** The store in memory, with a clock and files that are handed in: for specs, and for {@link Lembro}. */
export class LembroStore extends SessionStore {
  /** The options as given, completed: `maxSize` in bytes, `interval` and `max` with their defaults. */
  readonly options: Readonly<LembroOptions>

  /** @internal */
  constructor(settings: Settings, world: World, ready: Ready | undefined) {
    super((emitter) => assemble(settings, world, emitter, ready))
    this.options = settings.given
  }

  /** The ids of all sessions: members, newcomers, strangers who returned, then the others; of each the newest first. */
  ids(): Promise<string[]>
  ids(callback: Callback<string[]>): void
  ids(callback?: Callback<string[]>) {
    const { verbs, ledger, clock } = coreOf(this)
    return verbs.long<string[]>(callback, (end) =>
      gather(
        ledger,
        clock,
        () => new Set<string>(),
        (sids, entry) => {
          // One that is used meanwhile comes again, as the newest.
          sids.delete(entry.sid)
          sids.add(entry.sid)
        },
        (error, sids) => end(error, sids && [...sids].reverse()),
      ),
    )
  }

  /**
   * Trims to `to`: bytes, a size such as `'3M'`, or a percentage of `maxSize`. Expired sessions go
   * first, then those of strangers, newcomers and members; the last one stays. Gives a report of the
   * trim. Fails with a `TypeError` or `RangeError` for a `to` that it can't read.
   * @default '75%'
   */
  reduce(to?: number | string): Promise<ReduceReport>
  reduce(callback: Callback<ReduceReport>): void
  reduce(to: number | string | undefined, callback: Callback<ReduceReport> | undefined): void
  reduce(to?: unknown, callback?: Callback<ReduceReport>) {
    const [goal, after] = typeof to === 'function' ? [undefined, to] : [to, callback]
    const { verbs, reducer, settings } = coreOf(this)
    return verbs.long<ReduceReport>(after, (end) => {
      const { maxBytes } = settings
      const bytes =
        goal === undefined ? maxBytes * DEFAULT_SHARE : toBytes('to', goal, maxBytes, 'maxSize')
      reducer.reduce(bytes, (report) => end(null, report))
    })
  }

  /** Expires all sessions whose time has passed, now. */
  prune(): Promise<void>
  prune(callback: Callback | undefined): void
  prune(callback?: Callback) {
    const { verbs, purger } = coreOf(this)
    return verbs.long<void>(callback, (end) => purger.purge(() => end(null)))
  }

  /** Turns the purge timer on again. */
  startInterval(): void {
    const { verbs, purger } = coreOf(this)
    if (!verbs.closed) purger.start()
  }

  /** Turns the purge timer off. */
  stopInterval(): void {
    coreOf(this).purger.stop()
  }

  /** The ids of one owner's sessions, the newest first. Fails with a `TypeError` for an owner that is neither text nor number. */
  idsOf(owner: string | number): Promise<string[]>
  idsOf(owner: string | number, callback: Callback<string[]>): void
  idsOf(owner: string | number, callback?: Callback<string[]>) {
    const { verbs, ledger, clock } = coreOf(this)
    return verbs.read(callback, () => {
      const now = clock.now()
      const live = ledger.entriesOf(ownerText(owner)).filter((entry) => entry.expiry > now)
      return live.map((entry) => entry.sid).reverse()
    })
  }

  /**
   * Ends the sessions that an owner has now, except the one with the id `except`. Gives how many it
   * ended. Fails with a `TypeError` for options that it can't read, and ends none then.
   */
  destroyOwner(owner: string | number, options?: { except?: string | undefined }): Promise<number>
  destroyOwner(owner: string | number, callback: Callback<number>): void
  destroyOwner(
    owner: string | number,
    options: { except?: string | undefined } | undefined,
    callback: Callback<number> | undefined,
  ): void
  destroyOwner(owner: string | number, options?: unknown, callback?: Callback<number>) {
    const [given, after] =
      typeof options === 'function' ? [undefined, options] : [options, callback]
    const core = coreOf(this)
    return core.verbs.long<number>(after, (end) =>
      signOut(core, ownerText(owner), exceptOf(given), (ended) =>
        core.verbs.committed((error) => end(error, ended), true),
      ),
    )
  }

  /** Counts and sizes as they are now, frozen. Costs the same whatever the store holds. */
  stats(): LembroStats {
    const { stats, ledger, settings, persistence } = coreOf(this)
    return stats.snapshot(ledger, settings.maxBytes, persistence?.stats())
  }

  /** Brings all that happened so far to the disk, whatever `savePeriod` says. Fails if there is no `saveFile`, and if it can't. */
  save(): Promise<void>
  save(callback: Callback | undefined): void
  save(callback?: Callback) {
    const { verbs, persistence } = coreOf(this)
    return verbs.long<void>(callback, (end) => {
      if (persistence === undefined) throw new Error('save: there is no saveFile')
      persistence.save().then(() => end(null), end)
    })
  }

  /** Turns the timer of `savePeriod` on again. */
  startSaveInterval(): void {
    const { persistence } = coreOf(this)
    if (persistence !== undefined) persistence.timed = true
  }

  /** Turns the timer of `savePeriod` off: sessions are still written, the system decides when they are on the disk. */
  stopSaveInterval(): void {
    const { persistence } = coreOf(this)
    if (persistence !== undefined) persistence.timed = false
  }

  /**
   * Stops the timers and the verbs: a later one fails with `ECLOSED`. Brings everything to the disk
   * and gives the `saveFile` free. Closing again changes nothing.
   */
  close(): Promise<void>
  close(callback: Callback | undefined): void
  close(callback?: Callback) {
    const { verbs, answers, purger, persistence } = coreOf(this)
    verbs.close()
    if (persistence === undefined) {
      purger.stop()
      return answers.give<void>(callback, null, undefined)
    }
    return answers.later<void>(callback, (end) =>
      verbs.whenLoaded(() => {
        purger.stop()
        persistence.close().then(() => end(null), end)
      }),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** express-lembro's only way to stop its timer: `store.advanced.stop = true`. */
  get advanced(): { stop: boolean } {
    const store = this
    return {
      get stop() {
        return coreOf(store).purger.stopped
      },
      set stop(stop: boolean) {
        if (stop) store.stopInterval()
        else store.startInterval()
      },
    }
  }

  /** The text of each session by id, as the `sessions` of MemoryStore and express-lembro: a copy, for tests. */
  get sessions(): Record<string, string> {
    const { ledger, codec } = coreOf(this)
    const texts: Record<string, string> = Object.create(null)
    const walk = ledger.walk()
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      texts[entry.sid] = codec.serialized(entry)
    }
    walk.end()
    return texts
  }

  /** What `console.log(store)` and `util.inspect` show: counts and sizes, no session and no key. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `${this.constructor.name} ${inspect(this.stats(), options)}`
  }
}

/**
 * A session store for express-session that keeps a memory budget.
 *
 * A verb takes a callback, called once and asynchronously, or returns a promise without one. What
 * fails goes there, and to the `'error'` listeners. A `set`, `touch` or `destroy` takes effect
 * before it returns: only its callback comes later.
 *
 * With a `saveFile`, verbs called before the saved sessions are loaded wait for that, in order. What
 * changes sessions ends once it is saved: a killed process loses nothing that was acknowledged, a
 * power cut no more than `savePeriod`. While the disk fails sessions are served from memory, and
 * `stats().save.saving` is false.
 *
 * Events: `'error'` (error), `'evict'` and `'expire'` (sid, departure), `'reduce'` (report).
 */
export class Lembro extends LembroStore {
  /**
   * Makes a store; `ready` is called when it can be used, with an error if sessions can't be
   * saved: the store serves all the same. Throws a `TypeError` or `RangeError` for
   * an option that it can't use.
   */
  constructor(ready: Ready)
  // The last, since TypeScript reports a mistake against that one.
  constructor(options?: LembroOptions | null, ready?: Ready)
  constructor(options?: LembroOptions | null | Ready, ready?: Ready) {
    const [given, callback] = typeof options === 'function' ? [{}, options] : [options, ready]
    super(parseOptions(given ?? {}), systemWorld, readyOf(callback))
    warnOfWorker()
  }
}

function readyOf(ready: unknown): Ready | undefined {
  return ready === undefined || ready === null ? undefined : toFunction('ready', ready)
}
