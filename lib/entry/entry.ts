/** One stored session: its parts, its weight, and the words for what happens to it. */

import type { RemovalCause } from '../settings/options'
import type { KeptCookie } from './cookie'
import { age, begin, longest } from './tenure'
import { textBytes } from './text'

/** Why one entry leaves the ledger; `limit`: its owner had more than `maxPerOwner`, which the application hears of as `evict`. */
export type LeaveCause = Exclude<RemovalCause, 'clear' | 'replace'> | 'limit'

/**
 * Seconds from the sign-in to a later use after which a session is a known member's: longer than a
 * flood takes to pass through the room of the newcomers, shorter than most visits.
 */
const KNOWN_AGE = 60
/** Seconds from the first use to a later one after which a stranger has returned: a script's replay at once is no return. */
const RETURNED_AGE = 2

/** One to whom entries belong, and these entries. */
export class Holder {
  /** `undefined` for the one of all who are signed in without a name: its entries are not listed. */
  readonly name: string | undefined
  /** Oldest first. Nearly every owner has one, and that one needs no Set around it. */
  entries: Entry | Set<Entry> | undefined = undefined

  constructor(name: string | undefined) {
    this.name = name
  }
}

/** Who is signed in. */
export class Owner extends Holder {}

/** Where strangers come from, as the `client` option names it. */
export class Client extends Holder {}

/** What a session leaves in its entry, apart from its id. */
export interface Content {
  readonly body: string
  /** Kept apart from the body; `undefined` if the session has none; the body is then all of it. */
  readonly cookie: KeptCookie | undefined
  readonly expiry: number
  /** `undefined` for an anonymous session. */
  readonly owner: Owner | undefined
  /** Where a session without an owner comes from, if that is known. */
  readonly client?: Client | undefined
}

/** Hears everything that happens to the ledger, after it has happened. Must not throw or change the ledger. */
export interface LedgerListener {
  put?(entry: Entry, previousHolder: Holder | undefined): void
  /** An entry came into an empty ledger. */
  filled?(): void
  touch?(entry: Entry, previousCookie: KeptCookie | undefined): void
  /** `unused`: ms since the entry was last used, to the second. */
  remove?(entry: Entry, cause: LeaveCause, unused: number): void
  /** All entries are gone at once, so many of them. */
  clear?(size: number): void
  /** One of the cleared entries is taken apart, some time after `clear`. The ledger is at rest: it may be changed. */
  cleared?(entry: Entry): void
}

/**
 * Bytes of an entry beyond its texts: the object (128), the boxed expiry (16), its slot in a Map
 * (28 to 56, by how full the Map is). Measured on Node 20, 22 and 24 by `npm run bench -- --only memory`.
 */
export const ENTRY_BYTES = 192

/** Bytes that an owner or a client adds beyond the name: the object, and its slot in a Map. */
export const OWNER_BYTES = 80

/** What `content` weighs under `sid`: an estimate of the heap it holds, in bytes. */
export function weigh(sid: string, content: Content): number {
  const { cookie } = content
  const holder = content.owner ?? content.client
  return (
    ENTRY_BYTES +
    textBytes(sid) +
    textBytes(content.body) +
    (cookie === undefined ? 0 : cookie.bytes) +
    (holder?.name === undefined ? 0 : OWNER_BYTES + textBytes(holder.name))
  )
}

/** A stored session, threaded into two rings: its lane by age, the wheel by expiry. */
export class Entry {
  body = ''
  cookie: KeptCookie | undefined = undefined
  /** The instant at which it expires, in ms; `Infinity` for never; `-Infinity` once destroyed. */
  expiry = Number.POSITIVE_INFINITY
  /** The owner; the client of a session without one, if it is known. */
  holder: Holder | undefined = undefined
  bytes = 0
  /** Whether a live session may refer to it. */
  loaded = false
  /** The instant of its first set, if `absoluteTtl` needs it; else 0. */
  created = 0
  /** The last checkpoint that it was saved for, if there is a `saveFile`. */
  mark = 0
  /** When it was last used, and for how long it had been its owner's, or a stranger's, then: see `tenure.ts`. */
  tenure = 0
  older: Entry = this
  newer: Entry = this
  sooner: Entry = this
  later: Entry = this

  constructor(readonly sid: string) {}

  get owner(): Owner | undefined {
    const { holder } = this
    return holder instanceof Owner ? holder : undefined
  }

  set owner(owner: Owner | undefined) {
    this.holder = owner
  }

  /** Whether its owner is a known member: named, and seen again a minute or more after the sign-in. */
  get known(): boolean {
    return age(this.tenure) >= KNOWN_AGE && this.owner?.name !== undefined
  }

  /** For one that is not in a ledger yet: it is a known member's from the start, if its owner has a name. */
  set known(known: boolean) {
    this.tenure = known ? longest(0) : begin(0)
  }

  /** Whether it was used again two seconds or more after it began. */
  get returned(): boolean {
    return age(this.tenure) >= RETURNED_AGE
  }

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
    copy.holder = this.holder
    copy.tenure = this.tenure
    copy.bytes = this.bytes
    return copy
  }
}
