/** The store: express-session's methods, those of the predecessors, and lembro's own. */

import { type InspectOptions, inspect } from 'node:util'
import { type Session, type SessionData, Store } from 'express-session'
import type { Callback } from './call'
import { assemble, type Core, systemWorld, type World } from './core'
import type { Entry } from './entry/entry'
import { DEFAULT_SHARE } from './reduce'
import {
  currentOf,
  type OwnedSession,
  type OwnerOptions,
  type OwnerTarget,
  targetOf,
} from './session/devices'
import { handOn } from './session/link'
import { gather, ownerText } from './session/many'
import { gotKind, toFunction, warnOfWorker } from './settings/check'
import type { LembroOptions } from './settings/options'
import { parseOptions, type Settings } from './settings/settings'
import { toBytes } from './settings/size'
import type { LembroStats, ReduceReport } from './stats'

type Ready = (error: Error | null) => void
export type Sid = string | number
export type SessionsById = Record<string, SessionData>
type Request = Parameters<Store['createSession']>[0]

/** The store in memory, with a clock and files that are handed in: for specs, and for {@link Lembro}. */
export class LembroStore extends Store {
  /** The options as given, completed: `maxSize` in bytes, `interval` and `max` with their defaults. */
  readonly options: Readonly<LembroOptions>
  /** The parts of the store, for the classes of lembro alone. @internal */
  protected core: Core

  /** @internal */
  constructor(settings: Settings, world: World, ready: Ready | undefined) {
    super()
    this.options = settings.given
    this.core = assemble(settings, world, this, ready)
  }

  /** Reads a session; `undefined` if there is none, or it has expired. Fails with what the serializer throws. */
  override get(sid: Sid): Promise<SessionData | undefined>
  override get(sid: Sid, callback: Callback<SessionData | undefined>): void
  override get(sid: Sid, callback?: Callback<SessionData | undefined>) {
    const { calls, sessions } = this.core
    return calls.read(callback, () => (sid === undefined ? undefined : sessions.read(toSid(sid))))
  }

  /**
   * Stores a session, at once. Fails with `ESESSIONTOOBIG` for one larger than `maxEntrySize`, and
   * with what the serializer throws; the stored one then stays. A `Session` that was destroyed since
   * it was loaded is not stored, which is no failure.
   */
  override set(sid: Sid, session: SessionData): Promise<void>
  override set(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override set(sid: Sid, session: SessionData, callback?: Callback) {
    const { calls, sessions } = this.core
    return calls.change(callback, () => sessions.set(toSid(sid), session))
  }

  /** Gives a stored session the cookie and expiry of this one. An absent one is no fault. */
  override touch(sid: Sid, session: SessionData): Promise<void>
  override touch(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override touch(sid: Sid, session: SessionData, callback?: Callback) {
    const { calls, sessions } = this.core
    return calls.change(callback, () => {
      if (sid !== undefined) sessions.touch(toSid(sid), session)
    })
  }

  /** Ends a session, or several. What was loaded from them can't be saved again. An absent one is no fault. */
  override destroy(sid: Sid | readonly Sid[]): Promise<void>
  override destroy(sid: Sid | readonly Sid[], callback: Callback | undefined): void
  override destroy(sid: Sid | readonly Sid[], callback?: Callback) {
    const { calls, sessions } = this.core
    const run = () => {
      const given: readonly Sid[] = Array.isArray(sid) ? sid : [sid]
      const sids = given.filter((each) => each !== undefined).map(toSid)
      for (const each of sids) sessions.destroy(each)
    }
    return calls.change(callback, run, true)
  }

  /** Ends all sessions at once, whatever their number. */
  override clear(): Promise<void>
  override clear(callback: Callback | undefined): void
  override clear(callback?: Callback) {
    const { calls, ledger } = this.core
    return calls.change(callback, () => ledger.clear(), true)
  }

  /** The number of sessions that have not expired. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>) {
    const { calls, purger, ledger } = this.core
    return calls.long<number>(callback, (end) => purger.purge(() => end(null, ledger.size)))
  }

  /**
   * All sessions by id, in an object without a prototype. Read a few ms at a time; copies them all.
   * An object of some 100,000 keys stalls by itself while it grows: 129 ms at a million.
   */
  override all(): Promise<SessionsById>
  override all(callback: Callback<SessionsById>): void
  override all(callback?: Callback<SessionsById>) {
    const { calls, ledger, codec, clock } = this.core
    const none = () => Object.create(null) as SessionsById
    const add = (all: SessionsById, entry: Entry) => {
      all[entry.sid] = codec.decode(entry)
    }
    return calls.long<SessionsById>(callback, (end) => gather(ledger, clock, none, add, end))
  }

  /** express-session's way to make a `Session` of what `get` gave: linked to the entry it came from. */
  override createSession(req: Request, data: SessionData): Session & SessionData {
    return handOn(data, () => super.createSession(req, data))
  }

  /** The ids of all sessions: members, newcomers, strangers who returned, then the others; of each the newest first. */
  ids(): Promise<string[]>
  ids(callback: Callback<string[]>): void
  ids(callback?: Callback<string[]>) {
    const { calls, ledger, clock } = this.core
    const none = () => new Set<string>()
    // One that is used meanwhile comes again, as the newest.
    const add = (sids: Set<string>, { sid }: Entry) => {
      sids.delete(sid)
      sids.add(sid)
    }
    return calls.long<string[]>(callback, (end) =>
      gather(ledger, clock, none, add, (error, sids) => end(error, sids && [...sids].reverse())),
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
    const { calls, reducer, settings } = this.core
    return calls.long<ReduceReport>(after, (end) => {
      const { maxBytes } = settings
      const bytes =
        goal === undefined ? maxBytes * DEFAULT_SHARE : toBytes('to', goal, maxBytes, 'maxSize')
      reducer.reduce(bytes, end)
    })
  }

  /** Expires all sessions whose time has passed, now. */
  prune(): Promise<void>
  prune(callback: Callback | undefined): void
  prune(callback?: Callback) {
    const { calls, purger } = this.core
    return calls.long<void>(callback, (end) => purger.purge(end))
  }

  /** Turns the purge timer on again. */
  startInterval(): void {
    const { calls, purger } = this.core
    if (!calls.closed) purger.start()
  }

  /** Turns the purge timer off. */
  stopInterval(): void {
    this.core.purger.stop()
  }

  /** The ids of one owner's sessions, the newest first. Fails with a `TypeError` for an owner that is neither text nor number. */
  idsOf(owner: string | number): Promise<string[]>
  idsOf(owner: string | number, callback: Callback<string[]>): void
  idsOf(owner: string | number, callback?: Callback<string[]>) {
    const { calls, owners } = this.core
    return calls.read(callback, () => owners.idsOf(ownerText(owner)))
  }

  /**
   * Where an owner is signed in, for the owner to see: the sessions that have not expired, the newest first,
   * each with a handle in place of its id. `current` is the id of the one that asks. Fails with a
   * `TypeError` for an owner or options that it can't read.
   */
  sessionsOf(owner: string | number, options?: OwnerOptions): Promise<OwnedSession[]>
  sessionsOf(owner: string | number, callback: Callback<OwnedSession[]>): void
  sessionsOf(
    owner: string | number,
    options: OwnerOptions | undefined,
    callback: Callback<OwnedSession[]> | undefined,
  ): void
  sessionsOf(owner: string | number, options?: unknown, callback?: Callback<OwnedSession[]>) {
    const [given, after] =
      typeof options === 'function' ? [undefined, options as typeof callback] : [options, callback]
    const { calls, owners } = this.core
    return calls.read(after, () => {
      const current = currentOf(given)
      return owners.sessionsOf(ownerText(owner), current)
    })
  }

  /**
   * Ends the sessions that an owner has now, except the one with the id `except`; or only the one with
   * the handle `only`, as `sessionsOf` gives it. Gives how many it ended. Fails with a `TypeError` for
   * options that it can't read, and ends none then.
   */
  destroyOwner(owner: string | number, options?: OwnerTarget): Promise<number>
  destroyOwner(owner: string | number, callback: Callback<number>): void
  destroyOwner(
    owner: string | number,
    options: OwnerTarget | undefined,
    callback: Callback<number> | undefined,
  ): void
  destroyOwner(owner: string | number, options?: unknown, callback?: Callback<number>) {
    const [given, after] =
      typeof options === 'function' ? [undefined, options] : [options, callback]
    const { calls, owners } = this.core
    return calls.long<number>(after, (end) => {
      owners.signOut(ownerText(owner), targetOf(given), (ended) => {
        calls.committed((error) => end(error, ended), true)
      })
    })
  }

  /** Counts and sizes as they are now, frozen. Costs the same whatever the store holds. */
  stats(): LembroStats {
    const { stats, ledger, settings, persistence } = this.core
    return stats.snapshot(ledger, settings.maxBytes, persistence?.stats())
  }

  /** Brings all that happened so far to the disk, whatever `savePeriod` says. Fails if there is no `saveFile`, and if it can't. */
  save(): Promise<void>
  save(callback: Callback | undefined): void
  save(callback?: Callback) {
    const { calls, persistence } = this.core
    return calls.long<void>(callback, (end) => {
      if (persistence === undefined) throw new Error('save: there is no saveFile')
      persistence.save().then(() => end(null), end)
    })
  }

  /** Turns the timer of `savePeriod` on again. */
  startSaveInterval(): void {
    const { persistence } = this.core
    if (persistence !== undefined) persistence.timed = true
  }

  /** Turns the timer of `savePeriod` off: sessions are still written, the system decides when they are on the disk. */
  stopSaveInterval(): void {
    const { persistence } = this.core
    if (persistence !== undefined) persistence.timed = false
  }

  /**
   * Stops the timers and the methods: a later one fails with `ECLOSED`. Brings everything to the disk
   * and gives the `saveFile` free. Closing again changes nothing.
   */
  close(): Promise<void>
  close(callback: Callback | undefined): void
  close(callback?: Callback) {
    const { calls, purger, persistence } = this.core
    calls.close()
    return calls.later<void>(callback, (end) =>
      calls.whenLoaded(() => {
        purger.stop()
        const closing = persistence?.close() ?? Promise.resolve()
        closing.then(() => end(null), end)
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
        return store.core.purger.stopped
      },
      set stop(stop: boolean) {
        if (stop) store.stopInterval()
        else store.startInterval()
      },
    }
  }

  /** The text of each session by id, as the `sessions` of MemoryStore and express-lembro: a copy, for tests. */
  get sessions(): Record<string, string> {
    const { ledger, codec } = this.core
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

/** The id of a session as text. Throws a `TypeError` for anything but a text or a number. */
export function toSid(sid: unknown): string {
  if (typeof sid === 'string') return sid
  if (typeof sid === 'number') return String(sid)
  throw new TypeError(`sid: expected a string; ${gotKind(sid)}`)
}

/**
 * A session store for express-session that keeps a memory budget.
 *
 * A method takes a callback, called once and asynchronously, or returns a promise without one. What
 * fails goes there, and to the `'error'` listeners. A `set`, `touch` or `destroy` takes effect
 * before it returns: only its callback comes later.
 *
 * With a `saveFile`, methods called before the saved sessions are loaded wait for that, in order. What
 * changes sessions ends once it is saved: a killed process loses nothing that was acknowledged, a
 * power cut no more than `savePeriod`. While the disk fails sessions are served from memory, and
 * `stats().save.saving` is false.
 *
 * Events: `'error'` (error), `'evict'`, `'expire'` and `'destroy'` (sid, departure), `'reduce'` (report).
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
    const heard = callback == null ? undefined : toFunction<Ready>('ready', callback)
    super(parseOptions(given ?? {}), systemWorld, heard)
    warnOfWorker()
  }
}
