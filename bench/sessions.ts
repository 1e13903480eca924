/** Sessions, their ids and requests, as an application and express-session make them. */

import { randomBytes } from 'node:crypto'
import session, { type Session, type SessionData, type Store } from 'express-session'

declare module 'express-session' {
  interface SessionData {
    userId?: string
    views?: number
    cart?: readonly object[]
    note?: string
  }
}

/** What sessions look like: whether they have an owner, and what they hold beside it. */
export interface Shape {
  readonly owned: boolean
  readonly content: Partial<SessionData>
}

export type Live = Session & SessionData
type Request = Parameters<Store['createSession']>[0]

const ONE_DAY = 86_400_000
const SID_LENGTH = 32
const ITEM = {
  id: 100_234,
  name: 'Espresso cups, set of six',
  quantity: 2,
  price: 24.9,
  gift: false,
}
const WIDE = 'Ваш отзыв сохранён, спасибо. '
const SIGNATURE = 'kYqn3J1Wq0uZ0x5n8Qm7r1cVbT2sD4fG6hJ8kL0pM2o'

/** A session id, as express-session generates it. */
export function newSid(): string {
  return randomBytes(24).toString('base64url')
}

/** The same id as it comes with a request: a fresh slice of the text of a Cookie header. */
export function sidOfRequest(sid: string): string {
  const header = `theme=dark; connect.sid=s%3A${sid}.${SIGNATURE}`
  const value = decodeURIComponent(header.slice(header.indexOf('connect.sid=') + 12))
  return value.slice(2, 2 + SID_LENGTH)
}

/** Makes the `n`th session of a shape live, by express-session's own classes. */
export function newSession(store: Store, sid: string, shape: Shape, n: number): Live {
  const cookie = new session.Cookie()
  cookie.maxAge = ONE_DAY
  cookie.originalMaxAge = ONE_DAY
  const owner = shape.owned ? { userId: `user-${n}` } : {}
  const data = { cookie, ...owner, views: n % 10, ...shape.content }
  return session.Store.prototype.createSession.call(store, requestOf(store, sid), data)
}

/** As much of a request as a session needs. */
export function requestOf(store: Store, sid: string): Request {
  return { sessionID: sid, sessionStore: store } as unknown as Request
}

/** Sessions of so many characters of JSON, apart from the cookie. `wide`: of texts that take two bytes a character. */
export function shapeOf(characters: number, owned = true, wide = false): Shape {
  const base = JSON.stringify({ ...(owned ? { userId: 'user-100000' } : {}), views: 0 }).length
  const room = characters - base - '"note":"",'.length
  const noteOf = (text: string, room: number) =>
    text.repeat(Math.ceil(room / text.length)).slice(0, room)
  if (wide) return { owned, content: { note: noteOf(WIDE, room) } }
  const each = JSON.stringify(ITEM).length + 1
  const items = Math.max(0, Math.floor((room - '"cart":[],'.length) / each))
  const cart = Array.from({ length: items }, (_, i) => ({ ...ITEM, id: 100_234 + i }))
  const left = Math.max(0, room - JSON.stringify({ cart }).length)
  return { owned, content: { cart, note: noteOf('gift wrap, ', left) } }
}

/** The typical session: some 250 characters, signed in. */
export const TYPICAL = shapeOf(250)
