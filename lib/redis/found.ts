/** What connect-redis and lembro write of a session, read: its content, its owner, and when it expires. */

import type { Core } from '../core'
import { isoText } from '../entry/iso'
import { expiryOf, readableCookie } from '../entry/readable-cookie'
import type { Incoming } from '../session/intake'
import { isOwnerName } from '../settings/default-owner'
import type { Found } from './home'

/** Redis counts a session's life in whole seconds, rounded up: an expiry that seems so many ms longer may be the same. */
export const ROUNDING = 1000
/** The last instant that a Date can be. */
const LAST_INSTANT = 8.64e15

/** A session as its home holds it, for the near cache. Throws for a text that holds none. */
export function readFound(core: Core, sid: string, { text, left }: Found): Incoming {
  const { codec, intake, settings, clock } = core
  const session: unknown = codec.parse(text)
  if (typeof session !== 'object' || session === null) {
    throw new TypeError(`session: expected Redis to hold an object; got ${typeof session}`)
  }
  const kept = session as Parameters<typeof intake.adopt>[1]
  const now = clock.now()
  const ends = now + left
  if (settings.ttl !== undefined) return intake.adopt(sid, kept, ends)
  // A touch moves the expiry in Redis and leaves the text as it was: the cookie of the text is stale.
  const cookie = readableCookie(kept.cookie)
  const said = cookie?.expires == null ? undefined : expiryOf(cookie, now)
  const expiry = said !== undefined && said <= ends && ends - said <= ROUNDING ? said : ends
  if (said !== undefined && expiry <= LAST_INSTANT && typeof cookie?.expires === 'string') {
    kept.cookie = { ...kept.cookie, expires: isoText(expiry) } as unknown as typeof kept.cookie
  }
  return intake.adopt(sid, kept, expiry)
}

/** The name that a text's session is listed under; `undefined` for none. Throws what the serializer throws. */
export function ownerOfText(core: Core, text: string): string | undefined {
  const session: unknown = core.codec.parse(text)
  const isSession = typeof session === 'object' && session !== null
  return isSession ? listName(core.ownerOf(session as never)) : undefined
}

/** What an owner is listed under; `undefined` for anonymous, and for one without a name. */
export function listName(owner: unknown): string | undefined {
  return isOwnerName(owner) ? String(owner) : undefined
}
