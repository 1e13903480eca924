/**
 * Which entry a live session was loaded from, and what it held then: so that a slow request can't
 * bring back what was destroyed meanwhile, nor undo another's write without anyone noticing.
 *
 * A link is a private field stamped on the object itself by a constructor that returns its
 * argument: as invisible as a WeakMap, and free where that costs 150 ns a read (Node 20).
 */

import type { Entry } from '../entry/entry'

export class Link {
  constructor(
    /** The ledger of that entry: in another store the link means nothing. */
    readonly home: object,
    readonly entry: Entry,
    /** The era of the ledger it was loaded in. */
    readonly era: number,
    /** The body that the session started from. */
    readonly base: string,
    /** The body that the store held then: another than the base after a merge. */
    readonly seen: string,
  ) {}

  /** Whether the session was destroyed, or everything cleared, since it was loaded. */
  revoked(era: number): boolean {
    return this.entry.destroyed || this.era !== era
  }
}

class Itself {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a derived constructor stamps this object
    return object
  }
}

/** The link of an object that `get` gave, for `createSession` to hand on. */
export class LoadedLink extends Itself {
  #link: Link

  private constructor(data: object, link: Link) {
    super(data)
    this.#link = link
  }

  static stamp(data: object, link: Link): void {
    if (#link in data) (data as LoadedLink).#link = link
    else new LoadedLink(data, link)
  }

  static linkOf(data: object): Link | undefined {
    return #link in data ? data.#link : undefined
  }
}

/** The link of a live `Session`. Plain objects have none: what is set from one counts as new. */
export class LiveLink extends Itself {
  #link: Link

  private constructor(session: object, link: Link) {
    super(session)
    this.#link = link
  }

  static stamp(session: object, link: Link): void {
    if (#link in session) (session as LiveLink).#link = link
    else new LiveLink(session, link)
  }

  static linkOf(session: object): Link | undefined {
    return #link in session ? session.#link : undefined
  }
}

/** Whether an object is a live `Session` of whatever copy of express-session. */
export function isLive(session: object): boolean {
  return 'req' in session && 'save' in session && typeof session.save === 'function'
}

/** Links a live `Session` to the entry that its data was read from, and gives it back. */
export function handOn<Live extends object>(data: object, session: Live): Live {
  const link = LoadedLink.linkOf(data)
  if (link !== undefined) LiveLink.stamp(session, link)
  return session
}
