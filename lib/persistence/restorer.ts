/** Saved sessions on their way back into the ledger: what has become of them by now. */

import type { SessionData } from 'express-session'
import { expiryOf, readableCookie } from '../entry/cookie'
import { Entry, weigh } from '../entry/entry'
import { flat } from '../entry/text'
import type { Admitted } from '../ledger/ledger'
import type { SessionParts } from '../session/sessions'

export class Restorer {
  readonly #parts: SessionParts

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /**
   * What a saved entry comes back with; `undefined` for one that has expired by now, or is too large
   * by now. `asked`: whether its owner is known, by name.
   */
  admit(entry: Entry, asked: boolean): Admitted | undefined {
    const { admission, clock, expiry: limits, owners } = this.#parts
    const now = clock.now()
    if (!limits.needsCreated) entry.created = 0
    else if (entry.created === 0) entry.created = now
    const expiry = limits.within(entry.created, entry.expiry)
    if (expiry <= now) return undefined
    const owner = owners.named(this.#ownerNameOf(entry, asked), undefined)
    // A cookie that goes by the entry's expiry keeps the one it was saved with.
    const cookie = expiry === entry.expiry ? entry.cookie : entry.cookie?.at(entry.expiry)
    const content = { body: entry.body, cookie, expiry, owner }
    const bytes = weigh(entry.sid, content)
    if (admission.obstacle(entry, bytes, owner) !== undefined) return undefined
    admission.makeRoomForOwner(entry, owner, now)
    return { content, bytes, now }
  }

  /** An entry of a session from elsewhere, not stored yet; `undefined` for none, or one that has expired. */
  adopt(sid: string, session: unknown): Entry | undefined {
    if (typeof session !== 'object' || session === null) return undefined
    const { clock, codec, expiry, jar } = this.#parts
    const data = session as SessionData
    const now = clock.now()
    const cookie = readableCookie(data.cookie)
    if ((expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now) return undefined
    const entry = new Entry(flat(sid))
    if (expiry.needsCreated) entry.created = now
    entry.body = codec.encode(data, cookie)
    entry.expiry = expiry.within(entry.created, expiry.of(sid, data, cookie, now))
    entry.cookie = cookie === undefined ? undefined : jar.keep(cookie, entry.expiry)
    return entry
  }

  #ownerNameOf(entry: Entry, asked: boolean) {
    const { settings, ownerOf } = this.#parts
    if (!asked) return ownerOf(this.#decoded(entry))
    if (settings.owner === undefined || entry.owner === undefined) return undefined
    return entry.owner.name ?? true
  }

  #decoded(entry: Entry): SessionData {
    try {
      return this.#parts.codec.decode(entry)
    } catch {
      // Whoever reads it hears of that.
      return {} as SessionData
    }
  }
}
