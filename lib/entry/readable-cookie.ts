/** Cookies as sessions come with them: express-session's own, from whatever copy of it, and plain ones. */

import { Cookie } from 'express-session'

/** A cookie whose fields can be read. */
export type ReadableCookie = Record<string, unknown>

/** The fields that express-session's cookies have in JSON, in all of its versions so far. */
const FIELDS = new Set([
  ...['originalMaxAge', 'partitioned', 'priority', 'expires', 'secure'],
  ...['httpOnly', 'domain', 'path', 'sameSite'],
])

/** Whether each class of cookies seen so far is express-session's, by its prototype. */
const kinds = new WeakMap<object, boolean>()
/** The prototype that was seen last: an application has one. To look it up in the map costs 50 ns (Node 20). */
let latest: object | undefined

/**
 * Whether a cookie is express-session's own: its fields are then known, and can be read without
 * making another object of them. The application may have another copy of express-session than lembro.
 */
export function isCookie(cookie: object): boolean {
  if (cookie instanceof Cookie) return true
  const prototype: object | null = Object.getPrototypeOf(cookie)
  if (prototype === null || prototype === Object.prototype) return false
  if (prototype === latest) return true
  let known = kinds.get(prototype)
  if (known === undefined) {
    known = isKind(prototype, cookie as { data?: unknown })
    kinds.set(prototype, known)
  }
  if (known) latest = prototype
  return known
}

function isKind(prototype: object, cookie: { data?: unknown }): boolean {
  const own = Object.getOwnPropertyDescriptors(prototype) as Record<string, PropertyDescriptor>
  const isLike = ['data', 'expires', 'maxAge'].every((name) => own[name]?.get !== undefined)
  if (!isLike || typeof own.toJSON?.value !== 'function' || !Object.hasOwn(cookie, '_expires')) {
    return false
  }
  return isPlain(cookie.data) && Object.keys(cookie.data).every((field) => FIELDS.has(field))
}

/**
 * A session's cookie as it can be read: express-session's own, or what JSON would make of another
 * object. `undefined` if there is no object to keep; the session is then kept whole, as it came.
 */
export function readableCookie(cookie: unknown): ReadableCookie | undefined {
  if (!isPlain(cookie)) return undefined
  if (isCookie(cookie)) return cookie
  const plain = typeof cookie.toJSON === 'function' ? cookie.toJSON() : cookie
  return isPlain(plain) ? plain : undefined
}

function isPlain(value: unknown): value is ReadableCookie {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The instant in ms at which a cookie says that it expires; `undefined` if it says none that can be read. */
export function expiryOf(cookie: ReadableCookie | undefined, now: number): number | undefined {
  if (cookie === undefined) return undefined
  const instant = instantOf(cookie.expires)
  if (!Number.isNaN(instant)) return instant
  const { maxAge } = cookie
  return typeof maxAge === 'number' && !Number.isNaN(maxAge) ? now + Math.floor(maxAge) : undefined
}

function instantOf(expires: unknown): number {
  if (expires instanceof Date) return expires.getTime()
  if (typeof expires === 'string') return Date.parse(expires)
  return typeof expires === 'number' ? Math.floor(expires) : Number.NaN
}
