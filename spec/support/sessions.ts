/** Sessions to store: plain ones, and live ones as express-session makes them. */

import session, { type SessionData, type Store } from 'express-session'

const { Cookie, Session } = session as unknown as {
  Cookie: new (options?: object) => session.Cookie
  Session: new (req: object, data?: object) => session.Session
}

export type Data = SessionData & Record<string, unknown>

/** A plain session with a cookie of its own. */
export function plainSession(data: object = {}, cookie: object = { maxAge: 60_000 }): Data {
  return { cookie: new Cookie(cookie), ...data } as unknown as Data
}

/** What JSON makes of a session. */
export function roundTrip<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}

/** A request, as much of it as express-session's store methods use. */
export function request(sid: string, store: Store) {
  return { sessionID: sid, sessionStore: store } as unknown as Parameters<Store['createSession']>[0]
}

/** A new live session, not stored yet. */
export function newSession(store: Store, sid: string, data: object = {}): Data {
  const live = new Session(request(sid, store))
  live.cookie = new Cookie({ maxAge: 60_000 })
  return Object.assign(live, data) as unknown as Data
}

/** Loads a live session as a request does; fails if there is none. */
export async function load(store: LoadingStore, sid: string): Promise<Data> {
  const data = await store.get(sid)
  if (data === undefined) throw new Error(`no session ${sid}`)
  return store.createSession(request(sid, store), data) as unknown as Data
}

type LoadingStore = Store & { get(sid: string): Promise<SessionData | undefined> }

/** A session id as express-session hands it over: cut out of a header. */
export function slicedSid(sid: string): string {
  return `connect.sid=s%3A${sid}.signature-of-the-session-id`.slice(16, 16 + sid.length)
}
