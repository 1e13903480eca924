/** Whose a session is: what the options `owner` and `client` say, and what lembro sees without them. */

import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'
import type { SessionData } from 'express-session'
import { badReturn } from './check'

/** What an `owner` option may return: a name, `true` for signed in without one, nothing for anonymous. */
export type OwnerName = string | number | boolean | null | undefined

/** The name of a signed-in user; `true` for one without a name. */
export type Owner = string | true

type ClientOption = (req: IncomingMessage) => string | null | undefined
type Fault = (thrown: unknown) => void

const { propertyIsEnumerable: isOwn } = Object.prototype

/** Where applications and well-known libraries keep who is signed in, after passport. AdminJS has `adminUser`. */
const FIELDS = ['userId', 'user', 'user_id', 'adminUser'] as const

/**
 * The default of the `owner` option: passport's `passport.user`, then `userId`, `user`, `user_id` and
 * AdminJS' `adminUser`; each a text, a number (0 too), or an object with such an `id` or `_id`. Then
 * the `homeAccountId` of MSAL's `account`, and the subject of the token that keycloak-connect or
 * express-openid-connect keeps. All are read as the stored
 * session has them: what `toJSON` gives, and no inherited property. A Mongoose document's `id` is a
 * getter that JSON drops; its `_id` stays.
 *
 * An object without an id counts as signed in without a name (`true`: it can't be listed by owner)
 * if it says anything but no; `{}` and `{ loggedIn: false }` are nobody.
 */
export function defaultOwner(session: SessionData): OwnerName {
  const passport = stored(session, 'passport')
  const user = isObject(passport) ? stored(passport, 'user') : undefined
  let owner = nameOf(user)
  for (let n = 0; owner === undefined && n < FIELDS.length; n++) {
    owner = nameOf(stored(session, FIELDS[n] as string))
  }
  return owner ?? ofMsal(stored(session, 'account')) ?? ofKeycloak(session) ?? ofOpenid(session)
}

// An `account` of an application's own may be anything: MSAL's has this id.
function ofMsal(account: unknown): OwnerName {
  const id = isObject(account) ? stored(account, 'homeAccountId') : undefined
  return isOwnerName(id) ? id : undefined
}

/** keycloak-connect keeps the answer of the token endpoint as JSON, with an access token in it. */
function ofKeycloak(session: object): OwnerName {
  const grant = stored(session, 'keycloak-token')
  return typeof grant === 'string' ? subjectOf(() => JSON.parse(grant).access_token) : undefined
}

/** express-openid-connect keeps `{ header, data }`, with an id token in the data. */
function ofOpenid(session: object): OwnerName {
  const [header, data] = [stored(session, 'header'), stored(session, 'data')]
  const token = isObject(header) && isObject(data) ? stored(data, 'id_token') : undefined
  return typeof token === 'string' ? subjectOf(() => token) : undefined
}

/** The subject of a JWT; `true` for one that can't be read: somebody is signed in all the same. */
function subjectOf(tokenOf: () => unknown): OwnerName {
  try {
    const [, claims = ''] = String(tokenOf()).split('.')
    const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    return isOwnerName(sub) ? sub : true
  } catch {
    return true
  }
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
  const ask = (session: SessionData) => {
    const { req } = session as { req?: IncomingMessage | null }
    return req == null ? undefined : checkedClient((client as ClientOption)(req))
  }
  return asking(client && ask, fault)
}

/** Asks the application of a session, with what more it needs to know; what that throws goes to `fault` the first time. */
export function asking<Answer, More = void>(
  ask: ((session: SessionData, more: More) => Answer) | undefined,
  fault: Fault,
): (session: SessionData, more: More) => Answer | undefined {
  if (ask === undefined) return () => undefined
  let told = false
  return (session, more) => {
    try {
      return ask(session, more)
    } catch (thrown) {
      if (!told) fault(thrown)
      told = true
      return undefined
    }
  }
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

/**
 * The client of a request, for the option `client`: its IPv4 address, also where that came mapped into
 * IPv6; of an IPv6 address the first 64 bits, since one client has all addresses of such a network. It
 * reads `req.ip`, which Express takes from a proxy if `trust proxy` is set, or else the address of the
 * connection. `undefined` if there is none, as over a Unix socket.
 */
export function clientOf(req: IncomingMessage & { readonly ip?: unknown }): string | undefined {
  const address = String(req.ip ?? req.socket?.remoteAddress).split('%', 1)[0] as string
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return undefined
  const groups = groupsOf(address)
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped) return bytesOf(groups.slice(6)).join('.')
  const network = groups.slice(0, 4).map((group) => group.toString(16))
  return `${network.join(':')}::/64`
}

/** The eight groups of an IPv6 address, which may have `::` in it, and an IPv4 address at its end. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/[\d.]+\.\d+$/, (ipv4) => {
    const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number]
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [before = [], after = []] = hex
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))))
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  return [...before, ...zeros, ...after]
}

function bytesOf(groups: readonly number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 255])
}
