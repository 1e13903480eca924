/** Who a session belongs to, and the sessions of each owner. */

import type { SessionData } from 'express-session'
import { type Entry, type LedgerListener, Owner } from './entry'
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
  // Passport takes an id of 0 for a user.
  if (passport?.user === 0) return 0
  return nameOf(passport?.user) ?? nameOf(userId) ?? nameOf(user)
}

function nameOf(user: unknown): OwnerName {
  if (!user) return undefined
  if (isOwnerName(user)) return user
  const { id } = user as { id?: unknown }
  if (isOwnerName(id)) return id
  // An id that is an object in the application, such as MongoDB's, and text once it is stored.
  const { toJSON } = user as { toJSON?: () => unknown }
  const text = typeof toJSON === 'function' ? toJSON.call(user) : undefined
  return isOwnerName(text) ? text : true
}

/** Whether a value can name an owner: a text that is not empty, or a number. */
export function isOwnerName(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || Number.isFinite(value)
}

/** What an `owner` option returned. Throws a `TypeError` for what is neither a name, nor yes, nor no. */
export function checkedOwner(returned: unknown): OwnerName {
  if (returned === undefined || returned === null || returned === '') return undefined
  if (typeof returned === 'boolean' || isOwnerName(returned)) return returned
  const expected = 'a string, a number, true, or nothing for an anonymous session'
  throw new TypeError(`owner: expected the function to return ${expected}; got ${typeof returned}`)
}

/** Asks an `owner` option; `undefined` for none. What that throws goes to `fault`, and the session is anonymous. */
export function askOwner(
  owner: ((session: SessionData) => unknown) | undefined,
  fault: (thrown: unknown) => void,
): (session: SessionData) => OwnerName {
  if (owner === undefined) return () => undefined
  return (session) => {
    try {
      return checkedOwner(owner(session))
    } catch (thrown) {
      fault(thrown)
      return undefined
    }
  }
}

const UNNAMED = new Owner(undefined)

/** The owners of a ledger's entries. */
export class Owners implements LedgerListener {
  #owners = new Shards<Owner>()

  /** The owner of that name; `undefined` for anonymous. `previous` is the one the entry had. */
  named(name: OwnerName, previous: Owner | undefined): Owner | undefined {
    if (name === true) return UNNAMED
    if (!isOwnerName(name)) return undefined
    const text = String(name)
    if (previous?.name === text && previous.entries !== undefined) return previous
    return this.#owners.get(text) ?? new Owner(text)
  }

  /** The entries of one owner, oldest first. */
  entriesOf(name: string): Entry[] {
    const entries = this.#owners.get(name)?.entries
    if (entries === undefined) return []
    return entries instanceof Set ? [...entries] : [entries]
  }

  put(entry: Entry, previous: Owner | undefined): void {
    if (previous !== entry.owner) this.#drop(entry, previous)
    this.#add(entry, entry.owner)
  }

  touch(entry: Entry): void {
    const entries = entry.owner?.entries
    if (entries instanceof Set) moveLast(entries, entry)
  }

  remove(entry: Entry): void {
    this.#drop(entry, entry.owner)
  }

  clear(): void {
    this.#owners = new Shards()
  }

  #add(entry: Entry, owner: Owner | undefined): void {
    if (owner?.name === undefined || owner.entries === entry) return
    if (owner.entries instanceof Set) moveLast(owner.entries, entry)
    else if (owner.entries !== undefined) owner.entries = new Set([owner.entries, entry])
    else {
      owner.entries = entry
      this.#owners.set(owner.name, owner)
    }
  }

  #drop(entry: Entry, owner: Owner | undefined): void {
    if (owner?.name === undefined) return
    if (owner.entries instanceof Set) {
      owner.entries.delete(entry)
      if (owner.entries.size === 1) [owner.entries] = owner.entries
    } else if (owner.entries === entry) {
      owner.entries = undefined
      this.#owners.delete(owner.name)
    }
  }
}

function moveLast(entries: Set<Entry>, entry: Entry): void {
  entries.delete(entry)
  entries.add(entry)
}
