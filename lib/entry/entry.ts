/** One stored session: its parts, and what they say of it. */

import type { KeptCookie } from './cookie'
import { type HolderRef, hasName, holderRefOf, nameOf, type Owner } from './holder'
import { age, begin, longest } from './tenure'
import * as traits from './traits'

/**
 * Seconds from the sign-in to a later use after which a session is a known member's: longer than a
 * flood takes to pass through the room of the newcomers, shorter than most visits.
 */
const KNOWN_AGE = 60
/** Seconds from the first use to a later one after which a stranger has returned: a script that comes again at once has not. */
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
  /** How the name of the owner or the client is kept, if that is known already. */
  readonly holder?: HolderRef<Entry> | undefined
}

/**
 * A stored session, threaded into two rings: its lane by age, the wheel by expiry. It has no number
 * that V8 keeps in a box, 16 bytes each, and no field that only some stores need.
 */
export class Entry {
  body = ''
  cookie: KeptCookie | undefined = undefined
  /** The owner; for a session without an owner, its client, if that is known. */
  holder: HolderRef<Entry> | undefined = undefined
  bytes = 0
  /** When it was last used, and for how long it had been its owner's, or a stranger's, then: see `tenure.ts`. */
  tenure = 0
  /** The key of its row in the file; 0 for none. */
  row = 0
  older: Entry = this
  newer: Entry = this
  sooner: Entry = this
  later: Entry = this
  /** See `traits.ts`. */
  #traits = traits.NEW
  /** The fine part of its expiry. */
  #fine = 0

  constructor(readonly sid: string) {}

  /** The instant at which it expires, in ms; `Infinity` for never; `-Infinity` once destroyed. */
  get expiry(): number {
    return traits.expiryOf(this.#traits, this.#fine)
  }

  set expiry(expiry: number) {
    const kept = traits.keepable(expiry)
    this.#fine = traits.fineOf(kept)
    this.#traits = traits.withExpiry(this.#traits, kept)
  }

  /** Whether a live session may refer to it. */
  get loaded(): boolean {
    return (this.#traits & traits.LOADED) !== 0
  }

  set loaded(loaded: boolean) {
    this.#traits = traits.withFlag(this.#traits, traits.LOADED, loaded)
  }

  /** The instant of its first set in ms, if `absoluteTtl` needs it: see {@link DatedEntry}; else 0. */
  get created(): number {
    return 0
  }

  /** Bytes beyond those of any entry. */
  get ownBytes(): number {
    return 0
  }

  /** Whether it has an owner. */
  get owned(): boolean {
    return (this.#traits & traits.OWNED) !== 0
  }

  /** The owner. A name may be a slice of the body, and then keeps all of the body in memory. */
  get owner(): Owner | undefined {
    return this.owned ? (this.holderName ?? true) : undefined
  }

  /** Only while the entry is in no ledger. */
  set owner(owner: Owner | undefined) {
    this.#traits = traits.withFlag(this.#traits, traits.OWNED, owner !== undefined)
    this.holder = owner === true ? undefined : owner
  }

  /** The name of its owner, if that has one. */
  get ownerName(): string | undefined {
    return this.owned ? this.holderName : undefined
  }

  /** The client of a session without an owner, if it is known. */
  get client(): string | undefined {
    return this.owned ? undefined : this.holderName
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

  /** Takes over a content, except its expiry. `isSame`: whether the entry has the holder of that content already. */
  assign(content: Content, isSame: boolean): void {
    const { body, cookie, owner, client } = content
    const { holder = holderRefOf(owner, client, body, this.holder) } = content
    this.#traits = traits.withFlag(this.#traits, traits.OWNED, owner !== undefined)
    if (!isSame || typeof this.holder !== 'object') this.holder = holder
    this.body = body
    this.cookie = cookie
  }

  /** Whether its owner is a known member: named, and seen again a minute or more after the sign-in. */
  get known(): boolean {
    return age(this.tenure) >= KNOWN_AGE && this.owned && this.holder !== undefined
  }

  /** Only while the entry is in no ledger. With an owner who has a name, it then is a known member's at once. */
  set known(known: boolean) {
    this.tenure = known ? longest(0) : begin(0)
  }

  /** Whether it was used again two seconds or more after it began. */
  get returned(): boolean {
    return age(this.tenure) >= RETURNED_AGE
  }

  /** Whether it was taken away for good, so that what was loaded from it must not be saved again. */
  get destroyed(): boolean {
    return traits.isDestroyed(this.#traits)
  }

  /** Whether it is in a lane, of the ledger or of one that was cleared and is not taken apart yet. */
  get inLane(): boolean {
    return this.newer !== this
  }

  destroy(): void {
    this.#traits = traits.destroyed(this.#traits)
  }

  /** A copy of the entry as it is now, in no ledger, for listeners that are told later. */
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

  /** For an entry that was saved without it. */
  override set created(created: number) {
    this.#created = created
  }

  override get ownBytes(): number {
    return CREATED_BYTES
  }
}
