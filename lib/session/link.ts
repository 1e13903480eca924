/**
 * Which entry a session was loaded from, and what that entry held then: so that a slow request can't
 * bring back what was destroyed meanwhile, nor undo another request's write unnoticed.
 *
 * A link is a private field that a constructor stamps on the object by returning its argument. It is
 * as invisible as a `WeakMap`'s entry, and costs nothing measurable, whereas a `WeakMap` costs 150 ns
 * a read (Node 20). The session's cookie object is stamped too: a shallow copy of a session, or a
 * Proxy around it, has the same cookie, and so the same link.
 */

import { types } from 'node:util'
import type { SessionData } from 'express-session'
import type { Entry } from '../entry/entry'

export class Link {
  constructor(
    /** The ledger of that entry. In another store the link means nothing. */
    readonly home: { readonly epoch: number },
    readonly entry: Entry,
    /** The body that the session started from. */
    readonly base: string,
    /** The body that the store held then: another than the base after a merge. */
    readonly seen: string,
    /** The `expires` of the cookie that was given with the session, and its instant in ms; NaN if it is not the text of one. */
    readonly expires?: unknown,
    readonly instant = Number.NaN,
    /** The epoch of the ledger that the session was loaded in: each `clear` begins a new one. */
    readonly epoch = home.epoch,
  ) {}

  /** Whether the session was destroyed, or everything cleared, since it was loaded. */
  get revoked(): boolean {
    return this.entry.destroyed || this.epoch !== this.home.epoch
  }

  /** Whether what is stored differs from what the session started from, so that the two can be merged. */
  differsFrom(stored: Entry | undefined): stored is Entry {
    return stored !== undefined && stored.body !== this.base
  }

  /** Whether another request has stored what the session has not seen. */
  isInConflictWith(stored: Entry | undefined): boolean {
    return this.differsFrom(stored) && stored.body !== this.seen
  }
}

class Itself {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a derived constructor stamps this object
    return object
  }
}

/** A private field of its own for each kind of object: V8 stamps few shapes fast and many slowly (700 ns, Node 20). */
function newStamp() {
  return class Linked extends Itself {
    #link: Link

    private constructor(object: object, link: Link) {
      super(object)
      this.#link = link
    }

    static stamp(object: object, link: Link): void {
      if (#link in object) (object as Linked).#link = link
      else new Linked(object, link)
    }

    static linkOf(object: object): Link | undefined {
      return #link in object ? object.#link : undefined
    }
  }
}

const sessions = newStamp()
const cookies = newStamp()

/** Links a session, and the cookie that its copies share with it. */
export function stamp(session: object, link: Link): void {
  sessions.stamp(session, link)
  const cookie = cookieOf(session)
  if (cookie !== undefined) cookies.stamp(cookie, link)
}

/** The link of a session, or of the one that it is a copy of; `undefined` if it was never loaded. */
export function linkOf(session: object): Link | undefined {
  const own = sessions.linkOf(session)
  if (own !== undefined) return own
  // A new live session is no copy, even if it was given the cookie of another.
  if (isLive(session) && !types.isProxy(session)) return undefined
  const cookie = cookieOf(session)
  return cookie === undefined ? undefined : cookies.linkOf(cookie)
}

/** The live `Session` that `create` makes of the data of one, linked to the entry that the data was read from. */
export function handOn<Live extends object>(data: SessionData, create: () => Live): Live {
  // First: express-session replaces the cookie of the data.
  const link = linkOf(data)
  if (link === undefined) return create()
  const { cookie } = data
  // express-session would parse the text that was made of it, which takes 190 ns more (Node 20).
  if (!Number.isNaN(link.instant) && cookie.expires === link.expires) {
    cookie.expires = new Date(link.instant)
  }
  const session = create()
  stamp(session, link)
  return session
}

/** Whether an object is a live `Session` of whatever copy of express-session. */
export function isLive(session: object): boolean {
  return 'req' in session && 'save' in session && typeof session.save === 'function'
}

function cookieOf(session: object): object | undefined {
  const { cookie } = session as { cookie?: unknown }
  return typeof cookie === 'object' && cookie !== null ? cookie : undefined
}
