/** A session as text and back: the body here, the cookie kept apart from it. */

import type { SessionData } from 'express-session'
import type { Serializer } from '../settings/options'
import type { ReadableCookie } from './cookie'
import type { Entry } from './entry'

export class Codec {
  readonly #serializer: Serializer | undefined

  constructor(serializer: Serializer | undefined) {
    this.#serializer = serializer
  }

  /**
   * The body text of a session. Without a serializer of the user's, a cookie that is kept apart is
   * left out of it. Throws what the serializer throws, and a `TypeError` where it gives no text.
   */
  encode(session: SessionData, cookie: ReadableCookie | undefined): string {
    const text: unknown =
      this.#serializer === undefined ? json(session, cookie) : this.#serializer.stringify(session)
    if (typeof text === 'string') return text
    throw new TypeError(`serializer.stringify: expected it to return a string; got ${typeof text}`)
  }

  /**
   * A fresh session, as a round trip of the whole through the serializer would give it; of another
   * `body` than the entry's, where one is given. Throws what the serializer throws.
   */
  decode(entry: Entry, body = entry.body): SessionData {
    let session = this.parse(body)
    if (entry.cookie !== undefined && typeof session === 'object' && session !== null) {
      if (Object.isFrozen(session)) session = { ...session }
      session.cookie = entry.cookie.read(entry.expiry) as unknown as SessionData['cookie']
    }
    return session
  }

  /** The session that a text holds, as it is. Throws what the serializer throws. */
  parse(text: string): SessionData {
    return (this.#serializer ?? JSON).parse(text)
  }

  /** The text of the whole session, as memorystore hands it to `dispose`. Throws what the serializer throws. */
  serialized(entry: Entry): string {
    return (this.#serializer ?? JSON).stringify(this.decode(entry))
  }
}

function json(session: SessionData, cookie: ReadableCookie | undefined): string | undefined {
  // What a class makes of itself is its own affair: the cookie in there is merely not read.
  if (cookie === undefined || 'toJSON' in session) return JSON.stringify(session)
  return JSON.stringify({ ...session, cookie: undefined })
}
