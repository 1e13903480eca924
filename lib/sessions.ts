/** Sessions in and out of the ledger: what a read, a set and a touch mean, and what they refuse. */

import type { SessionData } from 'express-session'
import { toText } from './bytes'
import { got } from './check'
import type { Clock } from './clock'
import type { Codec } from './codec'
import { type CookieJar, expiryOf, type ReadableCookie, readableCookie } from './cookie'
import { Entry, type Owner, weigh } from './entry'
import { Expiry } from './expiry'
import type { Ledger } from './ledger'
import { isLive, Link, LiveLink, LoadedLink } from './links'
import { resolveConflict } from './merge'
import type { Notices } from './notices'
import type { Settings } from './options'
import { checkedOwner, type OwnerName, type Owners } from './owner'
import type { Stats } from './stats'
import { flat } from './text'

/** The parts that sessions pass through. */
export interface SessionParts {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly owners: Owners
  readonly codec: Codec
  readonly jar: CookieJar
  readonly stats: Stats
  readonly notices: Notices
  readonly clock: Clock
  /** Hears what the user's `owner` throws. */
  readonly ownerFault: (thrown: unknown) => void
}

/** A session on its way in. */
interface Incoming {
  readonly cookie: ReadableCookie | undefined
  readonly body: string
  readonly expiry: number
  readonly owner: OwnerName
}

export class Sessions {
  readonly #parts: SessionParts
  readonly #jar: CookieJar
  readonly #expiry: Expiry

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#jar = parts.jar
    this.#expiry = new Expiry(parts.settings)
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
    const { ledger, settings, clock } = this.#parts
    const link = this.#linkOf(sid, session)
    const now = clock.now()
    const cookie = readableCookie(session?.cookie)
    // Before the entry is looked up: a ttl of the application may do anything to the store.
    const asked = settings.disableTouch ? undefined : this.#expiry.of(sid, session, cookie, now)
    if (link?.revoked(ledger.era)) return false
    const entry = this.#live(sid, link, now)
    if (entry === undefined) return false
    if (asked === undefined) {
      return ledger.touch(entry, entry.cookie, entry.expiry, entry.bytes, now)
    }
    const expiry = this.#expiry.within(entry.created, asked)
    if (this.#expiredOnArrival(entry, expiry, now)) return false
    const kept = cookie === undefined ? entry.cookie : this.#jar.keep(cookie, expiry, entry.cookie)
    const bytes = entry.bytes - (entry.cookie?.bytes ?? 0) + (kept?.bytes ?? 0)
    this.#checkSize(bytes)
    return ledger.touch(entry, kept, expiry, bytes, now)
  }

  /**
   * Puts a saved entry back that the ledger has adopted, as the newest. `asked`: whether its owner is
   * known, by name. Returns false for one that has expired by now, or is too large by now.
   */
  restore(entry: Entry, asked: boolean): boolean {
    const restored = this.#restore(entry, asked)
    if (!restored) this.#parts.ledger.disown(entry)
    return restored
  }

  #restore(entry: Entry, asked: boolean): boolean {
    const { ledger, owners, settings, clock } = this.#parts
    const now = clock.now()
    if (!this.#expiry.needsCreated) entry.created = 0
    else if (entry.created === 0) entry.created = now
    const expiry = this.#expiry.within(entry.created, entry.expiry)
    if (expiry <= now) return false
    const name = asked ? this.#savedOwner(entry.owner) : this.#ownerOf(this.#decoded(entry))
    const owner = owners.named(name, undefined)
    // A cookie that goes by the entry's expiry keeps the one it was saved with.
    const cookie = expiry === entry.expiry ? entry.cookie : entry.cookie?.at(entry.expiry)
    const content = { body: entry.body, cookie, expiry, owner }
    const bytes = weigh(entry.sid, content)
    if (bytes > settings.maxEntryBytes) return false
    if (owner === undefined && ledger.wouldPushOut(entry, bytes)) return false
    this.#makeRoomForOwner(entry, owner, now)
    ledger.place(entry, content, bytes, now)
    return true
  }

  /** An entry of a session from elsewhere, not stored yet; `undefined` for none, or one that has expired. */
  adopt(sid: string, session: unknown): Entry | undefined {
    if (typeof session !== 'object' || session === null) return undefined
    const data = session as SessionData
    const now = this.#parts.clock.now()
    const cookie = readableCookie(data.cookie)
    if ((expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now) return undefined
    const entry = this.#newEntry(sid, now)
    entry.body = this.#parts.codec.encode(data, cookie)
    entry.expiry = this.#expiry.within(entry.created, this.#expiry.of(sid, data, cookie, now))
    entry.cookie = cookie === undefined ? undefined : this.#jar.keep(cookie, entry.expiry)
    return entry
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
    const cookie = readableCookie(session.cookie)
    return {
      cookie,
      body: this.#parts.codec.encode(session, cookie),
      expiry: this.#expiry.of(sid, session, cookie, now),
      owner: this.#ownerOf(session),
    }
  }

  #store(entry: Entry, incoming: Incoming, now: number): boolean {
    const { ledger, owners, notices } = this.#parts
    const { body, cookie } = incoming
    const expiry = this.#expiry.within(entry.created, incoming.expiry)
    const kept = cookie === undefined ? undefined : this.#jar.keep(cookie, expiry, entry.cookie)
    const owner = owners.named(incoming.owner, entry.owner)
    const content = { body, cookie: kept, expiry, owner }
    const bytes = weigh(entry.sid, content)
    this.#checkSize(bytes)
    if (owner === undefined) this.#checkRoom(entry, bytes)
    if (this.#expiredOnArrival(entry, expiry, now)) return false
    this.#makeRoomForOwner(entry, owner, now)
    const old = entry.inLane && notices.wantsReplaced ? entry.copy() : undefined
    const crowded = ledger.put(entry, content, bytes, now)
    if (old !== undefined) notices.replaced(old)
    return crowded
  }

  #newEntry(sid: string, now: number): Entry {
    const entry = new Entry(flat(sid))
    if (this.#expiry.needsCreated) entry.created = now
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

  // Nothing has to make room for a session that nobody could read again.
  #expiredOnArrival(entry: Entry, expiry: number, now: number): boolean {
    const { ledger, settings } = this.#parts
    if (expiry > now || settings.stale) return false
    if (ledger.find(entry.sid) === entry) ledger.remove(entry, 'expire')
    return true
  }

  #makeRoomForOwner(entry: Entry, owner: Owner | undefined, now: number): void {
    const { ledger, owners, settings } = this.#parts
    if (settings.maxPerOwner === Number.POSITIVE_INFINITY || owner?.name === undefined) return
    const others = owners.entriesOf(owner.name).filter((other) => other !== entry)
    const live = others.filter((other) => other.expiry > now)
    for (const other of others) if (other.expiry <= now) ledger.remove(other, 'expire')
    for (const oldest of live.slice(0, Math.max(0, live.length + 1 - settings.maxPerOwner))) {
      ledger.remove(oldest, 'evict')
      // A slow request of the one signed out must not push out the one signed in.
      oldest.destroy()
    }
  }

  #ownerOf(session: SessionData): OwnerName {
    const { settings, ownerFault } = this.#parts
    if (settings.owner === undefined) return undefined
    try {
      return checkedOwner(settings.owner(session))
    } catch (thrown) {
      ownerFault(thrown)
      return undefined
    }
  }

  #savedOwner(owner: Owner | undefined): OwnerName {
    if (this.#parts.settings.owner === undefined || owner === undefined) return undefined
    return owner.name ?? true
  }

  #decoded(entry: Entry): SessionData {
    try {
      return this.#parts.codec.decode(entry)
    } catch {
      // Whoever reads it hears of that.
      return {} as SessionData
    }
  }

  #checkSize(bytes: number): void {
    const { maxEntryBytes } = this.#parts.settings
    if (bytes > maxEntryBytes) {
      this.#tooBig(`of ${toText(bytes)} is larger than maxEntrySize, ${toText(maxEntryBytes)}`)
    }
  }

  #checkRoom(entry: Entry, bytes: number): void {
    if (this.#parts.ledger.wouldPushOut(entry, bytes)) {
      this.#tooBig(`of ${toText(bytes)} belongs to nobody and would push out those of your users`)
    }
  }

  #tooBig(what: string): never {
    this.#parts.stats.tooBig++
    const error = new RangeError(`session ${what}: it is not stored`)
    throw Object.assign(error, { code: 'ESESSIONTOOBIG' })
  }
}
