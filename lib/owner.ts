/** Who a session belongs to, and the sessions of each owner. */

import type { SessionData } from 'express-session'
import type { Entry, LedgerListener, Owner } from './entry'
import { Shards } from './shards'

/** What an `owner` option may return: a name, `true` for signed in without one, nothing for anonymous. */
export type OwnerName = string | number | boolean | null | undefined

/**
 * The default of the `owner` option: passport's `passport.user`, then `userId`, then `user`; each a
 * string, a number, or an object with such an `id`. Where there is a user without any id, the
 * session counts as signed in (`true`), it just can't be listed by owner.
 */
export function defaultOwner(session: SessionData): OwnerName {
  const { passport, userId, user } = session as {
    passport?: { user?: unknown } | null
    userId?: unknown
    user?: unknown
  }
  return nameOf(passport?.user) ?? nameOf(userId) ?? nameOf(user)
}

function nameOf(user: unknown): OwnerName {
  if (!user) return undefined
  if (isName(user)) return user
  const plain = user as { id?: unknown; toJSON?: () => unknown }
  if (isName(plain.id)) return plain.id
  const text = typeof plain.toJSON === 'function' ? plain.toJSON() : undefined
  return isName(text) ? text : true
}

function isName(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || Number.isFinite(value)
}

/** An owner as entries hold it. Throws a `TypeError` for what is neither a name, nor yes, nor no. */
export function toOwner(name: unknown): Owner {
  if (name === undefined || name === null || name === false || name === '') return undefined
  if (name === true) return true
  if (isName(name)) return String(name)
  throw new TypeError(
    `owner: expected a string, a number, true, or nothing for an anonymous session; got ${typeof name}`,
  )
}

/** The entries of each owner, oldest first. */
export class OwnerIndex implements LedgerListener {
  // Nearly every owner has one session, and that one needs no set around it.
  #entries = new Shards<Entry | Set<Entry>>()

  /** The entries of one owner, oldest first. */
  of(owner: string): Entry[] {
    const held = this.#entries.get(owner)
    if (held === undefined) return []
    return held instanceof Set ? [...held] : [held]
  }

  put(entry: Entry, previousOwner: Owner): void {
    if (previousOwner !== entry.owner) this.#drop(entry, previousOwner)
    this.#add(entry)
  }

  touch(entry: Entry): void {
    if (typeof entry.owner !== 'string') return
    const held = this.#entries.get(entry.owner)
    if (held instanceof Set) moveLast(held, entry)
  }

  remove(entry: Entry): void {
    this.#drop(entry, entry.owner)
  }

  clear(): void {
    this.#entries = new Shards()
  }

  #add(entry: Entry): void {
    const { owner } = entry
    if (typeof owner !== 'string') return
    const held = this.#entries.get(owner)
    if (held instanceof Set) moveLast(held, entry)
    else if (held === undefined) this.#entries.set(owner, entry)
    else if (held !== entry) this.#entries.set(owner, new Set([held, entry]))
  }

  #drop(entry: Entry, owner: Owner): void {
    if (typeof owner !== 'string') return
    const held = this.#entries.get(owner)
    if (held === entry) this.#entries.delete(owner)
    if (!(held instanceof Set)) return
    held.delete(entry)
    const [only] = held
    if (held.size === 1 && only !== undefined) this.#entries.set(owner, only)
  }
}

function moveLast(entries: Set<Entry>, entry: Entry): void {
  entries.delete(entry)
  entries.add(entry)
}
