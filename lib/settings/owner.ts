/** Whose a session is: what the options `owner` and `client` say, and what lembro sees without them. */

import type { IncomingMessage } from 'node:http'
import type { SessionData } from 'express-session'
import { badReturn } from './check'

/** What an `owner` option may return: a name, `true` for signed in without one, nothing for anonymous. */
export type OwnerName = string | number | boolean | null | undefined

/** The name of a signed-in user; `true` for one without a name. */
export type Owner = string | true

type ClientOption = (req: IncomingMessage) => string | null | undefined
type Fault = (thrown: unknown) => void

const { propertyIsEnumerable: isOwn } = Object.prototype

/**
 * The default of the `owner` option: passport's `passport.user`, then `userId`, then `user`; each a
 * text, a number (0 too), or an object with such an `id` or `_id`. All are read as the stored
 * session has them: what `toJSON` gives, and no inherited property. A Mongoose document's `id` is a
 * getter that JSON drops; its `_id` stays.
 *
 * An object without an id counts as signed in without a name (`true`: it can't be listed by owner)
 * if it says anything but no; `{}` and `{ loggedIn: false }` are nobody.
 */
export function defaultOwner(session: SessionData): OwnerName {
  const passport = stored(session, 'passport')
  const user = isObject(passport) ? stored(passport, 'user') : undefined
  return nameOf(user) ?? nameOf(stored(session, 'userId')) ?? nameOf(stored(session, 'user'))
}

function nameOf(user: unknown): OwnerName {
  if (isOwnerName(user)) return user
  if (!isObject(user)) return user === true ? true : undefined
  const id = stored(user, 'id')
  if (isOwnerName(id)) return id
  const _id = stored(user, '_id')
  if (isOwnerName(_id)) return _id
  return Object.keys(user).some((key) => says(stored(user, key))) ? true : undefined
}

/** A property as JSON stores it. */
function stored(holder: object, key: string): unknown {
  const value = (holder as Record<string, unknown>)[key]
  if (value === undefined || !isOwn.call(holder, key)) return undefined
  if (!isObject(value)) return value
  const { toJSON } = value as { toJSON?: (key: string) => unknown }
  return typeof toJSON === 'function' ? toJSON.call(value, key) : value
}

// A function and a symbol are in no JSON.
function says(value: unknown): boolean {
  return Boolean(value) && typeof value !== 'function' && typeof value !== 'symbol'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Whether a value can name an owner: a text that is not empty, or a number. */
export function isOwnerName(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || Number.isFinite(value)
}

/** What an `owner` option returned. Throws a `TypeError` for what is neither a name, nor yes, nor no. */
export function checkedOwner(returned: unknown): OwnerName {
  if (returned === undefined || returned === null || returned === '') return undefined
  if (typeof returned === 'boolean' || isOwnerName(returned)) return returned
  throw badReturn(
    'owner',
    'a string, a number, true, or nothing for an anonymous session',
    returned,
  )
}

/** Asks an `owner` option; `undefined` for none. What that throws goes to `fault` the first time, and the session is anonymous. */
export function askOwner(owner: ((session: SessionData) => unknown) | undefined, fault: Fault) {
  return asking<OwnerName>(owner && ((session) => checkedOwner(owner(session))), fault)
}

/**
 * Asks a `client` option of the request that a live session belongs to; a plain object has none.
 * What it throws goes to `fault` the first time, and the session has no client.
 */
export function askClient(client: ClientOption | undefined, fault: Fault) {
  return asking(client && ((session) => clientOf(client, session)), fault)
}

function asking<Answer>(
  ask: ((session: SessionData) => Answer) | undefined,
  fault: Fault,
): (session: SessionData) => Answer | undefined {
  if (ask === undefined) return () => undefined
  let told = false
  return (session) => {
    try {
      return ask(session)
    } catch (thrown) {
      if (!told) fault(thrown)
      told = true
      return undefined
    }
  }
}

function clientOf(client: ClientOption, session: SessionData): string | undefined {
  const { req } = session as { req?: IncomingMessage | null }
  return req === undefined || req === null ? undefined : checkedClient(client(req))
}

function checkedClient(returned: unknown): string | undefined {
  if (returned === undefined || returned === null || returned === '') return undefined
  if (typeof returned === 'string') return returned
  throw badReturn('client', 'a string, or nothing for one that is not known', returned)
}

/** The owner of a session as an entry has it: `undefined` for an anonymous one. */
export function ownerNamed(name: OwnerName): Owner | undefined {
  if (name === true) return true
  return isOwnerName(name) ? String(name) : undefined
}
