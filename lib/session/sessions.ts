/** Sessions in and out of the ledger: what a read, a set, a touch and a destroy mean, and what they refuse. */

import type { SessionData } from 'express-session'
import { readableCookie } from '../entry/cookie'
import { type Content, Entry, LastingEntry } from '../entry/entry'
import type { Ledger } from '../ledger/ledger'
import { coded, toSession } from '../settings/check'
import type { Owner } from '../settings/owner'
import type { Settings } from '../settings/settings'
import { toText } from '../settings/size'
import type { Stats } from '../stats'
import type { Departed } from './departed'
import type { Incoming, Intake } from './incoming'
import { isLive, Link, linkOf, stamp } from './link'

export class Sessions {
  constructor(
    private readonly settings: Settings,
    private readonly ledger: Ledger,
    private readonly intake: Intake,
    private readonly departed: Departed,
    private readonly stats: Stats,
  ) {}

  /** A fresh session, linked to its entry; `undefined` if there is none. Throws what the serializer throws. */
  read(sid: string): SessionData | undefined {
    const { stale } = this.settings
    const entry = this.ledger.find(sid)
    const expired = entry !== undefined && entry.expiry <= this.ledger.now()
    if (expired) this.ledger.remove(entry, 'expire')
    if (entry === undefined || (expired && !stale)) {
      this.stats.misses++
      return undefined
    }
    this.stats.hits++
    return this.open(entry)
  }

  /** A fresh session of an entry, linked to it; `parsed` is what its text holds, if that is known. Throws what the serializer throws. */
  open(entry: Entry, parsed?: SessionData): SessionData {
    const { codec } = this.intake
    const session = codec.withCookie(entry, parsed ?? codec.parse(entry.body))
    if (typeof session === 'object' && session !== null) {
      const instant = entry.cookie?.instantAt(entry.expiry)
      const expires = session.cookie?.expires
      stamp(session, new Link(this.ledger, entry, entry.body, entry.body, expires, instant))
    }
    return session
  }

  /**
   * Stores a session: what another request made of it meanwhile may be merged into it. Stores nothing of one
   * that was destroyed since it was loaded. Throws for one that can't be stored; what is stored then stays.
   */
  set(sid: string, given: SessionData | string): void {
    const incoming = this.intake.prepare(sid, given)
    if (this.refuses(incoming)) return
    const { link, now } = incoming
    let stored = this.#live(incoming.sid, link, now)
    if (link?.isInConflictWith(stored)) this.stats.conflicts++
    const merged = this.intake.merge(incoming, stored)
    if (merged !== incoming) {
      // The application was asked, and may have done anything to the store.
      if (this.refuses(incoming)) return
      stored = this.#live(sid, link, now)
    }
    const entry = stored ?? link?.entry ?? this.newEntry(incoming.sid, now)
    this.#store(entry, merged)
    this.link(entry, merged)
  }

  /** Whether the session was destroyed since it was loaded; counts it. */
  refuses({ link }: Incoming): boolean {
    const refused = link?.revoked === true
    if (refused) this.stats.refusedDestroyed++
    return refused
  }

  /** Links a session that was stored to its entry. A session that was loaded under another id, or from another store, keeps the link that it has. */
  link(entry: Entry, { session, link, base }: Incoming): void {
    const isElsewhere = link === undefined && linkOf(session) !== undefined
    if (isElsewhere || (link === undefined && !isLive(session))) return
    stamp(session, new Link(this.ledger, entry, base, entry.body))
  }

  /** Keeps in the ledger what lives elsewhere, in an entry of its own, unless it would be refused. Returns whether it did. */
  cache(entry: Entry, content: Content): boolean {
    const bytes = this.ledger.weigh(entry, content)
    const isOver = content.expiry <= this.ledger.now()
    if (isOver || this.#obstacle(entry, bytes, content.owner) !== undefined) return false
    this.ledger.put(entry, content, bytes)
    return true
  }

  /**
   * Brings a saved session into the ledger, unless it would be refused; see {@link Ledger.restore}.
   * Returns whether it did.
   */
  restore(entry: Entry, content: Content, unused: number, held: number): boolean {
    const bytes = this.ledger.weigh(entry, content)
    if (this.#obstacle(entry, bytes, content.owner) !== undefined) return false
    const left = this.#makeRoomForOwner(entry, content, bytes, this.ledger.now())
    this.ledger.restore(entry, content, left, unused, held)
    return true
  }

  /** Gives a stored session the cookie and the expiry of this one; its body stays as it is. Throws as `set` does. */
  touch(sid: string, given: SessionData): void {
    const { ledger, intake } = this
    const session = toSession(given)
    const link = intake.linkOf(sid, session)
    const now = ledger.now()
    const cookie = readableCookie(session.cookie)
    // Before the entry is looked up: a ttl of the application may do anything to the store.
    const { disableTouch } = this.settings
    const asked = disableTouch ? undefined : intake.expiryOf(sid, session, cookie, now)
    if (link?.revoked) return
    const entry = this.#live(sid, link, now)
    if (entry === undefined) return
    if (asked === undefined) {
      ledger.touch(entry, entry.cookie, entry.expiry, entry.bytes)
      return
    }
    const expiry = intake.withinLife(entry.created, asked)
    if (this.#expiresOnArrival(entry, expiry, now)) return
    const kept = cookie === undefined ? entry.cookie : intake.jar.keep(cookie, expiry, entry.cookie)
    const bytes = entry.bytes - (entry.cookie?.bytes ?? 0) + (kept?.bytes ?? 0)
    if (bytes > entry.bytes) this.#admit(entry, bytes, entry.owner)
    ledger.touch(entry, kept, expiry, bytes, now)
  }

  /** Ends a session, even one that was evicted or has expired: a slow request must not bring it back. An absent one is no fault. */
  destroy(sid: string): void {
    this.departed.destroy(sid)
    const entry = this.ledger.find(sid)
    if (entry !== undefined) this.ledger.remove(entry, 'destroy')
  }

  /** An entry for a session that was first set at that instant. `sid` must be flat. */
  newEntry(sid: string, created: number): Entry {
    const { absoluteTtl, saveFile } = this.settings
    const isDated = absoluteTtl !== Number.POSITIVE_INFINITY
    if (!isDated && saveFile === undefined) return new Entry(sid)
    return new LastingEntry(sid, isDated ? created : 0)
  }

  #store(entry: Entry, incoming: Incoming): void {
    const { now } = incoming
    const content = this.intake.contentOf(entry, incoming)
    const bytes = this.ledger.weigh(entry, content)
    this.#admit(entry, bytes, content.owner)
    if (this.#expiresOnArrival(entry, content.expiry, now)) return
    this.ledger.put(entry, content, this.#makeRoomForOwner(entry, content, bytes, now), now)
  }

  /** The entry of a session that has not expired; one that has is removed. */
  #live(sid: string, link: Link | undefined, now: number): Entry | undefined {
    const entry = link?.entry.inLane ? link.entry : this.ledger.find(sid)
    if (entry === undefined || entry.expiry > now) return entry
    this.ledger.remove(entry, 'expire')
    return undefined
  }

  /** Throws a `RangeError` with the code `ESESSIONTOOBIG` for an entry that can't be stored. */
  #admit(entry: Entry, bytes: number, owner: Owner | undefined): void {
    const obstacle = this.#obstacle(entry, bytes, owner)
    if (obstacle === undefined) return
    this.stats.tooBig++
    throw coded('ESESSIONTOOBIG', `session ${obstacle}: it is not stored`, {}, RangeError)
  }

  /** Why an entry of that size and owner can't be stored; `undefined` if it can. */
  #obstacle(entry: Entry, bytes: number, owner: Owner | undefined): string | undefined {
    const { maxBytes, maxEntryBytes } = this.settings
    if (bytes > maxEntryBytes) {
      const option = maxEntryBytes < maxBytes ? 'maxEntrySize' : 'maxSize'
      return `of ${toText(bytes)} is larger than ${option}, ${toText(maxEntryBytes)}`
    }
    if (!this.ledger.wouldPushOut(entry, bytes, owner)) return undefined
    return owner === undefined
      ? `of ${toText(bytes)} belongs to nobody and would push out those of your users`
      : `of ${toText(bytes)} would push out those of your other users`
  }

  /** Whether an entry would be expired as soon as it is stored. Nobody could read it, so it is not stored, and the one that it would replace is removed. */
  #expiresOnArrival(entry: Entry, expiry: number, now: number): boolean {
    if (expiry > now || this.settings.stale) return false
    if (this.ledger.find(entry.sid) === entry) this.ledger.remove(entry, 'expire')
    return true
  }

  /** Evicts the oldest of an owner who would have more than `maxPerOwner` with this entry. Gives what the entry then weighs, with others or alone. */
  #makeRoomForOwner(entry: Entry, content: Content, bytes: number, now: number): number {
    const { maxPerOwner } = this.settings
    const { owner } = content
    if (maxPerOwner === Number.POSITIVE_INFINITY || typeof owner !== 'string') return bytes
    const others = this.ledger.entriesOf(owner).filter((other) => other !== entry)
    const live = others.filter((other) => other.expiry > now)
    for (const other of others) if (other.expiry <= now) this.ledger.remove(other, 'expire')
    const beyond = live.slice(0, Math.max(0, live.length + 1 - maxPerOwner))
    for (const oldest of beyond) this.ledger.remove(oldest, 'limit')
    const isSame = live.length - beyond.length === others.length
    return isSame ? bytes : this.ledger.weigh(entry, content)
  }
}
