/** One stored session: its parts, its weight, and the words for what happens to it. */

import type { KeptCookie } from './cookie'
import { type Held, hasName, holderOf, nameOf, type Owner } from './holder'
import { age, begin, longest } from './tenure'

/**
 * Seconds from the sign-in to a later use after which a session is a known member's: longer than a
 * flood takes to pass through the room of the newcomers, shorter than most visits.
 */
const KNOWN_AGE = 60
/** Seconds from the first use to a later one after which a stranger has returned: a script's replay at once is no return. */
const RETURNED_AGE = 2

/** What a session leaves in its entry, apart from its id. */
export interface Content {
  readonly body: string
  /** Kept apart from the body; `undefined` if the session has none; the body is then all of it. */
  readonly cookie: KeptCookie | undefined
  readonly expiry: number
  /** `undefined` for an anonymous session. */
  readonly owner: Owner | undefined
  /** Where a session without an owner comes from, if that is known. */
  readonly client?: string | undefined
  /** How the name of either is kept, once that is known. */
  readonly holder?: Held<Entry> | undefined
}

// The traits of an entry are the bits of one small integer, of 31 bits at most, which needs no box:
// whether it is loaded, whether it is owned, the coarse part of its expiry, and the last checkpoint that it was saved for.
const LOADED = 1
const OWNED = 2
const SPAN_AT = 2
const SPAN_BITS = 12
const MARK_AT = SPAN_AT + SPAN_BITS
const SPANS = (2 ** SPAN_BITS - 1) << SPAN_AT
const MARKS = 2 ** (30 - MARK_AT) - 1
/** Ms of one span: the fine part of an expiry is less. */
const SPAN_MS = 2 ** 30
const NEVER = 2 ** SPAN_BITS - 1
const DESTROYED = NEVER - 1
/** The last instant, in 2109, that an entry can expire at: a later one is never. */
export const LAST_EXPIRY = DESTROYED * SPAN_MS - 1

/** An expiry as an entry can keep it: in whole ms, from 1970 to 2109, or `Infinity`. */
export function keepable(expiry: number): number {
  return expiry > LAST_EXPIRY ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(expiry))
}

/** The bits that tell a checkpoint from those before it: 0 is none. */
function markOf(checkpoint: number): number {
  return checkpoint === 0 ? 0 : 1 + ((checkpoint - 1) % MARKS)
}

/**
 * A stored session, threaded into two rings: its lane by age, the wheel by expiry. It has no number
 * that V8 keeps in a box, 16 bytes each, and no field that only some stores need.
 */
export class Entry {
  body = ''
  cookie: KeptCookie | undefined = undefined
  /** Who holds it, as the name is kept: the owner; the client of a session without one, if it is known. */
  holder: Held<Entry> | undefined = undefined
  bytes = 0
  /** When it was last used, and for how long it had been its owner's, or a stranger's, then: see `tenure.ts`. */
  tenure = 0
  older: Entry = this
  newer: Entry = this
  sooner: Entry = this
  later: Entry = this
  #traits = NEVER << SPAN_AT
  #fine = 0

  constructor(readonly sid: string) {}

  /** The instant at which it expires, in ms; `Infinity` for never; `-Infinity` once destroyed. */
  get expiry(): number {
    const span = (this.#traits & SPANS) >>> SPAN_AT
    if (span < DESTROYED) return span * SPAN_MS + this.#fine
    return span === NEVER ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  }

  set expiry(expiry: number) {
    const kept = keepable(expiry)
    const span = kept === Number.POSITIVE_INFINITY ? NEVER : Math.floor(kept / SPAN_MS)
    // The bit operation makes a small integer of what V8 would keep in a box after the arithmetic.
    this.#fine = span === NEVER ? 0 : (kept - span * SPAN_MS) | 0
    this.#traits = (this.#traits & ~SPANS) | (span << SPAN_AT)
  }

  /** Whether a live session may refer to it. */
  get loaded(): boolean {
    return (this.#traits & LOADED) !== 0
  }

  set loaded(loaded: boolean) {
    this.#traits = loaded ? this.#traits | LOADED : this.#traits & ~LOADED
  }

  /** Marks it as saved for a checkpoint; 0 for none. */
  mark(checkpoint: number): void {
    this.#traits = (this.#traits & ~(MARKS << MARK_AT)) | (markOf(checkpoint) << MARK_AT)
  }

  /** Whether a checkpoint was the last that it was saved for: of 65,535 in a row. */
  isMarked(checkpoint: number): boolean {
    return this.#traits >>> MARK_AT === markOf(checkpoint)
  }

  /** The instant of its first set, if `absoluteTtl` needs it: see {@link DatedEntry}; else 0. */
  get created(): number {
    return 0
  }

  /** Bytes beyond those of any entry. */
  get ownBytes(): number {
    return 0
  }

  /** Whether it has an owner. */
  get owned(): boolean {
    return (this.#traits & OWNED) !== 0
  }

  /** The owner; a name may be a part of the body, and keep all of it. */
  get owner(): Owner | undefined {
    return this.owned ? (this.holderName ?? true) : undefined
  }

  /** For one that is not in a ledger yet. */
  set owner(owner: Owner | undefined) {
    this.#traits = owner === undefined ? this.#traits & ~OWNED : this.#traits | OWNED
    this.holder = owner === true ? undefined : owner
  }

  /** The name of its owner, if that has one. */
  get ownerName(): string | undefined {
    return this.owned ? this.holderName : undefined
  }

  /** The client that a session without an owner comes from, if it is known. */
  get client(): string | undefined {
    return this.owned ? undefined : this.holderName
  }

  get holderName(): string | undefined {
    return nameOf(this.holder, this.body)
  }

  /** Whether it has that owner. */
  isOwnedBy(owner: Owner | undefined): boolean {
    if (owner === undefined || !this.owned) return owner === undefined && !this.owned
    return hasName(this.holder, this.body, owner === true ? undefined : owner)
  }

  /** Whether it has that owner, or without one that client. */
  isHeldBy({ owner, client }: Content): boolean {
    if (owner !== undefined || this.owned) return this.isOwnedBy(owner)
    return hasName(this.holder, this.body, client)
  }

  /** Takes a content, apart from its expiry. `isSame`: its holder is the one of the content already. */
  take(content: Content, isSame: boolean): void {
    const { body, cookie, owner, client } = content
    const { holder = holderOf(owner, client, body, this.holder) } = content
    this.#traits = owner === undefined ? this.#traits & ~OWNED : this.#traits | OWNED
    if (!isSame || typeof this.holder !== 'object') this.holder = holder
    this.body = body
    this.cookie = cookie
  }

  /** Whether its owner is a known member: named, and seen again a minute or more after the sign-in. */
  get known(): boolean {
    return age(this.tenure) >= KNOWN_AGE && this.owned && this.holder !== undefined
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
    return (this.#traits & SPANS) >>> SPAN_AT === DESTROYED
  }

  /** Whether a lane holds it, and so a ledger, unless that was cleared since. */
  get inLane(): boolean {
    return this.newer !== this
  }

  destroy(): void {
    this.#fine = 0
    this.#traits = (this.#traits & ~SPANS) | (DESTROYED << SPAN_AT)
  }

  /** The entry as it is now, in no ledger, for those who hear of it later. */
  copy(): Entry {
    const copy = new Entry(this.sid)
    copy.body = this.body
    copy.cookie = this.cookie
    copy.holder = this.holder
    copy.tenure = this.tenure
    copy.bytes = this.bytes
    copy.#traits = this.#traits
    copy.#fine = this.#fine
    return copy
  }
}

/** Bytes of the instant of the first set: the field, and the box of its number. */
const CREATED_BYTES = 24

/** An entry of a store with an `absoluteTtl`. */
export class DatedEntry extends Entry {
  #created: number

  constructor(sid: string, created: number) {
    super(sid)
    this.#created = created
  }

  override get created(): number {
    return this.#created
  }

  /** For one that was saved without it. */
  override set created(created: number) {
    this.#created = created
  }

  override get ownBytes(): number {
    return CREATED_BYTES
  }
}
