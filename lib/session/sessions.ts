/** Sessions in and out of the ledger: what a read, a set, a touch and a destroy mean, and what they refuse. */

import type { SessionData } from 'express-session'
import { DatedEntry, Entry } from '../entry/entry'
import { readableCookie } from '../entry/readable-cookie'
import { flat } from '../entry/text'
import { toSession } from '../settings/check'
import type { Stats } from '../stats'
import type { Admission } from './admission'
import type { Departed } from './departed'
import { type Incoming, type Intake, type IntakeDependencies, inConflict } from './intake'
import { isLive, Link, linkOf, stamp } from './link'
import type { Removals } from './removals'

/** What sessions pass through on their way in and out. */
export interface SessionDependencies extends IntakeDependencies {
  readonly intake: Intake
  readonly admission: Admission
  readonly stats: Stats
  readonly removals: Removals
  readonly departed: Departed
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
    const resolution = this.resolve(this.#deps.intake.prepare(sid, given))
    return resolution !== undefined && this.commit(resolution)
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
    const reconciled = this.#deps.intake.reconcile(incoming, stored)
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

  /** Stores what was resolved, and links the session to its entry. Returns and throws as `set` does. */
  commit({ entry, incoming }: Resolution): boolean {
    const crowded = this.#store(entry, incoming)
    this.link(entry, incoming)
    return crowded
  }

  /** Links a session that was stored to its entry. A session that was loaded under another id, or from another store, keeps the link that it has. */
  link(entry: Entry, { session, link, base }: Incoming): void {
    const { ledger } = this.#deps
    const isElsewhere = link === undefined && linkOf(session) !== undefined
    if (isElsewhere || (link === undefined && !isLive(session))) return
    stamp(session, new Link(ledger, entry, ledger.epoch, base, entry.body))
    entry.loaded = true
  }

  /**
   * Keeps in the ledger what lives elsewhere, in a new entry, unless it would be refused. Returns
   * whether live ones had to make room.
   */
  cache(entry: Entry, incoming: Incoming): boolean {
    const { admission, ledger, clock } = this.#deps
    const content = this.#deps.intake.fill(entry, incoming)
    const bytes = ledger.weigh(entry, content)
    if (content.expiry <= clock.now()) return false
    if (admission.obstacle(entry, bytes, content.owner) !== undefined) return false
    return ledger.put(entry, content, bytes, clock.now())
  }

  /** Gives a stored session the cookie and the expiry of this one; its body stays as it is. Returns as `set` does. */
  touch(sid: string, given: SessionData): boolean {
    const { admission, ledger, jar, settings, clock } = this.#deps
    const session = toSession(given)
    const limits = this.#deps.expiry
    const link = this.#deps.intake.linkOf(sid, session)
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
    if (bytes > entry.bytes) admission.check(entry, bytes, entry.owner)
    return ledger.touch(entry, kept, expiry, bytes, now)
  }

  /** Ends a session, even one that was evicted or has expired: a slow request must not bring it back. An absent one is no fault. */
  destroy(sid: string): void {
    const { ledger, departed } = this.#deps
    departed.destroy(sid)
    const entry = ledger.find(sid)
    if (entry !== undefined) ledger.remove(entry, 'destroy')
  }

  #store(entry: Entry, incoming: Incoming): boolean {
    const { admission, ledger, removals } = this.#deps
    const { now } = incoming
    const content = this.#deps.intake.contentOf(entry, incoming)
    const { expiry, owner } = content
    let bytes = ledger.weigh(entry, content)
    admission.check(entry, bytes, owner)
    if (admission.expiredOnArrival(entry, expiry, now)) return false
    if (admission.makeRoomForOwner(entry, owner, now)) bytes = ledger.weigh(entry, content)
    const old = entry.inLane && removals.wantsReplaced ? entry.copy() : undefined
    const crowded = ledger.put(entry, content, bytes, now)
    if (old !== undefined) removals.replaced(old)
    return crowded
  }

  #newEntry(sid: string, now: number): Entry {
    const kept = flat(sid)
    return this.#deps.expiry.needsCreated ? new DatedEntry(kept, now) : new Entry(kept)
  }

  /** The entry of a session that has not expired; one that has is removed. */
  #live(sid: string, link: Link | undefined, now: number): Entry | undefined {
    const { ledger } = this.#deps
    const entry = link?.entry.inLane ? link.entry : ledger.find(sid)
    if (entry === undefined || entry.expiry > now) return entry
    ledger.remove(entry, 'expire')
    return undefined
  }
}
