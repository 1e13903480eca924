/** A store for `express-openid-connect`, which keeps sessions `{ header, data, cookie }` of its own making. */

import type { SessionData } from 'express-session'
import { type HostedStore, refill, requireHosted } from './hosted'

/** What `express-openid-connect` stores. */
export interface OpenidSession {
  readonly header: object
  readonly data: object
  readonly cookie: { readonly expires: number; readonly maxAge: number }
}

/** What `express-openid-connect` expects as its option `session.store`. */
export interface OpenidStore {
  get(sid: string): Promise<object | undefined>
  set(sid: string, session: OpenidSession): Promise<void>
  destroy(sid: string): Promise<void>
}

/**
 * A store as `express-openid-connect` wants it: `auth({ session: { store: openidStore(store) } })`.
 *
 * A session that was destroyed while a slow request held it stays destroyed: a request saves the same
 * object `data` that it was given.
 */
export function openidStore(store: HostedStore): OpenidStore {
  requireHosted(store)
  const loaded = new WeakMap<object, SessionData>()
  // Each is an `async` function: the host reads from a method's text whether it returns a promise.
  return {
    async get(sid) {
      const session = await store.get(sid)
      const { data } = Object(session) as { data?: unknown }
      if (session === undefined || typeof data !== 'object' || data === null) return undefined
      loaded.set(data, session)
      return { ...session }
    },
    async set(sid, { header, data, cookie: { expires, maxAge } }) {
      const session = loaded.get(data) ?? ({} as SessionData)
      const cookie = { originalMaxAge: maxAge, expires: new Date(expires).toISOString() }
      await store.set(sid, refill(session, { header, data }, cookie))
    },
    async destroy(sid) {
      await store.destroy(sid)
    },
  }
}
