/** The floor: the least that a store in memory can cost, a bare `Map` and `JSON`. */

import session, { type SessionData } from 'express-session'

type Done = (error?: unknown) => void

export class Floor extends session.Store {
  readonly #texts = new Map<string, string>()

  override get(sid: string, callback: (error: unknown, session?: SessionData) => void): void {
    const text = this.#texts.get(sid)
    setImmediate(callback, null, text === undefined ? undefined : JSON.parse(text))
  }

  override set(sid: string, given: SessionData, callback?: Done): void {
    this.#texts.set(sid, JSON.stringify(given))
    if (callback !== undefined) setImmediate(callback, null)
  }

  // The text holds the cookie, so a new cookie needs a new text.
  override touch(sid: string, given: SessionData, callback?: Done): void {
    const text = this.#texts.get(sid)
    if (text !== undefined) {
      const stored = JSON.parse(text)
      stored.cookie = given.cookie
      this.#texts.set(sid, JSON.stringify(stored))
    }
    if (callback !== undefined) setImmediate(callback, null)
  }

  override destroy(sid: string, callback?: Done): void {
    this.#texts.delete(sid)
    if (callback !== undefined) setImmediate(callback, null)
  }
}
