/** A store for `koa-session`: sessions without a cookie, by promises, each call with the context of its request. */

import type { SessionData } from 'express-session'
import { systemClock } from '../clock'
import { got } from '../settings/check'
import { type HostedStore, refill, requireHosted } from './hosted'

/** The last instant that a Date can be. */
const LAST_INSTANT = 8.64e15

/** What `koa-session` passes with each call: the context of the request. */
interface Call {
  readonly ctx?: unknown
}

/** What `koa-session` expects as its option `store`. */
export interface KoaStore {
  get(key: string, maxAge: unknown, call: Call): Promise<object | undefined>
  set(key: string, content: object, maxAge: unknown, call: Call): Promise<void>
  destroy(key: string): Promise<void>
}

/**
 * A store as `koa-session` wants it: `session({ store: koaStore(store) }, app)`.
 *
 * A session expires after the `maxAge` that Koa gives it; with `'session'`, after the `ttl` of the
 * store. A session that was destroyed while a slow request held it stays destroyed: the context tells
 * which session a request has loaded.
 */
export function koaStore(store: HostedStore): KoaStore {
  requireHosted(store)
  const loaded = new WeakMap<object, SessionData>()
  return {
    async get(key, _maxAge, call) {
      const ctx = contextOf(call)
      const session = await store.get(key)
      if (session === undefined) return undefined
      loaded.set(ctx, session)
      const { cookie: _, ...content } = session
      return content
    },
    async set(key, content, maxAge, call) {
      const session = loaded.get(contextOf(call)) ?? ({} as SessionData)
      return store.set(key, refill(session, content, cookieFor(maxAge)))
    },
    destroy: (key) => store.destroy(key),
  }
}

/** Without it, which session a request has loaded is not known, and a slow one would undo a logout. */
function contextOf(call: Call | undefined): object {
  const { ctx } = Object(call) as Call
  if (typeof ctx === 'object' && ctx !== null) return ctx
  const expected = 'the context of the request, as koa-session hands it over from version 6.1 on'
  throw new TypeError(`koaStore: expected ${expected}; ${got(ctx)}`)
}

function cookieFor(maxAge: unknown): object {
  if (typeof maxAge !== 'number' || Number.isNaN(maxAge)) {
    return { originalMaxAge: null, expires: null }
  }
  // An endless one too: Koa takes a `maxAge` of Infinity.
  const expires = Math.max(0, Math.min(systemClock.now() + maxAge, LAST_INSTANT))
  return { originalMaxAge: maxAge, expires: new Date(expires).toISOString() }
}
