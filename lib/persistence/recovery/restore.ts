/** Owns what a saved session comes back as: its owner, its expiry and its weight may be others by now. */

import type { SessionData } from 'express-session'
import type { Codec } from '../../entry/codec'
import type { CookieJar } from '../../entry/cookie'
import { DatedEntry, Entry } from '../../entry/entry'
import { holderRefOf } from '../../entry/holder'
import { expiryOf, readableCookie } from '../../entry/cookie'
import { flat } from '../../entry/weigh'
import type { Admitted, Ledger } from '../../ledger/ledger'
import type { Admission } from '../../session/sessions'
import type { Expiry } from '../../session/incoming'
import { ownerNamed } from '../../settings/owner'
import type { OwnerName } from '../../settings/owner'
import type { Settings } from '../../settings/settings'
import type { Clock } from '../../clock'
import { UNASKED } from './replay'

export interface RestoreDependencies {
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

export class Restore {
  /** Whether a session counts from now on, which the files don't say yet. */
  isChanged = false
  readonly #needs: RestoreDependencies

  constructor(needs: RestoreDependencies) {
    this.#needs = needs
  }

  /** An entry of a session from elsewhere, not stored yet; `undefined` for what is no session, or has expired. */
  adopt(sid: string, session: unknown): Entry | undefined {
    if (typeof session !== 'object' || session === null) return undefined
    const { clock, codec, expiry, jar } = this.#needs
    const data = session as SessionData
    const now = clock.now()
    const cookie = readableCookie(data.cookie)
    if ((expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now) return undefined
    const entry = expiry.needsCreated ? new DatedEntry(flat(sid), now) : new Entry(flat(sid))
    entry.known = true
    entry.body = codec.encode(data, cookie)
    entry.expiry = expiry.within(entry.created, expiry.of(sid, data, cookie, now))
    entry.cookie = cookie === undefined ? undefined : jar.keep(cookie, entry.expiry)
    return entry
  }

  /** What a saved entry comes back with; `undefined` for one that has expired by now, or is too large by now. */
  admit(entry: Entry): Admitted | undefined {
    const { admission, clock, expiry: limits, ledger, settings, ownerOf } = this.#needs
    const now = clock.now()
    if (entry instanceof DatedEntry && entry.created === 0) {
      entry.created = now
      this.isChanged = true
    }
    const expiry = limits.within(entry.created, entry.expiry)
    if (expiry <= now) return undefined
    if (entry.holder === UNASKED) this.#own(entry, ownerOf(this.#decoded(entry)))
    else if (settings.owner === undefined) this.#own(entry, undefined)
    const { body, owner, holder } = entry
    // A cookie that goes by the entry's expiry keeps the one it was saved with.
    const cookie = expiry === entry.expiry ? entry.cookie : entry.cookie?.at(entry.expiry)
    const content = { body, cookie, expiry, owner, holder }
    let bytes = ledger.weigh(entry, content)
    if (admission.obstacle(entry, bytes, owner) !== undefined) return undefined
    if (admission.makeRoomForOwner(entry, owner, now)) bytes = ledger.weigh(entry, content)
    return { content, bytes, now }
  }

  #own(entry: Entry, name: OwnerName): void {
    const owner = ownerNamed(name)
    entry.owner = owner
    entry.holder = holderRefOf(owner, undefined, entry.body)
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
