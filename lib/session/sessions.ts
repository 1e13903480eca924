/** Sessions in and out of the ledger: what a read, a set, a touch and a destroy mean, and what they refuse. */

import type { SessionData } from 'express-session'
import type { Codec } from '../entry/codec'
import { type CookieJar, type ReadableCookie, readableCookie } from '../entry/cookie'
import { type Content, Entry, weigh } from '../entry/entry'
import { flat } from '../entry/text'
import type { Ledger } from '../ledger/ledger'
import { toSession } from '../settings/check'
import type { OwnerName } from '../settings/default-owner'
import type { Settings } from '../settings/settings'
import type { Stats } from '../stats'
import type { Clock } from '../time/clock'
import type { Admission } from './admission'
import type { Departed } from './departed'
import type { Expiry } from './expiry'
import { isLive, Link, linkOf, stamp } from './link'
import { resolveConflict } from './merge'
import type { Owners } from './owners'
import type { Removals } from './removals'

/** What sessions pass through on their way in and out. */
export interface SessionDependencies {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly owners: Owners
  readonly admission: Admission
  readonly expiry: Expiry
  readonly codec: Codec
  readonly jar: CookieJar
  readonly stats: Stats
  readonly removals: Removals
  readonly departed: Departed
  readonly clock: Clock
  /** The owner of a session, as the application tells it. */
  readonly ownerOf: (session: SessionData) => OwnerName
  /** Where the request of a live session comes from, as the application tells it. */
  readonly clientOf: (session: SessionData) => string | undefined
}

/** A session on its way in: all that the application has a say in. Nothing is looked up or stored yet. */
export interface Incoming {
  readonly sid: string
  readonly session: SessionData
  /** What is stored of it: the session itself; after a merge, what came of that. */
  readonly content: SessionData
  /** The entry that the session was loaded from; `undefined` for a new session. */
  readonly link: Link | undefined
  readonly now: number
  /** The text of the session as its request has it. After a merge, `body` is another. */
  readonly base: string
  readonly body: string
  readonly cookie: ReadableCookie | undefined
  readonly expiry: number
  readonly owner: OwnerName
  readonly client: string | undefined
}

/** What to store, and in which entry. */
export interface Resolution {
  readonly entry: Entry
  readonly incoming: Incoming
}

export class Sessions {
  readonly #deps: SessionDependencies

  constructor(dependencies: SessionDependencies) {
    this.#deps = dependencies
  }

  /** A fresh session, linked to its entry; `undefined` if there is none. Throws what the serializer throws. */
  read(sid: string): SessionData | undefined {
    const { ledger, stats, settings, clock } = this.#deps
    const entry = ledger.find(sid)
    const expired = entry !== undefined && entry.expiry <= clock.now()
    if (expired) {
      // Before it goes: what is read from it now may be destroyed later.
      entry.loaded ||= settings.stale
      ledger.remove(entry, 'expire')
    }
    if (entry === undefined || (expired && !settings.stale)) {
      stats.misses++
      return undefined
    }
    stats.hits++
    return this.open(entry)
  }

  /** A fresh session of an entry, linked to it. Throws what the serializer throws. */
  open(entry: Entry): SessionData {
    const { ledger, codec } = this.#deps
    const session = codec.decode(entry)
    if (typeof session === 'object' && session !== null) {
      stamp(session, new Link(ledger, entry, ledger.epoch, entry.body, entry.body))
      entry.loaded = true
    }
    return session
  }

  /**
   * Stores a session. Returns whether live ones had to make room. Throws for one that can't be
   * stored; what is stored then stays as it is.
   */
  set(sid: string, given: SessionData | string): boolean {
    const resolution = this.resolve(this.prepare(sid, given))
    return resolution !== undefined && this.commit(resolution)
  }

  /** Turns a session into what can be stored. Asks the application, which may do anything to the store meanwhile. */
  prepare(sid: string, given: SessionData | string): Incoming {
    const { codec, clock } = this.#deps
    // express-lembro takes a session that is text already.
    const session = toSession(typeof given === 'string' ? codec.parse(given) : given)
    return this.#incoming(sid, session, this.linkOf(sid, session), clock.now())
  }

  /**
   * Decides what to store, by what is stored now: a session that another request changed meanwhile
   * may be merged. `undefined` for a session that was destroyed since it was loaded.
   */
  resolve(incoming: Incoming): Resolution | undefined {
    const { sid, link, now } = incoming
    if (this.refuses(incoming)) return undefined
    const stored = this.#live(sid, link, now)
    if (inConflict(incoming, stored)) this.#deps.stats.conflicts++
    const reconciled = this.reconcile(incoming, stored)
    if (reconciled === incoming) {
      return { entry: stored ?? link?.entry ?? this.#newEntry(sid, now), incoming }
    }
    // The application was asked, and may have done anything to the store.
    if (this.refuses(incoming)) return undefined
    const entry = this.#live(sid, link, now) ?? link?.entry ?? this.#newEntry(sid, now)
    return { entry, incoming: reconciled }
  }

  /** Whether the session was destroyed since it was loaded; counts it. */
  refuses({ link }: Incoming): boolean {
    const { ledger, stats } = this.#deps
    const refused = link?.revoked(ledger.epoch) === true
    if (refused) stats.refusedDestroyed++
    return refused
  }

  /** What to store of a session if `stored` is stored now: the two merged, where that is wanted and needed. Asks the application. */
  reconcile(incoming: Incoming, stored: Entry | undefined): Incoming {
    const { codec, settings } = this.#deps
    const { sid, link, now, session, base } = incoming
    const isSame = link === undefined || stored === undefined || stored.body === link.base
    if (isSame || settings.onConflict === 'overwrite') return incoming
    const merged = resolveConflict(settings.onConflict, codec, link, stored, session, base)
    return { ...this.#incoming(sid, merged, link, now), session, base }
  }

  /** Stores what was resolved, and links the session to its entry. Returns and throws as `set` does. */
  commit({ entry, incoming }: Resolution): boolean {
    const crowded = this.#store(entry, incoming)
    this.link(entry, incoming)
    return crowded
  }

  /** Links a session that was stored to the entry that holds it now, unless it was loaded from elsewhere: it goes back there. */
  link(entry: Entry, { session, link, base }: Incoming): void {
    const { ledger } = this.#deps
    const isElsewhere = link === undefined && linkOf(session) !== undefined
    if (isElsewhere || (link === undefined && !isLive(session))) return
    stamp(session, new Link(ledger, entry, ledger.epoch, base, entry.body))
    entry.loaded = true
  }

  /** A session that lives elsewhere, on its way into this ledger: only its owner is asked for. */
  adopt(sid: string, session: SessionData, expiry: number): Incoming {
    const { codec, ownerOf, clock } = this.#deps
    const cookie = readableCookie(session.cookie)
    const body = codec.encode(session, cookie)
    const [link, client, now] = [undefined, undefined, clock.now()]
    const [content, base, owner] = [session, body, ownerOf(session)]
    return { sid, session, content, link, now, base, body, cookie, expiry, owner, client }
  }

  /** Gives an entry what is to be stored, in no ledger. */
  fill(entry: Entry, incoming: Incoming): Content {
    const content = this.#contentOf(entry, incoming)
    entry.body = content.body
    entry.cookie = content.cookie
    entry.expiry = content.expiry
    entry.holder = content.owner ?? content.client
    return content
  }

  /**
   * Keeps in the ledger what lives elsewhere, in a new entry that weighs `more` than others, unless
   * it would be refused. Returns whether live ones had to make room.
   */
  cache(entry: Entry, incoming: Incoming, more: number): boolean {
    const { admission, ledger, clock } = this.#deps
    const content = this.fill(entry, incoming)
    const bytes = weigh(entry.sid, content) + more
    if (content.expiry <= clock.now()) return false
    if (admission.obstacle(entry, bytes, content.owner) !== undefined) return false
    return ledger.put(entry, content, bytes, clock.now())
  }

  /** Gives a stored session the cookie and the expiry of this one; its body stays as it is. Returns as `set` does. */
  touch(sid: string, given: SessionData): boolean {
    const { admission, ledger, jar, settings, clock } = this.#deps
    const session = toSession(given)
    const limits = this.#deps.expiry
    const link = this.linkOf(sid, session)
    const now = clock.now()
    const cookie = readableCookie(session.cookie)
    // Before the entry is looked up: a ttl of the application may do anything to the store.
    const asked = settings.disableTouch ? undefined : limits.of(sid, session, cookie, now)
    if (link?.revoked(ledger.epoch)) return false
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

  /** Ends a session, one that was evicted or has expired too: a slow request must not bring it back. An absent one is no fault. */
  destroy(sid: string): void {
    const { ledger, departed } = this.#deps
    departed.destroy(sid)
    const entry = ledger.find(sid)
    if (entry !== undefined) ledger.remove(entry, 'destroy')
  }

  #incoming(sid: string, session: SessionData, link: Link | undefined, now: number): Incoming {
    const { codec, expiry: limits, ownerOf, clientOf } = this.#deps
    const cookie = readableCookie(session.cookie)
    const body = codec.encode(session, cookie)
    const expiry = limits.of(sid, session, cookie, now)
    const owner = ownerOf(session)
    const isStranger = owner === undefined || owner === false
    const client = isStranger ? clientOf(session) : undefined
    const [content, base] = [session, body]
    return { sid, session, content, link, now, base, body, cookie, expiry, owner, client }
  }

  #store(entry: Entry, incoming: Incoming): boolean {
    const { admission, ledger, removals } = this.#deps
    const { now } = incoming
    const content = this.#contentOf(entry, incoming)
    const { expiry, owner } = content
    const bytes = weigh(entry.sid, content)
    admission.check(entry, bytes, owner)
    if (admission.expiredOnArrival(entry, expiry, now)) return false
    admission.makeRoomForOwner(entry, owner, now)
    const old = entry.inLane && removals.wantsReplaced ? entry.copy() : undefined
    const crowded = ledger.put(entry, content, bytes, now)
    if (old !== undefined) removals.replaced(old)
    return crowded
  }

  #contentOf(entry: Entry, incoming: Incoming): Content {
    const { jar, owners } = this.#deps
    const { body, cookie } = incoming
    const expiry = this.#deps.expiry.within(entry.created, incoming.expiry)
    const kept = cookie === undefined ? undefined : jar.keep(cookie, expiry, entry.cookie)
    const owner = owners.named(incoming.owner, entry.holder)
    const client = owners.client(incoming.client, entry.holder)
    return { body, cookie: kept, expiry, owner, client }
  }

  #newEntry(sid: string, now: number): Entry {
    const entry = new Entry(flat(sid))
    if (this.#deps.expiry.needsCreated) entry.created = now
    return entry
  }

  /** The entry of a session that has not expired; one that has is removed. */
  #live(sid: string, link: Link | undefined, now: number): Entry | undefined {
    const { ledger } = this.#deps
    const entry = link?.entry.inLane ? link.entry : ledger.find(sid)
    if (entry === undefined || entry.expiry > now) return entry
    ledger.remove(entry, 'expire')
    return undefined
  }

  /** The link of a session that was loaded from this store under that id. */
  linkOf(sid: string, session: SessionData): Link | undefined {
    const link = linkOf(session)
    return link?.entry.sid === sid && link.home === this.#deps.ledger ? link : undefined
  }
}

/** Whether another request has changed a session since it was loaded, so that `stored` is what it has not seen. */
export function inConflict({ link }: Incoming, stored: Entry | undefined): boolean {
  const changed = link !== undefined && stored !== undefined && stored.body !== link.base
  return changed && stored.body !== link.seen
}
