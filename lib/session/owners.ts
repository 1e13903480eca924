/** The owner of each session, as the application tells it, and the sessions of each owner. */

import type { SessionData } from 'express-session'
import { type Entry, type LedgerListener, Owner } from '../entry/entry'
import { flat } from '../entry/text'
import { ShardedMap } from '../ledger/sharded-map'
import { checkedOwner, isOwnerName, type OwnerName } from '../settings/default-owner'

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
  #owners = new ShardedMap<Owner>()

  /** The owner of that name; `undefined` for anonymous. `previous` is the one the entry had. */
  named(name: OwnerName, previous: Owner | undefined): Owner | undefined {
    if (name === true) return UNNAMED
    if (!isOwnerName(name)) return undefined
    const text = String(name)
    if (previous?.name === text && previous.entries !== undefined) return previous
    return this.#owners.get(text) ?? new Owner(flat(text))
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
    this.#owners = new ShardedMap()
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
