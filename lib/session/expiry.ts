/** When a session expires: by `ttl`, else by its cookie, else after a day; and never past `absoluteTtl`. */

import type { SessionData } from 'express-session'
import { expiryOf, type ReadableCookie } from '../entry/readable-cookie'
import { keepable } from '../entry/traits'
import { badReturn } from '../settings/check'
import type { LembroOptions } from '../settings/options'
import type { Settings } from '../settings/settings'

/** As in memorystore, for a session whose cookie lasts as long as the browser. */
export const ONE_DAY = 86_400_000

export class Expiry {
  readonly #ttl: Settings['ttl']
  readonly #absoluteTtl: number
  readonly #options: Readonly<LembroOptions>

  constructor(settings: Settings) {
    this.#ttl = settings.ttl
    this.#absoluteTtl = settings.absoluteTtl
    this.#options = settings.given
  }

  /** Whether the instant of creation matters. */
  get needsCreated(): boolean {
    return this.#absoluteTtl !== Number.POSITIVE_INFINITY
  }

  /** The instant at which a session expires, apart from `absoluteTtl`. Throws what the user's `ttl` throws, and a `TypeError` if it gives neither a number nor nothing. */
  of(sid: string, session: SessionData, cookie: ReadableCookie | undefined, now: number): number {
    const ttl = this.#ttlOf(sid, session)
    if (ttl === undefined) return expiryOf(cookie, now) ?? now + ONE_DAY
    return now + Math.floor(ttl)
  }

  /** An expiry as an entry keeps it, or the end of the absolute life of what was created then, if that is sooner. */
  within(created: number, expiry: number): number {
    return keepable(this.needsCreated ? Math.min(expiry, created + this.#absoluteTtl) : expiry)
  }

  #ttlOf(sid: string, session: SessionData): number | undefined {
    const ask = this.#ttl
    if (typeof ask !== 'function') return ask
    const ttl: unknown = ask(this.#options, session, sid)
    if (ttl === undefined || ttl === null) return undefined
    if (typeof ttl === 'number' && !Number.isNaN(ttl)) return Math.max(ttl, 0)
    throw badReturn('ttl', 'a number of ms, or nothing', ttl)
  }
}
