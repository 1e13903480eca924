/** A session as text and back: the body here, the cookie kept apart from it. */

import type { SessionData } from 'express-session'
import { badReturn, isThenable, quiet } from '../settings/check'
import type { Serializer } from '../settings/options'
import type { ReadableCookie } from './cookie'
import type { Entry } from './entry'
import { flat, narrowed } from './weigh'

export class Codec {
  readonly #serializer: Serializer | undefined

  constructor(serializer: Serializer | undefined) {
    this.#serializer = serializer
  }

  /**
   * The body text of a session, as it can be kept. Without a serializer of the user's, a cookie that
   * is kept apart is left out of it. Throws what the serializer throws, and a `TypeError` when it
   * gives no text.
   */
  encode(session: SessionData, cookie: ReadableCookie | undefined): string {
    const serializer = this.#serializer
    const text: unknown =
      serializer === undefined ? json(session, cookie) : serializer.stringify(session)
    if (typeof text !== 'string') throw badReturn('serializer.stringify', 'a string', text)
    return serializer === undefined ? narrowed(text) : flat(text)
  }

  /**
   * A fresh session, as a round trip of the whole through the serializer would give it; of another
   * `body` than the entry's, if one is given. Throws what the serializer throws.
   */
  decode(entry: Entry, body = entry.body): SessionData {
    return this.withCookie(entry, this.parse(body))
  }

  /** A parsed session with the cookie of its entry. */
  withCookie(entry: Entry, parsed: SessionData): SessionData {
    if (entry.cookie === undefined || typeof parsed !== 'object' || parsed === null) return parsed
    const session = Object.isFrozen(parsed) ? { ...parsed } : parsed
    session.cookie = entry.cookie.read(entry.expiry) as unknown as SessionData['cookie']
    return session
  }

  /**
   * The session that a text holds, as it is. Throws what the serializer throws, apart from a
   * `SyntaxError`, which would quote the text; and a `TypeError` when it gives a promise.
   */
  parse(text: string): SessionData {
    const session = quiet(() => (this.#serializer ?? JSON).parse(text))
    if (isThenable(session)) throw badReturn('serializer.parse', 'a session', session)
    return session
  }

  /** The text of the whole session, as memorystore hands it to `dispose`. Throws as `encode` does. */
  serialized(entry: Entry): string {
    const session = this.decode(entry)
    const text: unknown = (this.#serializer ?? JSON).stringify(session)
    if (typeof text === 'string') return text
    throw badReturn('serializer.stringify', 'a string', text)
  }
}

function json(session: SessionData, cookie: ReadableCookie | undefined): string | undefined {
  // What a class makes of itself is its own affair: the cookie in there is merely not read.
  const whole = cookie === undefined || 'toJSON' in session
  return quiet(() => JSON.stringify(whole ? session : { ...session, cookie: undefined }))
}
