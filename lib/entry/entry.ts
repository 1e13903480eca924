/** One stored session: its parts, and what they say of it; and a session as text and back, the cookie kept apart from its body. */

import type { SessionData } from 'express-session'
import { badReturn, isThenable, quieted } from '../settings/check'
import type { Serializer } from '../settings/options'
import type { Owner } from '../settings/owner'
import type { KeptCookie, ReadableCookie } from './cookie'
import { type HolderRef, hasName, holderRefOf, nameOf } from './holder'
import { flat, narrowed } from './weigh'

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
  /** How the name of the owner or the client is kept, if that has been found out already. */
  readonly holder?: HolderRef<Entry> | undefined
}

/** How much an entry is trusted: what it says of the lane that the entry is in. */
export interface Trust {
  /** Whether its entries have an owner. */
  readonly isOwned: boolean
  /** Whether they are those of known members: named, and seen again a minute or more after the sign-in. */
  readonly isMembers: boolean
}

const DAY = 86_400_000
/** The last instant that a Date can be: a later expiry is never. */
export const LAST_INSTANT = 8.64e15
/** In place of the day of an expiry. */
const NEVER = 2 ** 30 - 1
const DESTROYED = NEVER - 1

/** An expiry as an entry can keep it: in whole ms, from 1970 on, or `Infinity`. */
export function keepable(expiry: number): number {
  return expiry > LAST_INSTANT ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(expiry))
}

/** A stored session, threaded into two rings: its lane by age, the wheel by expiry. */
export class Entry {
  body = ''
  cookie: KeptCookie | undefined = undefined
  /** The owner; for a session without an owner, its client, if that is known. See `holder.ts`. */
  holder: HolderRef<Entry> | undefined = undefined
  bytes = 0
  /** The lane that it is in, or was in last. */
  lane: Trust | undefined = undefined
  /** When it was last used, and when its holder first used it: in seconds of a clock that only goes forward. */
  used = 0
  since = 0
  older: Entry = this
  newer: Entry = this
  sooner: Entry = this
  later: Entry = this
  // An expiry in one number would be no small integer, which V8 keeps in a box of 16 bytes.
  #day = NEVER
  #ms = 0

  constructor(readonly sid: string) {}

  /** The instant at which it expires, in ms; `Infinity` for never; `-Infinity` once destroyed. */
  get expiry(): number {
    if (this.#day < DESTROYED) return this.#day * DAY + this.#ms
    return this.#day === NEVER ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  }

  set expiry(expiry: number) {
    const kept = keepable(expiry)
    this.#day = kept === Number.POSITIVE_INFINITY ? NEVER : Math.floor(kept / DAY)
    // The bit operation makes a small integer of what V8 would box after the arithmetic.
    this.#ms = kept === Number.POSITIVE_INFINITY ? 0 : (kept % DAY) | 0
  }

  /** Whether it was taken away for good, so that what was loaded from it must not be saved again. */
  get destroyed(): boolean {
    return this.#day === DESTROYED
  }

  destroy(): void {
    this.#day = DESTROYED
  }

  /** Whether it is in a lane, of the ledger or of one that was cleared and is not taken apart yet. */
  get inLane(): boolean {
    return this.newer !== this
  }

  /** Seconds from the first use by its holder to the last. */
  get age(): number {
    return this.used - this.since
  }

  /** Whether it has an owner. */
  get owned(): boolean {
    return this.lane?.isOwned === true
  }

  /** Whether its owner is a known member: named, and seen again a minute or more after the sign-in. */
  get known(): boolean {
    return this.lane?.isMembers === true
  }

  /** The owner. A name may be a slice of the body, and then keeps all of the body in memory. */
  get owner(): Owner | undefined {
    return this.owned ? (this.holderName ?? true) : undefined
  }

  /** The name of its owner, if that has one. */
  get ownerName(): string | undefined {
    return this.owned ? this.holderName : undefined
  }

  /** The name of its owner or client, if that is known. */
  get holderName(): string | undefined {
    return nameOf(this.holder, this.body)
  }

  /** Whether it has that owner. */
  isOwnedBy(owner: Owner | undefined): boolean {
    if (owner === undefined || !this.owned) return owner === undefined && !this.owned
    return hasName(this.holder, this.body, owner === true ? undefined : owner)
  }

  /** Whether it has the owner of that content, or, without an owner, its client. */
  isHeldBy({ owner, client }: Content): boolean {
    if (owner !== undefined || this.owned) return this.isOwnedBy(owner)
    return hasName(this.holder, this.body, client)
  }

  /** How the entry refers to the holder of a content. */
  holderOf({ owner, client, body, holder }: Content): HolderRef<Entry> | undefined {
    return holder ?? holderRefOf(owner, client, body, this.holder)
  }

  /** Takes over a content, except its expiry. `isSame`: whether the entry has the holder of that content already. */
  assign(content: Content, isSame: boolean): void {
    const { body, cookie } = content
    if (!isSame || typeof this.holder !== 'object') this.holder = this.holderOf(content)
    this.body = body
    this.cookie = cookie
  }

  /** The instant of its first set in ms, if the store needs it: see {@link LastingEntry}; else 0. */
  get created(): number {
    return 0
  }

  /** The key of its row in the file, if it has one: see {@link LastingEntry}; else 0. */
  get row(): number {
    return 0
  }

  /** Bytes beyond those of any entry. */
  get ownBytes(): number {
    return 0
  }

  /** A copy of the entry as it is now, in no ledger, for listeners that are told later. */
  copy(): Entry {
    const copy = new Entry(this.sid)
    copy.body = this.body
    copy.cookie = this.cookie
    copy.holder = this.holder
    copy.lane = this.lane
    copy.used = this.used
    copy.since = this.since
    copy.bytes = this.bytes
    copy.#day = this.#day
    copy.#ms = this.#ms
    return copy
  }
}

/** Bytes of two fields, and of the box of an instant. */
const LASTING_BYTES = 32

/** An entry of a store with a `saveFile` or an `absoluteTtl`: it has what only those need. */
export class LastingEntry extends Entry {
  #created: number
  #row = 0

  constructor(sid: string, created: number) {
    super(sid)
    this.#created = created
  }

  override get created(): number {
    return this.#created
  }

  /** For an entry that was saved without it. */
  override set created(created: number) {
    this.#created = created
  }

  override get row(): number {
    return this.#row
  }

  override set row(row: number) {
    this.#row = row
  }

  override get ownBytes(): number {
    return LASTING_BYTES
  }
}

/** Sessions as text and back, by the serializer of the application or as JSON. */
export class Codec {
  constructor(private readonly serializer: Serializer | undefined) {}

  /**
   * The body text of a session, as it can be kept. Without a serializer of the user's, a cookie that
   * is kept apart is left out of it. Throws what the serializer throws, and a `TypeError` when it
   * gives no text.
   */
  encode(session: SessionData, cookie: ReadableCookie | undefined): string {
    const { serializer } = this
    const text: unknown =
      serializer === undefined ? json(session, cookie) : serializer.stringify(session)
    if (typeof text !== 'string') throw badReturn('serializer.stringify', 'a string', text)
    return serializer === undefined ? narrowed(text) : flat(text)
  }

  /**
   * A fresh session, as a round trip of the whole through the serializer would give it; of another
   * `body` than the entry's, if one is given. Throws what the serializer throws.
   */
  decode(entry: Entry, body = entry.body): SessionData {
    return this.withCookie(entry, this.parse(body))
  }

  /** A parsed session with the cookie of its entry. */
  withCookie(entry: Entry, parsed: SessionData): SessionData {
    if (entry.cookie === undefined || typeof parsed !== 'object' || parsed === null) return parsed
    const session = Object.isFrozen(parsed) ? { ...parsed } : parsed
    session.cookie = entry.cookie.read(entry.expiry) as unknown as SessionData['cookie']
    return session
  }

  /**
   * The session that a text holds, as it is. Throws what the serializer throws, apart from a
   * `SyntaxError`, which would quote the text; and a `TypeError` when it gives a promise.
   */
  parse(text: string): SessionData {
    const { serializer } = this
    try {
      const session = (serializer ?? JSON).parse(text)
      if (serializer === undefined || !isThenable(session)) return session
      throw badReturn('serializer.parse', 'a session', session)
    } catch (thrown) {
      throw quieted(thrown)
    }
  }

  /** The text of the whole session, as memorystore hands it to `dispose`. Throws as `encode` does. */
  serialized(entry: Entry): string {
    const session = this.decode(entry)
    const text: unknown = (this.serializer ?? JSON).stringify(session)
    if (typeof text === 'string') return text
    throw badReturn('serializer.stringify', 'a string', text)
  }
}

function json(session: SessionData, cookie: ReadableCookie | undefined): string | undefined {
  // What a class makes of itself is its own affair: the cookie in there is merely not read.
  const whole = cookie === undefined || 'toJSON' in session
  try {
    return JSON.stringify(whole ? session : { ...session, cookie: undefined })
  } catch (thrown) {
    throw quieted(thrown)
  }
}
