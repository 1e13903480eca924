/** Who a session belongs to by default, and what an `owner` option may say. */

import type { SessionData } from 'express-session'

/** What an `owner` option may return: a name, `true` for signed in without one, nothing for anonymous. */
export type OwnerName = string | number | boolean | null | undefined

/**
 * The default of the `owner` option: passport's `passport.user`, then `userId`, then `user`; each a
 * string, a number, or an object with such an `id`. Where there is a user without any id, the
 * session counts as signed in (`true`), it just can't be listed by owner.
 */
export function defaultOwner(session: SessionData): OwnerName {
  const { passport, userId, user } = session as {
    passport?: { user?: unknown } | null
    userId?: unknown
    user?: unknown
  }
  // Passport takes an id of 0 for a user.
  if (passport?.user === 0) return 0
  return nameOf(passport?.user) ?? nameOf(userId) ?? nameOf(user)
}

function nameOf(user: unknown): OwnerName {
  if (!user) return undefined
  if (isOwnerName(user)) return user
  const { id } = user as { id?: unknown }
  if (isOwnerName(id)) return id
  // An id that is an object in the application, such as MongoDB's, and text once it is stored.
  const { toJSON } = user as { toJSON?: () => unknown }
  const text = typeof toJSON === 'function' ? toJSON.call(user) : undefined
  return isOwnerName(text) ? text : true
}

/** Whether a value can name an owner: a text that is not empty, or a number. */
export function isOwnerName(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || Number.isFinite(value)
}

/** What an `owner` option returned. Throws a `TypeError` for what is neither a name, nor yes, nor no. */
export function checkedOwner(returned: unknown): OwnerName {
  if (returned === undefined || returned === null || returned === '') return undefined
  if (typeof returned === 'boolean' || isOwnerName(returned)) return returned
  const expected = 'a string, a number, true, or nothing for an anonymous session'
  throw new TypeError(`owner: expected the function to return ${expected}; got ${typeof returned}`)
}
