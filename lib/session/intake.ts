/** Sessions on their way in: their text, cookie, expiry and owner, and which entry they came from. */

import type { SessionData } from 'express-session'
import type { Codec } from '../entry/codec'
import type { CookieJar } from '../entry/cookie'
import type { Content, Entry } from '../entry/entry'
import { holderRefOf } from '../entry/holder'
import { type ReadableCookie, readableCookie } from '../entry/readable-cookie'
import type { Ledger } from '../ledger/ledger'
import { toSession } from '../settings/check'
import type { OwnerName } from '../settings/default-owner'
import type { Settings } from '../settings/settings'
import type { Clock } from '../time/clock'
import type { Expiry } from './expiry'
import { type Link, linkOf } from './link'
import { resolveConflict } from './merge'
import { ownerNamed } from './owners'

export interface IntakeDependencies {
  readonly settings: Settings
  readonly ledger: Ledger
  readonly expiry: Expiry
  readonly codec: Codec
  readonly jar: CookieJar
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

export class Intake {
  readonly #deps: IntakeDependencies

  constructor(dependencies: IntakeDependencies) {
    this.#deps = dependencies
  }

  /** Turns a session into what can be stored. Asks the application, which may do anything to the store meanwhile. */
  prepare(sid: string, given: SessionData | string): Incoming {
    const { codec, clock } = this.#deps
    // express-lembro takes a session that is text already.
    const session = toSession(typeof given === 'string' ? codec.parse(given) : given)
    return this.#incoming(sid, session, this.linkOf(sid, session), clock.now())
  }

  /** What to store of a session if `stored` is stored now: the two merged, if `onConflict` asks for that and they differ. Asks the application. */
  reconcile(incoming: Incoming, stored: Entry | undefined): Incoming {
    const { codec, settings } = this.#deps
    const { sid, link, now, session, base } = incoming
    const isSame = link === undefined || stored === undefined || stored.body === link.base
    if (isSame || settings.onConflict === 'overwrite') return incoming
    const merged = resolveConflict(settings.onConflict, codec, link, stored, session, base)
    return { ...this.#incoming(sid, merged, link, now), session, base }
  }

  /** A session that lives elsewhere, with its expiry there, on its way into this ledger. */
  adopt(sid: string, session: SessionData, expiry: number): Incoming {
    return this.#incoming(sid, session, undefined, this.#deps.clock.now(), expiry)
  }

  /** Gives an entry what is to be stored, in no ledger. */
  fill(entry: Entry, incoming: Incoming): Content {
    const content = this.contentOf(entry, incoming)
    entry.assign(content, false)
    entry.expiry = content.expiry
    return content
  }

  /** What an incoming session leaves in an entry. */
  contentOf(entry: Entry, incoming: Incoming): Content {
    const { jar } = this.#deps
    const { body, cookie, client } = incoming
    const expiry = this.#deps.expiry.within(entry.created, incoming.expiry)
    const kept = cookie === undefined ? undefined : jar.keep(cookie, expiry, entry.cookie)
    const owner = ownerNamed(incoming.owner)
    const holder = holderRefOf(owner, client, body, entry.holder)
    return { body, cookie: kept, expiry, owner, client, holder }
  }

  /** The link of a session that was loaded from this store under that id. */
  linkOf(sid: string, session: SessionData): Link | undefined {
    const link = linkOf(session)
    return link?.entry.sid === sid && link.home === this.#deps.ledger ? link : undefined
  }

  #incoming(
    sid: string,
    session: SessionData,
    link: Link | undefined,
    now: number,
    given?: number,
  ): Incoming {
    const { codec, expiry: limits, ownerOf, clientOf } = this.#deps
    const cookie = readableCookie(session.cookie)
    const body = codec.encode(session, cookie)
    const expiry = given ?? limits.of(sid, session, cookie, now)
    const owner = ownerOf(session)
    const isStranger = owner === undefined || owner === false
    const client = isStranger ? clientOf(session) : undefined
    const [content, base] = [session, body]
    return { sid, session, content, link, now, base, body, cookie, expiry, owner, client }
  }
}

/** Whether another request has changed a session since it was loaded, so that `stored` is what it has not seen. */
export function inConflict({ link }: Incoming, stored: Entry | undefined): boolean {
  const changed = link !== undefined && stored !== undefined && stored.body !== link.base
  return changed && stored.body !== link.seen
}
