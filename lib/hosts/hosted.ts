/** What hosts other than express-session need of a store, and how they give it back a session that `get` gave. */

import type { SessionData } from 'express-session'
import { requireStore } from '../settings/check'

/** A store as far as hosts need one: lembro in memory, or before Redis. */
export interface HostedStore {
  get(sid: string): Promise<SessionData | undefined>
  set(sid: string, session: SessionData): Promise<void>
  destroy(sid: string): Promise<void>
}

/** Throws a `TypeError` for what is no store, before a request finds that out. */
export function requireHosted(store: HostedStore): void {
  requireStore(store, ['get', 'set', 'destroy'], "a store of lembro's,")
}

/** Gives a session that `get` gave another content and cookie. It keeps its link, by which the store knows its entry. */
export function refill(session: SessionData, content: object, cookie: object): SessionData {
  for (const key of Object.keys(session)) Reflect.deleteProperty(session, key)
  return Object.assign(session, content, { cookie })
}
