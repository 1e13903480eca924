/** A store whose sessions live in a home of several processes: the methods of any lembro on them. */

import type { SessionData } from 'express-session'
import type { Callback } from '../call'
import type { World } from '../core'
import {
  currentOf,
  type OwnedSession,
  type OwnerOptions,
  type OwnerTarget,
  targetOf,
} from '../session/devices'
import { ownerText } from '../session/many'
import type { Settings } from '../settings/settings'
import type { LembroStats } from '../stats'
import { LembroStore, type SessionsById, type Sid, toSid } from '../store'
import { Directory } from './directory'
import type { Home } from './home'
import type { Loaded } from './near'
import { Tier } from './tier'

const NOTHING = Promise.resolve(undefined)

type Ready = (error: Error | null) => void

const SURROGATE = /[\ud800-\udfff]/
const HALF_PAIR = /\p{Surrogate}/gu

/** An id as Redis has it: half a surrogate pair is no character in UTF-8. Throws a `TypeError` for what is no id. */
function textOf(sid: Sid): string {
  const text = toSid(sid)
  return SURROGATE.test(text) ? text.replace(HALF_PAIR, '\ufffd') : text
}

/** A store before any home: for specs, and for the store before Redis. */
export class HomeStore extends LembroStore {
  readonly #home: Home
  readonly #tier: Tier
  readonly #directory: Directory

  /** @internal */
  constructor(
    home: Home,
    settings: Settings,
    touchAfter: number | undefined,
    world: World,
    ready: Ready | undefined,
  ) {
    super(settings, { ...world, hasHome: true }, undefined)
    const { core } = this
    this.#home = home
    this.#tier = new Tier(core, home, touchAfter, (event, error) => {
      if (error !== undefined) core.calls.report(error)
      // express-session lets requests pass without a session between the two.
      this.emit(event)
    })
    this.#directory = new Directory(core, home, this.#tier)
    home.open(this.#tier).then(
      () => ready && core.calls.end(ready, null),
      (error: Error) => {
        this.emit('disconnect')
        if (ready !== undefined) core.calls.end(ready, error)
        else if (!core.calls.closed) core.calls.report(error)
      },
    )
  }

  /** Reads a session; `undefined` if there is none, or it has expired. */
  override get(sid: Sid): Promise<SessionData | undefined>
  override get(sid: Sid, callback: Callback<SessionData | undefined>): void
  override get(sid: Sid, callback?: Callback<SessionData | undefined>) {
    const { calls } = this.core
    const isText = typeof sid === 'string' && !calls.closed
    const entry = isText ? this.#tier.near.find(textOf(sid)) : undefined
    if (entry !== undefined) return calls.read(callback, () => this.#tier.openNear(entry))
    return this.long<SessionData | undefined, Loaded | undefined>(
      callback,
      () => (sid === undefined ? NOTHING : this.#tier.load(textOf(sid))),
      (loaded) => this.#tier.open(loaded),
    )
  }

  /**
   * Stores a session; it is in Redis when this ends. Fails with `ESESSIONTOOBIG` for one larger than
   * `maxEntrySize`, with what the serializer throws, and while Redis can't be reached; the stored one
   * then stays. A session that was loaded and has ended since, in whatever process, is not stored,
   * which is no failure.
   */
  override set(sid: Sid, session: SessionData): Promise<void>
  override set(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override set(sid: Sid, session: SessionData, callback?: Callback) {
    return this.long<void>(callback, () => this.#tier.saving.save(textOf(sid), session))
  }

  /** Gives a session the expiry of this one, now or, if that is soon enough, with a later touch. An absent one is no fault. */
  override touch(sid: Sid, session: SessionData): Promise<void>
  override touch(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override touch(sid: Sid, session: SessionData, callback?: Callback) {
    return this.long<void>(callback, () => {
      const telling = sid === undefined ? undefined : this.#tier.touch(textOf(sid), session)
      return telling ?? NOTHING
    })
  }

  /** Ends a session, or several, in all processes. What was loaded from them can't be saved again. An absent one is no fault. */
  override destroy(sid: Sid | readonly Sid[]): Promise<void>
  override destroy(sid: Sid | readonly Sid[], callback: Callback | undefined): void
  override destroy(sid: Sid | readonly Sid[], callback?: Callback) {
    const given: readonly Sid[] = Array.isArray(sid) ? sid : [sid]
    return this.long<void>(callback, async () => {
      await this.#tier.destroy(given.filter((each) => each !== undefined).map(textOf))
    })
  }

  /** Fails: there is nothing to save, since each session is there once `set` has ended. */
  override save(): Promise<void>
  override save(callback: Callback | undefined): void
  override save(callback?: Callback) {
    return this.long<void>(callback, async () => {
      throw new Error('save: sessions are saved when they are set, there is nothing else to save')
    })
  }

  /** Throws: the sessions are not in this process. `all()` reads them. */
  override get sessions(): never {
    throw new Error('sessions: they are not in this process: all() reads them')
  }

  /** Ends all sessions that have the prefix. */
  override clear(): Promise<void>
  override clear(callback: Callback | undefined): void
  override clear(callback?: Callback) {
    return this.long<void>(callback, () => this.#tier.clear())
  }

  /** The number of sessions. Looks at every key of the database, some at a time, as `ids` and `all` do. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>) {
    return this.long<number>(callback, async () => (await this.#directory.ids()).length)
  }

  /** All sessions by id, in an object without a prototype. */
  override all(): Promise<SessionsById>
  override all(callback: Callback<SessionsById>): void
  override all(callback?: Callback<SessionsById>) {
    return this.long<SessionsById>(callback, () => this.#directory.all())
  }

  /** The ids of all sessions, in no order. */
  override ids(): Promise<string[]>
  override ids(callback: Callback<string[]>): void
  override ids(callback?: Callback<string[]>) {
    return this.long<string[]>(callback, () => this.#directory.ids())
  }

  /** The ids of one owner's sessions, in all processes; the one that expires last first. */
  override idsOf(owner: string | number): Promise<string[]>
  override idsOf(owner: string | number, callback: Callback<string[]>): void
  override idsOf(owner: string | number, callback?: Callback<string[]>) {
    return this.long<string[]>(callback, async () => this.#directory.idsOf(ownerText(owner)))
  }

  /** Where an owner is signed in, in whatever process; the session that expires last first. */
  override sessionsOf(owner: string | number, options?: OwnerOptions): Promise<OwnedSession[]>
  override sessionsOf(owner: string | number, callback: Callback<OwnedSession[]>): void
  override sessionsOf(
    owner: string | number,
    options: OwnerOptions | undefined,
    callback: Callback<OwnedSession[]> | undefined,
  ): void
  override sessionsOf(
    owner: string | number,
    options?: unknown,
    callback?: Callback<OwnedSession[]>,
  ) {
    const [given, after] =
      typeof options === 'function' ? [undefined, options as typeof callback] : [options, callback]
    return this.long<OwnedSession[]>(after, async () => {
      const current = currentOf(given)
      const asked = current === undefined ? undefined : textOf(current)
      return this.#directory.sessionsOf(ownerText(owner), asked)
    })
  }

  /**
   * Ends the sessions that an owner has now, in all processes, except the one with the id `except`, or only the
   * one with the handle `only`.
   * Gives how many it ended. Fails with a `TypeError` for options that it can't read, and ends none then.
   */
  override destroyOwner(owner: string | number, options?: OwnerTarget): Promise<number>
  override destroyOwner(owner: string | number, callback: Callback<number>): void
  override destroyOwner(
    owner: string | number,
    options: OwnerTarget | undefined,
    callback: Callback<number> | undefined,
  ): void
  override destroyOwner(owner: string | number, options?: unknown, callback?: Callback<number>) {
    const [given, after] =
      typeof options === 'function' ? [undefined, options] : [options, callback]
    return this.long<number>(after, async () => {
      const { except, only } = targetOf(given)
      if (only !== undefined) return this.#directory.destroyOne(ownerText(owner), only)
      const kept = except === undefined ? undefined : textOf(except)
      return this.#directory.destroyOwner(ownerText(owner), kept)
    })
  }

  /** Counts of this process, and what its near cache holds, frozen. */
  override stats(): LembroStats {
    return this.#tier.stats(super.stats())
  }

  /** Stops the timers and the methods, and closes lembro's own connection once the calls under way have ended; the client stays open. */
  override close(): Promise<void>
  override close(callback: Callback | undefined): void
  override close(callback?: Callback) {
    const { calls, purger } = this.core
    calls.close()
    purger.stop()
    return calls.later<void>(callback, (end) => {
      calls
        .ended()
        .then(() => this.#home.close())
        .then(() => end(null), end)
    })
  }

  /** A method that waits for the home; see {@link Calls.awaited}. @internal */
  protected long<Value, Brought = Value>(
    callback: unknown,
    run: () => Promise<Brought>,
    open = (brought: Brought) => brought as unknown as Value,
  ) {
    return this.core.calls.awaited<Value, Brought>(callback, run, open)
  }
}
