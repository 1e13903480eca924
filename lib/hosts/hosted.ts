/** What a host that is not express-session hands over, as a store understands it: a session that `get` gave, changed. */

import type { SessionData } from 'express-session'

/** A store as far as hosts need one: lembro in memory, or before Redis. */
export interface HostedStore {
  get(sid: string): Promise<SessionData | undefined>
  set(sid: string, session: SessionData): Promise<void>
  destroy(sid: string): Promise<void>
}

/** Gives a session that `get` gave another content and cookie: the store knows where it came from. */
export function refill(session: SessionData, content: object, cookie: object): SessionData {
  for (const key of Object.keys(session)) Reflect.deleteProperty(session, key)
  return Object.assign(session, content, { cookie })
}
