/** Sessions on their way in: their text, cookie, expiry and owner, and which entry they came from. */

import type { SessionData } from 'express-session'
import type { Clock } from '../clock'
import { CookieJar, expiryOf, type ReadableCookie, readableCookie } from '../entry/cookie'
import { type Codec, type Content, type Entry, keepable } from '../entry/entry'
import { holderRefOf } from '../entry/holder'
import { flat } from '../entry/weigh'
import type { Ledger } from '../ledger/ledger'
import { badReturn, toSession } from '../settings/check'
import { askClient, asking, askOwner, type OwnerName, ownerNamed } from '../settings/owner'
import type { Settings } from '../settings/settings'
import { describeSession } from './devices'
import { type Link, linkOf } from './link'
import { resolveConflict } from './merge'

/** As in memorystore, for a session whose cookie lasts as long as the browser. */
export const ONE_DAY = 86_400_000

/** A session on its way in: all that the application has a say in. Nothing is looked up or stored yet. */
export interface Incoming {
  /** Flat, if the session is a new one. */
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

export class Intake {
  readonly jar = new CookieJar()
  /** The owner of a session, as the application tells it. */
  readonly ownerOf: (session: SessionData) => OwnerName
  /** Where the request of a live session comes from, as the application tells it. */
  readonly #clientOf: (session: SessionData) => string | undefined
  /** Describes a live session that has an owner, as the application does, if it wants that. */
  readonly #describe: ((session: SessionData, isNew: boolean) => void) | undefined

  /** `fault` hears what the options `owner` and `client` throw. */
  constructor(
    private readonly settings: Settings,
    readonly codec: Codec,
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    fault: (thrown: unknown) => void,
  ) {
    this.ownerOf = askOwner(settings.owner, fault)
    this.#clientOf = askClient(settings.client, fault)
    const { describe } = settings
    if (describe === undefined) return
    this.#describe = asking((session, isNew: boolean) => {
      describeSession(describe, session, isNew, clock.now())
    }, fault)
  }

  /** Turns a session into what can be stored. Asks the application, which may do anything to the store meanwhile. */
  prepare(sid: string, given: SessionData | string): Incoming {
    // express-lembro takes a session that is text already.
    const session = toSession(typeof given === 'string' ? this.codec.parse(given) : given)
    const link = this.linkOf(sid, session)
    // V8 would hash a slice to look it up, and then its flat copy again.
    const kept = link === undefined ? flat(sid) : sid
    return this.#incoming(kept, session, link, this.clock.now())
  }

  /** What to store of a session if `stored` is stored now: the two merged, if they differ and `onConflict` asks for that. Asks the application. */
  merge(incoming: Incoming, stored: Entry | undefined): Incoming {
    const { onConflict } = this.settings
    const { sid, link, now, session, base } = incoming
    if (onConflict === 'overwrite' || !link?.differsFrom(stored)) return incoming
    const merged = resolveConflict(onConflict, this.codec, link, stored, incoming)
    return { ...this.#incoming(sid, merged, link, now), session, base }
  }

  /** A session that lives elsewhere, with its expiry there, on its way into this ledger; with its body, if that is known. */
  fromHome(sid: string, session: SessionData, expiry: number, body: string | undefined): Incoming {
    return this.#incoming(sid, session, undefined, this.clock.now(), expiry, body)
  }

  /** What an incoming session leaves in an entry. */
  contentOf(entry: Entry, incoming: Incoming): Content {
    const { body, cookie, client } = incoming
    const expiry = this.withinLife(entry.created, incoming.expiry)
    const kept = cookie === undefined ? undefined : this.jar.keep(cookie, expiry, entry.cookie)
    const owner = ownerNamed(incoming.owner)
    const holder = holderRefOf(owner, client, body, entry.holder)
    return { body, cookie: kept, expiry, owner, client, holder }
  }

  /** The link of a session that was loaded from this store under that id. */
  linkOf(sid: string, session: SessionData): Link | undefined {
    const link = linkOf(session)
    return link?.entry.sid === sid && link.home === this.ledger ? link : undefined
  }

  /**
   * The instant at which a session expires: by `ttl`, else by its cookie, else after a day; apart from
   * `absoluteTtl`. Throws what the user's `ttl` throws, and a `TypeError` if it gives neither a number
   * nor nothing.
   */
  expiryOf(sid: string, session: SessionData, cookie: ReadableCookie | undefined, now: number) {
    const ttl = this.#ttlOf(sid, session)
    if (ttl === undefined) return expiryOf(cookie, now) ?? now + ONE_DAY
    return now + Math.floor(ttl)
  }

  /** An expiry as an entry keeps it, or the end of the absolute life of what was created then, if that is sooner. */
  withinLife(created: number, expiry: number): number {
    const { absoluteTtl } = this.settings
    const isEndless = absoluteTtl === Number.POSITIVE_INFINITY
    return keepable(isEndless ? expiry : Math.min(expiry, created + absoluteTtl))
  }

  #ttlOf(sid: string, session: SessionData): number | undefined {
    const { ttl: ask, given } = this.settings
    if (typeof ask !== 'function') return ask
    const ttl: unknown = ask(given, session, sid)
    if (ttl === undefined || ttl === null) return undefined
    if (typeof ttl === 'number' && !Number.isNaN(ttl)) return Math.max(ttl, 0)
    throw badReturn('ttl', 'a number of ms, or nothing', ttl)
  }

  #incoming(
    sid: string,
    session: SessionData,
    link: Link | undefined,
    now: number,
    expiryThere?: number,
    bodyThere?: string,
  ): Incoming {
    const cookie = readableCookie(session.cookie)
    const owner = this.ownerOf(session)
    if (this.#describe !== undefined && owner !== undefined && owner !== false) {
      const name = ownerNamed(owner)
      this.#describe(session, link !== undefined && !link.entry.isOwnedBy(name))
    }
    const body = bodyThere ?? this.codec.encode(session, cookie)
    const expiry = expiryThere ?? this.expiryOf(sid, session, cookie, now)
    const isStranger = owner === undefined || owner === false
    const client = isStranger ? this.#clientOf(session) : undefined
    const content = session
    const base = body
    return { sid, session, content, link, now, base, body, cookie, expiry, owner, client }
  }
}
