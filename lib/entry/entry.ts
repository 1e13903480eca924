/** One stored session: its parts, its weight, and the words for what happens to it. */

import type { RemovalCause } from '../settings/options'
import type { KeptCookie } from './cookie'
import { textBytes } from './text'

/** Why one entry leaves the ledger. */
export type LeaveCause = Exclude<RemovalCause, 'clear' | 'replace'>

/** One owner and the entries that belong to it. */
export class Owner {
  /** `undefined` for the one of all who are signed in without a name: its entries are not listed. */
  readonly name: string | undefined
  /** Oldest first. Nearly every owner has one, and that one needs no Set around it. */
  entries: Entry | Set<Entry> | undefined = undefined

  constructor(name: string | undefined) {
    this.name = name
  }
}

/** What a session leaves in its entry, apart from its id. */
export interface Content {
  readonly body: string
  /** Kept apart from the body; `undefined` where the session has none, and then the body is all of it. */
  readonly cookie: KeptCookie | undefined
  readonly expiry: number
  /** `undefined` for an anonymous session. */
  readonly owner: Owner | undefined
}

/** Hears everything that happens to the ledger, after it has happened. Must not throw or change the ledger. */
export interface LedgerListener {
  put?(entry: Entry, previousOwner: Owner | undefined): void
  touch?(entry: Entry, previousCookie: KeptCookie | undefined): void
  remove?(entry: Entry, cause: LeaveCause): void
  /** All entries are gone at once: they come one by one, since there may be a million of them, and only one listener may take them. */
  clear?(size: number, entries: Iterable<Entry>): void
}

/**
 * Bytes of an entry beyond its texts: the object (112), the boxed expiry (16), its slot in a Map
 * (28 to 56, by how full the Map is). Measured on Node 20, 22 and 24 by `npm run bench -- --only memory`.
 */
export const ENTRY_BYTES = 176

/** Bytes that an owner adds beyond the name: the object, and its slot in a Map. */
export const OWNER_BYTES = 80

/** What `content` weighs under `sid`: an estimate of the heap it holds, in bytes. */
export function weigh(sid: string, content: Content): number {
  const { owner, cookie } = content
  return (
    ENTRY_BYTES +
    textBytes(sid) +
    textBytes(content.body) +
    (cookie === undefined ? 0 : cookie.bytes) +
    (owner?.name === undefined ? 0 : OWNER_BYTES + textBytes(owner.name))
  )
}

/** A stored session, threaded into two rings: its lane by age, the wheel by expiry. */
export class Entry {
  body = ''
  cookie: KeptCookie | undefined = undefined
  /** The instant at which it expires, in ms; `Infinity` for never; `-Infinity` once destroyed. */
  expiry = Number.POSITIVE_INFINITY
  owner: Owner | undefined = undefined
  bytes = 0
  /** Whether a live session may refer to it. */
  loaded = false
  /** The instant of its first set, where `absoluteTtl` needs it. */
  created = 0
  /** The last checkpoint that it was saved for, where there is a `saveFile`. */
  mark = 0
  older: Entry = this
  newer: Entry = this
  sooner: Entry = this
  later: Entry = this

  constructor(readonly sid: string) {}

  /** Whether it was taken away for good, so that what was loaded from it must not be saved again. */
  get destroyed(): boolean {
    return this.expiry === Number.NEGATIVE_INFINITY
  }

  /** Whether a lane holds it, and so a ledger, unless that was cleared since. */
  get inLane(): boolean {
    return this.newer !== this
  }

  destroy(): void {
    this.expiry = Number.NEGATIVE_INFINITY
  }

  /** The entry as it is now, in no ledger, for those who hear of it later. */
  copy(): Entry {
    const copy = new Entry(this.sid)
    copy.body = this.body
    copy.cookie = this.cookie
    copy.expiry = this.expiry
    copy.owner = this.owner
    copy.bytes = this.bytes
    return copy
  }
}
