/** Sessions in and out of the ledger: what a read, a set and a touch mean, and what they refuse. */

import type { SessionData } from 'express-session'
import type { Codec } from '../entry/codec'
import { type CookieJar, type ReadableCookie, readableCookie } from '../entry/cookie'
import { Entry, weigh } from '../entry/entry'
import { flat } from '../entry/text'
import type { Ledger } from '../ledger/ledger'
import { got } from '../settings/check'
import type { OwnerName } from '../settings/default-owner'
import type { Settings } from '../settings/options'
import type { Stats } from '../stats'
import type { Clock } from '../time/clock'
import type { Admission } from './admission'
import type { Expiry } from './expiry'
import { isLive, Link, LiveLink, LoadedLink } from './link'
import { resolveConflict } from './merge'
import type { Owners } from './owners'
import type { Notices } from './removals'

/** The parts that sessions pass through. */
export interface SessionParts {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly owners: Owners
  readonly admission: Admission
  readonly expiry: Expiry
  readonly codec: Codec
  readonly jar: CookieJar
  readonly stats: Stats
  readonly notices: Notices
  readonly clock: Clock
  /** The owner of a session, as the application tells it. */
  readonly ownerOf: (session: SessionData) => OwnerName
  /** Where the request of a live session comes from, as the application tells it. */
  readonly clientOf: (session: SessionData) => string | undefined
}

/** A session on its way in. */
interface Incoming {
  readonly cookie: ReadableCookie | undefined
  readonly body: string
  readonly expiry: number
  readonly owner: OwnerName
  readonly client: string | undefined
}

export class Sessions {
  readonly #parts: SessionParts

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  /** A fresh session, linked to its entry; `undefined` where there is none. Throws what the serializer throws. */
  read(sid: string): SessionData | undefined {
    const { ledger, stats, settings, clock } = this.#parts
    const entry = ledger.find(sid)
    const expired = entry !== undefined && entry.expiry <= clock.now()
    if (expired) ledger.remove(entry, 'expire')
    if (entry === undefined || (expired && !settings.stale)) {
      stats.misses++
      return undefined
    }
    stats.hits++
    const session = this.#parts.codec.decode(entry)
    if (typeof session === 'object' && session !== null) {
      LoadedLink.stamp(session, new Link(ledger, entry, ledger.era, entry.body, entry.body))
    }
    return session
  }

  /**
   * Stores a session. Returns whether live ones had to make room. Throws for one that can't be
   * stored; what is stored then stays as it is.
   */
  set(sid: string, given: SessionData | string): boolean {
    const { ledger, stats, codec, settings, clock } = this.#parts
    // express-lembro takes a session that is text already.
    const session = typeof given === 'string' ? codec.parse(given) : given
    if (typeof session !== 'object' || session === null) {
      throw new TypeError(`session: expected an object; ${got(session)}`)
    }
    const link = this.#linkOf(sid, session)
    const now = clock.now()
    let incoming = this.#incoming(sid, session, now)
    if (this.#refused(link)) return false
    let stored = this.#live(sid, link, now)
    const { body } = incoming
    if (stored !== undefined && link !== undefined && stored.body !== link.base) {
      if (stored.body !== link.seen) stats.conflicts++
      if (settings.onConflict !== 'overwrite') {
        const resolved = resolveConflict(settings.onConflict, codec, link, stored, session, body)
        incoming = this.#incoming(sid, resolved, now)
        if (this.#refused(link)) return false
        stored = this.#live(sid, link, now)
      }
    }
    const entry = stored ?? link?.entry ?? this.#newEntry(sid, now)
    const crowded = this.#store(entry, incoming, now)
    if (link !== undefined || isLive(session)) {
      LiveLink.stamp(session, new Link(ledger, entry, ledger.era, body, entry.body))
    }
    return crowded
  }

  /** Gives a stored session the cookie and the expiry of this one; its body stays as it is. Returns as `set` does. */
  touch(sid: string, session: SessionData): boolean {
    const { admission, ledger, jar, settings, clock } = this.#parts
    const limits = this.#parts.expiry
    const link = this.#linkOf(sid, session)
    const now = clock.now()
    const cookie = readableCookie(session?.cookie)
    // Before the entry is looked up: a ttl of the application may do anything to the store.
    const asked = settings.disableTouch ? undefined : limits.of(sid, session, cookie, now)
    if (link?.revoked(ledger.era)) return false
    const entry = this.#live(sid, link, now)
    if (entry === undefined) return false
    if (asked === undefined) {
      return ledger.touch(entry, entry.cookie, entry.expiry, entry.bytes, now)
    }
    const expiry = limits.within(entry.created, asked)
    if (admission.expiredOnArrival(entry, expiry, now)) return false
    const kept = cookie === undefined ? entry.cookie : jar.keep(cookie, expiry, entry.cookie)
    const bytes = entry.bytes - (entry.cookie?.bytes ?? 0) + (kept?.bytes ?? 0)
    admission.check(entry, bytes, entry.owner)
    return ledger.touch(entry, kept, expiry, bytes, now)
  }

  /** Ends a session. An absent one is no fault. */
  destroy(sid: string): void {
    const { ledger } = this.#parts
    const entry = ledger.find(sid)
    if (entry !== undefined) ledger.remove(entry, 'destroy')
  }

  #refused(link: Link | undefined): boolean {
    const { ledger, stats } = this.#parts
    const refused = link?.revoked(ledger.era) === true
    if (refused) stats.refusedDestroyed++
    return refused
  }

  /** Asks the application all that it has a say in, before anything is looked up: it may do anything to the store meanwhile. */
  #incoming(sid: string, session: SessionData, now: number): Incoming {
    const { codec, expiry, ownerOf, clientOf } = this.#parts
    const cookie = readableCookie(session.cookie)
    const owner = ownerOf(session)
    return {
      cookie,
      body: codec.encode(session, cookie),
      expiry: expiry.of(sid, session, cookie, now),
      owner,
      client: owner === undefined || owner === false ? clientOf(session) : undefined,
    }
  }

  #store(entry: Entry, incoming: Incoming, now: number): boolean {
    const { admission, ledger, jar, owners, notices } = this.#parts
    const { body, cookie } = incoming
    const expiry = this.#parts.expiry.within(entry.created, incoming.expiry)
    const kept = cookie === undefined ? undefined : jar.keep(cookie, expiry, entry.cookie)
    const owner = owners.named(incoming.owner, entry.holder)
    const client = owners.client(incoming.client, entry.holder)
    const content = { body, cookie: kept, expiry, owner, client }
    const bytes = weigh(entry.sid, content)
    admission.check(entry, bytes, owner)
    if (admission.expiredOnArrival(entry, expiry, now)) return false
    admission.makeRoomForOwner(entry, owner, now)
    const old = entry.inLane && notices.wantsReplaced ? entry.copy() : undefined
    const crowded = ledger.put(entry, content, bytes, now)
    if (old !== undefined) notices.replaced(old)
    return crowded
  }

  #newEntry(sid: string, now: number): Entry {
    const entry = new Entry(flat(sid))
    if (this.#parts.expiry.needsCreated) entry.created = now
    return entry
  }

  /** The entry of a session that has not expired; one that has is removed. */
  #live(sid: string, link: Link | undefined, now: number): Entry | undefined {
    const { ledger } = this.#parts
    const entry = link?.entry.inLane ? link.entry : ledger.find(sid)
    if (entry === undefined || entry.expiry > now) return entry
    ledger.remove(entry, 'expire')
    return undefined
  }

  #linkOf(sid: string, session: SessionData): Link | undefined {
    const link = session === undefined || session === null ? undefined : LiveLink.linkOf(session)
    return link?.entry.sid === sid && link.home === this.#parts.ledger ? link : undefined
  }
}
