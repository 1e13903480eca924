/** A store on lru-cache, as its users write one: JSON, a size for each text, and a bound on their sum. */

import session, { type SessionData } from 'express-session'
import { LRUCache } from 'lru-cache'

type Done = (error?: unknown) => void

const ONE_DAY = 86_400_000

export class LruStore extends session.Store {
  readonly #texts: LRUCache<string, string>

  /** `max` bounds the number of sessions, `maxSize` their characters. */
  constructor({ max, maxSize }: { max?: number | undefined; maxSize: number }) {
    super()
    this.#texts = new LRUCache({
      ...(max === undefined ? {} : { max }),
      maxSize,
      // The wall clock, which the bench sets forward.
      perf: { now: () => Date.now() },
      sizeCalculation: (text, sid) => text.length + sid.length,
    })
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData) => void): void {
    const text = this.#texts.get(sid)
    setImmediate(callback, null, text === undefined ? undefined : JSON.parse(text))
  }

  override set(sid: string, given: SessionData, callback?: Done): void {
    this.#keep(sid, given, given)
    if (callback !== undefined) setImmediate(callback, null)
  }

  override touch(sid: string, given: SessionData, callback?: Done): void {
    const text = this.#texts.get(sid)
    if (text !== undefined) {
      const stored = JSON.parse(text)
      stored.cookie = given.cookie
      this.#keep(sid, stored, given)
    }
    if (callback !== undefined) setImmediate(callback, null)
  }

  override destroy(sid: string, callback?: Done): void {
    this.#texts.delete(sid)
    if (callback !== undefined) setImmediate(callback, null)
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    setImmediate(callback, null, this.#texts.size)
  }

  /** Expires everything whose time has passed. */
  prune(): void {
    this.#texts.purgeStale()
  }

  #keep(sid: string, stored: SessionData, { cookie }: SessionData): void {
    this.#texts.set(sid, JSON.stringify(stored), { ttl: cookie.maxAge ?? ONE_DAY })
  }
}
