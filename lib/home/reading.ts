/** What connect-redis and lembro write of a session, read: its content, its owner, and when it expires. */

import type { Core } from '../core'
import { expiryOf, isoText, readableCookie } from '../entry/cookie'
import { LAST_INSTANT } from '../entry/entry'
import { flat, isWide } from '../entry/weigh'
import type { Incoming } from '../session/incoming'
import { isOwnerName, type Owner, ownerNamed } from '../settings/owner'
import type { HomeSession } from './home'

/** A home counts a session's life in whole seconds, rounded up: expiries less than this apart are equal. */
export const ROUNDING = 1000

/** A session as its home holds it, for the near cache; `undefined` for a text that says there is none. Throws for one that can't be read. */
export function readHomeSession(
  core: Core,
  sid: string,
  { text, left }: HomeSession,
): Incoming | undefined {
  const { intake, settings, clock } = core
  const session: unknown = text === '' ? null : core.codec.parse(text)
  if (session === null) return undefined
  if (typeof session !== 'object') {
    throw new TypeError(`session: expected Redis to hold an object; got a ${typeof session}`)
  }
  const kept = session as Parameters<typeof intake.fromHome>[1]
  const now = clock.now()
  const ends = now + left
  const body = bodyOf(core, text)
  if (settings.ttl !== undefined) return intake.fromHome(sid, kept, ends, body)
  // A touch moves the expiry in the home and leaves the text as it was: the cookie of the text is stale.
  const cookie = readableCookie(kept.cookie)
  const said = cookie?.expires == null ? undefined : expiryOf(cookie, now)
  // Unless that is over: then a touch has moved it by less than the rounding.
  const isSame = said !== undefined && said > now && said <= ends && ends - said < ROUNDING
  const expiry = isSame ? said : ends
  if (said !== undefined && expiry <= LAST_INSTANT && typeof cookie?.expires === 'string') {
    kept.cookie = { ...kept.cookie, expires: isoText(expiry) } as unknown as typeof kept.cookie
  }
  return intake.fromHome(sid, kept, expiry, body)
}

/** A cookie as it begins the text of a session, and what follows it. */
const COOKIE_FIRST = /^\{"cookie":\{(?:[^"{}]|"[^"\\]*")*\}([,}])/

/**
 * The text of a whole session without its cookie, as it is kept near, cut out of it: to make it again
 * of the session takes as long as to parse that. `undefined` if the cookie does not stand first in it.
 */
function bodyOf({ settings }: Core, text: string): string | undefined {
  if (settings.serializer !== undefined) return text
  const [cookie, next] = COOKIE_FIRST.exec(text) ?? []
  if (cookie === undefined) return undefined
  // V8 copies what is put together once it is read: it keeps nothing of the longer text.
  const body = next === ',' ? `{${text.slice(cookie.length)}` : '{}'
  return isWide(text) ? flat(body) : body
}

/** The text of a whole session, put together from its body and its cookie. */
export function textOf({ settings }: Core, { body, cookie, content }: Incoming): string {
  const isWhole = settings.serializer !== undefined || cookie === undefined || 'toJSON' in content
  if (isWhole) return body
  const rest = body === '{}' ? '}' : `,${body.slice(1)}`
  return `{"cookie":${JSON.stringify(content.cookie)}${rest}`
}

/** Whose session a text is. Throws what the serializer throws. */
export function ownerOfText(core: Core, text: string): Owner | undefined {
  const session: unknown = text === '' ? null : core.codec.parse(text)
  const isSession = typeof session === 'object' && session !== null
  return isSession ? ownerNamed(core.intake.ownerOf(session as never)) : undefined
}

/** What an owner is listed under; `undefined` for anonymous, and for one without a name. */
export function nameOf(owner: unknown): string | undefined {
  return isOwnerName(owner) ? String(owner) : undefined
}
