/** Owns what a session of the ledger is as a row, and what a row comes back as: its owner, its expiry and its weight may be others by now. */

import type { SessionData } from 'express-session'
import type { Codec } from '../entry/codec'
import type { CookieJar, KeptCookie } from '../entry/cookie'
import { DatedEntry, Entry } from '../entry/entry'
import { expiryOf, readableCookie } from '../entry/readable-cookie'
import { flat } from '../entry/text'
import type { Ledger } from '../ledger/ledger'
import type { Admission } from '../session/admission'
import type { Expiry } from '../session/expiry'
import { ownerNamed } from '../session/owners'
import type { OwnerName } from '../settings/default-owner'
import type { Settings } from '../settings/settings'
import type { Row, Times } from '../sqlite/rows'
import type { Clock } from '../time/clock'

export interface SavedDependencies {
  readonly settings: Settings
  readonly clock: Clock
  readonly ledger: Ledger
  readonly codec: Codec
  readonly jar: CookieJar
  readonly expiry: Expiry
  readonly admission: Admission
  /** The owner of a session, as the application tells it. */
  readonly ownerOf: (session: SessionData) => OwnerName
}

/** Longer than any tenure: what was imported belongs to known members. */
const LONG = 86_400_000

export class Saved {
  /** The last number that was given to a row or a state of one. */
  last = 0
  /** Whether a session counts from now on, which the file doesn't say yet. */
  isChanged = false
  readonly #needs: SavedDependencies

  constructor(needs: SavedDependencies) {
    this.#needs = needs
  }

  /** The row of an entry as it is now, with a key of its own from now on. */
  rowOf(entry: Entry): Row {
    const { sid, body, cookie, created } = entry
    if (entry.row === 0) entry.row = ++this.last
    return {
      ...this.timesOf(entry),
      ...{ sid, body, created, owner: this.#ownerOf(entry) },
      cookie: cookie === undefined ? null : cookie.attributes.text,
      dated: cookie?.attributes.dated === true ? 1 : 0,
    }
  }

  timesOf(entry: Entry): Times {
    const { unused, held } = this.#needs.ledger.timesOf(entry)
    return {
      ...{ key: entry.row, seq: ++this.last, expires: entry.expiry, held },
      used: this.#needs.clock.now() - unused,
      cookieExpires: entry.cookie?.expires ?? Number.NaN,
    }
  }

  /** Brings a saved session back. Returns whether it is there: not if it has expired, is too large by now, or is older than one of the same id. */
  restore(row: Row): boolean {
    const { clock, jar, ledger } = this.#needs
    const { sid, body, cookie: attributes, dated, expires, cookieExpires } = row
    const former = ledger.find(sid)
    // It came while the file could not be read.
    if (former?.row === 0) return false
    if (former !== undefined) ledger.remove(former, 'invalidate')
    const entry = this.#newEntry(sid, row.created)
    entry.row = row.key
    let cookie: KeptCookie | undefined
    if (attributes !== null) cookie = jar.restore(attributes, dated === 1, cookieExpires)
    const unused = clock.now() - row.used
    return this.#admit(entry, body, cookie, expires, row.owner, unused, row.held)
  }

  /** Brings a session in that comes from elsewhere. Returns as `restore` does. */
  adopt(sid: string, session: unknown): boolean {
    if (typeof session !== 'object' || session === null) return false
    const { clock, codec, expiry, jar, ledger } = this.#needs
    if (ledger.find(sid) !== undefined) return false
    const data = session as SessionData
    const now = clock.now()
    const cookie = readableCookie(data.cookie)
    if ((expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now) return false
    const entry = this.#newEntry(sid, now)
    const expires = expiry.within(entry.created, expiry.of(sid, data, cookie, now))
    const kept = cookie === undefined ? undefined : jar.keep(cookie, expires)
    return this.#admit(entry, codec.encode(data, cookie), kept, expires, 0, 0, LONG)
  }

  #newEntry(sid: string, created: number): Entry {
    const { clock, expiry } = this.#needs
    if (!expiry.needsCreated) return new Entry(flat(sid))
    if (created === 0) this.isChanged = true
    return new DatedEntry(flat(sid), created === 0 ? clock.now() : created)
  }

  #admit(
    entry: Entry,
    text: string,
    cookie: KeptCookie | undefined,
    expires: number,
    named: Row['owner'],
    unused: number,
    held: number,
  ): boolean {
    const { admission, clock, expiry: limits, ledger } = this.#needs
    const now = clock.now()
    const expiry = limits.within(entry.created, expires)
    if (expiry <= now) return false
    entry.body = flat(text)
    entry.cookie = cookie
    entry.expiry = expiry
    const owner = this.#ownerOfRow(entry, named)
    // A cookie that goes by the entry's expiry keeps the one it was saved with.
    const kept = expiry === expires ? cookie : cookie?.at(expires)
    const content = { body: entry.body, cookie: kept, expiry, owner }
    let bytes = ledger.weigh(entry, content)
    if (admission.obstacle(entry, bytes, owner) !== undefined) return false
    if (admission.makeRoomForOwner(entry, owner, now)) bytes = ledger.weigh(entry, content)
    ledger.restore(entry, content, bytes, now, unused, held)
    return true
  }

  #ownerOf(entry: Entry): Row['owner'] {
    const { owner } = entry
    if (this.#needs.settings.owner === undefined) return 0
    return owner === true ? 1 : (owner ?? null)
  }

  #ownerOfRow(entry: Entry, owner: Row['owner']) {
    const { ownerOf, settings } = this.#needs
    if (settings.owner === undefined) return undefined
    if (owner === 0) return ownerNamed(ownerOf(this.#decoded(entry)))
    return owner === 1 ? true : (owner ?? undefined)
  }

  #decoded(entry: Entry): SessionData {
    try {
      return this.#needs.codec.decode(entry)
    } catch {
      // A `get` of this session fails with the same error.
      return {} as SessionData
    }
  }
}
