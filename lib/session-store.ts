/** express-session's verbs: what every store has, on a core that something else assembled. */

import type { EventEmitter } from 'node:events'
import { type Session, type SessionData, Store } from 'express-session'
import type { Callback } from './call/answers'
import type { Core } from './core'
import type { Entry } from './entry/entry'
import { gather } from './session/gather'
import { handOn, linkOf } from './session/link'
import { toSid } from './settings/check'

export type Sid = string | number
export type SessionsById = Record<string, SessionData>
type Request = Parameters<Store['createSession']>[0]

/** The core of a store: for the classes of lembro alone. @internal */
export let coreOf: (store: SessionStore) => Core

export class SessionStore extends Store {
  readonly #core: Core

  static {
    coreOf = (store) => store.#core
  }

  /** `assemble` gets the store, to which the events go. @internal */
  constructor(assemble: (emitter: EventEmitter) => Core) {
    super()
    this.#core = assemble(this)
  }

  /** Reads a session; `undefined` if there is none, or it has expired. Fails with what the serializer throws. */
  override get(sid: Sid): Promise<SessionData | undefined>
  override get(sid: Sid, callback: Callback<SessionData | undefined>): void
  override get(sid: Sid, callback?: Callback<SessionData | undefined>) {
    const { verbs, sessions } = this.#core
    return verbs.read(callback, () => (sid === undefined ? undefined : sessions.read(toSid(sid))))
  }

  /**
   * Stores a session, at once. Fails with `ESESSIONTOOBIG` for one larger than `maxEntrySize`, and
   * with what the serializer throws; the stored one then stays. A `Session` that was destroyed since
   * it was loaded is not stored, which is no failure.
   */
  override set(sid: Sid, session: SessionData): Promise<void>
  override set(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override set(sid: Sid, session: SessionData, callback?: Callback) {
    return this.#core.verbs.change(callback, () => {
      if (this.#core.sessions.set(toSid(sid), session)) this.#core.trim()
    })
  }

  /** Gives a stored session the cookie and expiry of this one. An absent one is no fault. */
  override touch(sid: Sid, session: SessionData): Promise<void>
  override touch(sid: Sid, session: SessionData, callback: Callback | undefined): void
  override touch(sid: Sid, session: SessionData, callback?: Callback) {
    return this.#core.verbs.change(callback, () => {
      if (sid === undefined) return
      if (this.#core.sessions.touch(toSid(sid), session)) this.#core.trim()
    })
  }

  /** Ends a session, or several. What was loaded from them can't be saved again. An absent one is no fault. */
  override destroy(sid: Sid | readonly Sid[]): Promise<void>
  override destroy(sid: Sid | readonly Sid[], callback: Callback | undefined): void
  override destroy(sid: Sid | readonly Sid[], callback?: Callback) {
    const { verbs, sessions } = this.#core
    const run = () => {
      const given: readonly Sid[] = Array.isArray(sid) ? sid : [sid]
      const sids = given.filter((each) => each !== undefined).map(toSid)
      for (const each of sids) sessions.destroy(each)
    }
    return verbs.change(callback, run, true)
  }

  /** Ends all sessions at once, whatever their number. */
  override clear(): Promise<void>
  override clear(callback: Callback | undefined): void
  override clear(callback?: Callback) {
    const { verbs, ledger, clock } = this.#core
    return verbs.change(callback, () => ledger.clear(clock.now()), true)
  }

  /** The number of sessions that have not expired. */
  override length(): Promise<number>
  override length(callback: Callback<number>): void
  override length(callback?: Callback<number>) {
    const { verbs, purger, ledger } = this.#core
    return verbs.long<number>(callback, (end) => purger.purge(() => end(null, ledger.size)))
  }

  /**
   * All sessions by id, in an object without a prototype. Read a few ms at a time; copies them all.
   * An object of some 100,000 keys stalls by itself while it grows: 129 ms at a million.
   */
  override all(): Promise<SessionsById>
  override all(callback: Callback<SessionsById>): void
  override all(callback?: Callback<SessionsById>) {
    const { verbs, ledger, codec, clock } = this.#core
    const none = () => Object.create(null) as SessionsById
    const add = (all: SessionsById, entry: Entry) => {
      all[entry.sid] = codec.decode(entry)
    }
    return verbs.long<SessionsById>(callback, (end) => gather(ledger, clock, none, add, end))
  }

  /** express-session's way to make a `Session` of what `get` gave: linked to the entry it came from. */
  override createSession(req: Request, data: SessionData): Session & SessionData {
    // First: express-session replaces the cookie of the data.
    const link = linkOf(data)
    return handOn(link, super.createSession(req, data))
  }
}
