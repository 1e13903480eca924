/** The store: express-session's verbs and lembro's own, assembled from the parts. */

import createDebug from 'debug'
import { type Session, type SessionData, Store } from 'express-session'
import { Answers, type Callback, toError } from './call/answers'
import { Verbs } from './call/verbs'
import { Codec } from './entry/codec'
import { CookieJar } from './entry/cookie'
import type { Entry } from './entry/entry'
import { Ledger } from './ledger/ledger'
import type { Persistence } from './persistence/persistence'
import { Admission } from './session/admission'
import { Alarms } from './session/alarms'
import { Expiry } from './session/expiry'
import { gather } from './session/gather'
import { handOn } from './session/link'
import { askClient, askOwner, Owners } from './session/owners'
import { Notices } from './session/removals'
import { type SessionParts, Sessions } from './session/sessions'
import { got } from './settings/check'
import { isOwnerName } from './settings/default-owner'
import { type LembroOptions, parseOptions, type Settings } from './settings/options'
import { toBytes, toText } from './settings/size'
import { type LembroStats, type ReduceReport, Stats } from './stats'
import { systemClock } from './time/clock'
import { Purger } from './time/purger'
import { DEFAULT_SHARE, Reducer } from './time/reducer'
import { inSlices } from './time/slices'

const debug = createDebug('lembro')
const clock = systemClock

type Sid = string | number
type SessionsById = Record<string, SessionData>
type Request = Parameters<Store['createSession']>[0]

/**
 * A session store for express-session that keeps a memory budget.
 *
 * A verb takes a callback, called once and asynchronously, or returns a promise without one. What
 * fails goes there, and to the `'error'` listeners. A `set`, `touch` or `destroy` takes effect
 * before it returns: only its callback comes later.
 *
 * With a `saveFile`, verbs called before the saved sessions are loaded wait for that, in order. What
 * changes sessions ends once it is saved: a killed process loses nothing that was acknowledged, a
 * power cut no more than `savePeriod`. While the disk fails sessions are served from memory: writes
 * under way fail, later ones succeed without being saved (at `savePeriod: 0` they fail),
 * `stats().save.saving` is false, and all is saved as soon as the disk is back. Where the file can't
 * be used at the start, or its lock can't be made, as on a full disk, `ready` gets the error; where
 * its lock or its folder is taken away later, the `'error'` listeners do. From then on sessions are
 * served from memory until another store is made.
 *
 * Events: `'error'` (error), `'evict'` and `'expire'` (sid, departure), `'reduce'` (report).
 */
export class Lembro extends Store {
  /** The options as given, completed: `maxSize` in bytes, `interval` and `max` with their defaults. */
  readonly options: Readonly<LembroOptions>
  readonly #settings: Settings
  readonly #answers = new Answers(this)
  readonly #stats: Stats
  readonly #owners: Owners
  readonly #ledger: Ledger
  readonly #codec: Codec
  readonly #notices: Notices
  readonly #sessions: Sessions
  readonly #purger: Purger
  readonly #reducer: Reducer
  readonly #persistence: Persistence | undefined
  readonly #verbs: Verbs
  #toldOwnerFault = false

  /**
   * Makes a store; `ready` is called when it can be used, with an error where sessions can't be
   * saved: the store serves all the same. Throws a `TypeError` or `RangeError` for
   * an option that it can't use.
   */
  constructor(options?: LembroOptions | null, ready?: (error: Error | null) => void)
  constructor(ready: (error: Error | null) => void)
  constructor(
    options?: LembroOptions | null | ((error: Error | null) => void),
    ready?: (error: Error | null) => void,
  ) {
    super()
    const settings = parseOptions(typeof options === 'function' ? {} : (options ?? {}))
    const { maxBytes, maxSessions } = settings
    const isPlain = settings.owner === undefined
    const ledger = new Ledger({ maxBytes, maxSessions, isPlain }, clock.now(), (step) =>
      clock.breathe(() => inSlices(clock, step, () => {})),
    )
    const codec = new Codec(settings.serializer)
    const stats = new Stats()
    const owners = new Owners()
    const notices = new Notices(this, this.#answers, codec, clock, settings)
    ledger.listen(owners)
    const atRest = () => notices.flush()
    this.options = settings.given
    this.#settings = settings
    this.#ledger = ledger
    this.#codec = codec
    this.#stats = stats
    this.#owners = owners
    this.#notices = notices
    this.#verbs = new Verbs(this.#answers, atRest)
    this.#purger = new Purger(ledger, clock, settings.interval, atRest, (report) =>
      stats.purged(report),
    )
    this.#reducer = new Reducer(ledger, clock, atRest, (report) => this.#reduced(report))
    const parts = {
      ...{ settings, ledger, owners, codec, stats, notices, clock },
      admission: new Admission(settings, ledger, owners, stats),
      expiry: new Expiry(settings),
      jar: new CookieJar(),
      ownerOf: askOwner(settings.owner, (thrown) => this.#ownerFault(thrown)),
      clientOf: askClient(settings.client, (thrown) => this.#answers.report(toError(thrown))),
    }
    this.#sessions = new Sessions(parts)
    const callback = typeof options === 'function' ? options : ready
    if (settings.saveFile === undefined) {
      this.#attend()
      if (callback !== undefined) this.#answers.give(callback, null)
    } else {
      this.#persistence = persistenceOf(parts, (error) => this.#answers.report(error))
      this.#load(this.#persistence, callback)
    }
  }

  /** Reads a session; `undefined` where there is none, or it has expired. */
  override get(sid: Sid): Promise<SessionData | undefined>
  override get(sid: Sid, callback: Callback<SessionData | undefined>): void
  override get(sid: Sid, callback?: Callback<SessionData | undefined>) {
    return this.#verbs.read(callback, () => this.#sessions.read(String(sid)))
  }

  /**
   * Stores a session, at once. Fails with `ESESSIONTOOBIG` for one larger than `maxEntrySize`, and
   * with what the serializer throws; the stored one then stays. A `Session` that was destroyed since
   * it was loaded is not stored, which is no failure.
   */
  override set(sid: Sid, session: SessionData): Promise<void>
  override set(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override set(sid: Sid, session: SessionData, callback?: Callback) {
    return this.#verbs.change(callback, () => {
      if (sid === undefined || sid === null)
        throw new TypeError(`sid: expected a string; ${got(sid)}`)
      if (this.#sessions.set(String(sid), session)) this.#trim()
    })
  }

  /** Gives a stored session the cookie and expiry of this one. An absent one is no fault. */
  override touch(sid: Sid, session: SessionData): Promise<void>
  override touch(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override touch(sid: Sid, session: SessionData, callback?: Callback) {
    return this.#verbs.change(callback, () => {
      if (this.#sessions.touch(String(sid), session)) this.#trim()
    })
  }

  /** Ends a session, or several. What was loaded from them can't be saved again. An absent one is no fault. */
  override destroy(sid: Sid | readonly Sid[]): Promise<void>
  override destroy(sid: Sid | readonly Sid[], callback: Callback | undefined): void
  override destroy(sid: Sid | readonly Sid[], callback?: Callback) {
    return this.#verbs.change(callback, () => {
      for (const each of Array.isArray(sid) ? sid : [sid]) this.#sessions.destroy(String(each))
    })
  }

  /** Ends all sessions at once, whatever their number. */
  override clear(): Promise<void>
  override clear(callback: Callback | undefined): void
  override clear(callback?: Callback) {
    return this.#verbs.change(callback, () => this.#ledger.clear(clock.now()))
  }

  /** The number of sessions that have not expired. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>) {
    return this.#verbs.long<number>(callback, (end) =>
      this.#purger.purge(() => end(null, this.#ledger.size)),
    )
  }

  /**
   * All sessions by id, in an object without a prototype. Read a few ms at a time; copies them all.
   * An object of some 100,000 keys stalls by itself while it grows: 129 ms at a million.
   */
  override all(): Promise<SessionsById>
  override all(callback: Callback<SessionsById>): void
  override all(callback?: Callback<SessionsById>) {
    return this.#verbs.long<SessionsById>(callback, (end) =>
      gather(
        this.#ledger,
        clock,
        () => Object.create(null) as SessionsById,
        (sessions, entry) => {
          sessions[entry.sid] = this.#codec.decode(entry)
        },
        end,
      ),
    )
  }

  /** The ids of all sessions: members, newcomers, strangers who returned, then the others; of each the newest first. */
  ids(): Promise<string[]>
  ids(callback: Callback<string[]>): void
  ids(callback?: Callback<string[]>) {
    return this.#verbs.long<string[]>(callback, (end) =>
      gather(
        this.#ledger,
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
   * Trims to `to`: bytes, a size such as `'3M'`, or a percentage of `maxSize`; default 75% of it.
   * Expired sessions go first, then as the README's order of eviction says; the last one stays.
   * Gives a report of the trim.
   */
  reduce(to?: number | string): Promise<ReduceReport>
  reduce(callback: Callback<ReduceReport>): void
  reduce(to: number | string | undefined, callback: Callback<ReduceReport> | undefined): void
  reduce(to?: unknown, callback?: Callback<ReduceReport>) {
    const [goal, after] = typeof to === 'function' ? [undefined, to] : [to, callback]
    return this.#verbs.long<ReduceReport>(after, (end) => {
      const { maxBytes } = this.#settings
      const bytes =
        goal === undefined ? maxBytes * DEFAULT_SHARE : toBytes('to', goal, maxBytes, 'maxSize')
      this.#reducer.reduce(bytes, (report) => end(null, report))
    })
  }

  /** Expires all sessions whose time has passed, now. */
  prune(): Promise<void>
  prune(callback: Callback | undefined): void
  prune(callback?: Callback) {
    return this.#verbs.long<void>(callback, (end) => this.#purger.purge(() => end(null)))
  }

  /** Turns the purge timer on again. */
  startInterval(): void {
    if (!this.#verbs.closed) this.#purger.start()
  }

  /** Turns the purge timer off. */
  stopInterval(): void {
    this.#purger.stop()
  }

  /** The ids of one owner's sessions, the newest first. */
  idsOf(owner: string | number): Promise<string[]>
  idsOf(owner: string | number, callback: Callback<string[]>): void
  idsOf(owner: string | number, callback?: Callback<string[]>) {
    return this.#verbs.read(callback, () => {
      const now = clock.now()
      const live = this.#entriesOf(owner).filter((entry) => entry.expiry > now)
      return live.map((entry) => entry.sid).reverse()
    })
  }

  /** Ends all sessions of one owner, except the one with the id `except`. Gives how many it ended. */
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
    return this.#verbs.change(after, () => {
      const { except } = (given ?? {}) as { except?: string }
      const now = clock.now()
      // The expired as well: a slow request must not bring them back.
      const ended = this.#entriesOf(owner).filter((entry) => entry.sid !== except)
      const live = ended.filter((entry) => entry.expiry > now)
      for (const entry of ended) this.#ledger.remove(entry, 'destroy')
      return live.length
    })
  }

  /** Counts and sizes as they are now, frozen. Costs the same whatever the store holds. */
  stats(): LembroStats {
    const save = this.#persistence?.stats()
    return this.#stats.snapshot(this.#ledger, this.#settings.maxBytes, save)
  }

  /** Brings all that happened so far to the disk, whatever `savePeriod` says. Fails where there is no `saveFile`, and where it can't. */
  save(): Promise<void>
  save(callback: Callback | undefined): void
  save(callback?: Callback) {
    return this.#verbs.long<void>(callback, (end) => {
      if (this.#persistence === undefined) throw new Error('save: there is no saveFile')
      this.#persistence.save().then(() => end(null), end)
    })
  }

  /** Turns the timer of `savePeriod` on again. */
  startSaveInterval(): void {
    if (this.#persistence !== undefined) this.#persistence.timed = true
  }

  /** Turns the timer of `savePeriod` off: sessions are still written, the system decides when they are on the disk. */
  stopSaveInterval(): void {
    if (this.#persistence !== undefined) this.#persistence.timed = false
  }

  /**
   * Stops the timers and the verbs: a later one fails with `ECLOSED`. Brings everything to the disk
   * and gives the `saveFile` free. Closing again changes nothing.
   */
  close(): Promise<void>
  close(callback: Callback | undefined): void
  close(callback?: Callback) {
    this.#verbs.close()
    const persistence = this.#persistence
    if (persistence === undefined) {
      this.#purger.stop()
      return this.#answers.give<void>(callback, null, undefined)
    }
    return this.#answers.later<void>(callback, (end) =>
      this.#verbs.whenLoaded(() => {
        this.#purger.stop()
        persistence.close().then(() => end(null), end)
      }),
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** express-session's way to make a `Session` of what `get` gave: linked to the entry it came from. */
  override createSession(req: Request, data: SessionData): Session & SessionData {
    return handOn(data, super.createSession(req, data))
  }

  /** express-lembro's only way to stop its timer: `store.advanced.stop = true`. */
  get advanced(): { stop: boolean } {
    const purger = this.#purger
    const store = this
    return {
      get stop() {
        return purger.stopped
      },
      set stop(stop: boolean) {
        if (stop) store.stopInterval()
        else store.startInterval()
      },
    }
  }

  /** The text of each session by id, as the `sessions` of MemoryStore and express-lembro: a copy, for tests. */
  get sessions(): Record<string, string> {
    const texts: Record<string, string> = Object.create(null)
    const walk = this.#ledger.walk()
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      texts[entry.sid] = this.#codec.serialized(entry)
    }
    walk.end()
    return texts
  }

  #attend(): void {
    this.#ledger.listen(this.#stats)
    this.#ledger.listen(this.#notices)
    this.#ledger.listen(new Alarms(this.#ledger, this.#settings))
  }

  /** Loads the saved sessions; then come those verbs that waited. */
  async #load(persistence: Persistence, ready: ((error: Error | null) => void) | undefined) {
    const go = this.#verbs.waitFor(persistence)
    const error = await persistence.open()
    this.#attend()
    if (ready !== undefined) this.#answers.give(ready, error)
    else if (error !== null) this.#answers.report(error)
    go()
  }

  #entriesOf(owner: unknown): Entry[] {
    if (!isOwnerName(owner))
      throw new TypeError(`owner: expected a string or a number; ${got(owner)}`)
    return this.#owners.entriesOf(String(owner))
  }

  #trim(): void {
    this.#reducer.relieve(this.#settings.maxBytes * DEFAULT_SHARE)
  }

  #reduced(report: ReduceReport): void {
    this.#stats.reduced(report)
    const { from, to, evicted, ms } = report
    debug(
      'reduce: %s to %s, %d evicted in %d ms',
      toText(from),
      toText(to),
      evicted,
      Math.round(ms),
    )
    this.#notices.announce('reduce', report)
  }

  #ownerFault(thrown: unknown): void {
    if (this.#toldOwnerFault) return
    this.#toldOwnerFault = true
    this.#answers.report(toError(thrown))
  }
}

// Required only here, so that a store without a file loads nothing of it.
function persistenceOf(parts: SessionParts, report: (error: Error) => void): Persistence {
  const { Persistence } =
    require('./persistence/persistence') as typeof import('./persistence/persistence')
  return new Persistence(parts, report)
}
