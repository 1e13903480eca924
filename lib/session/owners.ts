/** Whose each session is, as the application tells it: its owner, or the client of a stranger, by name. */

import type { SessionData } from 'express-session'
import { Client, type Entry, type Holder, type LedgerListener, Owner } from '../entry/entry'
import { flat } from '../entry/text'
import { ShardedMap } from '../ledger/sharded-map'
import { badReturn } from '../settings/check'
import { checkedOwner, isOwnerName, type OwnerName } from '../settings/default-owner'
import type { Settings } from '../settings/settings'

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

/**
 * Asks a `client` option of the request that a live session belongs to; a plain object has none.
 * What it throws goes to `fault` the first time, and the session has no client.
 */
export function askClient(
  client: Settings['client'],
  fault: (thrown: unknown) => void,
): (session: SessionData) => string | undefined {
  if (client === undefined) return () => undefined
  let told = false
  return (session) => {
    const { req } = session as { req?: Parameters<typeof client>[0] }
    if (req === undefined || req === null) return undefined
    try {
      return checkedClient(client(req))
    } catch (thrown) {
      if (!told) fault(thrown)
      told = true
      return undefined
    }
  }
}

function checkedClient(returned: unknown): string | undefined {
  if (returned === undefined || returned === null || returned === '') return undefined
  if (typeof returned === 'string') return returned
  throw badReturn('client', 'a string, or nothing for one that is not known', returned)
}

const UNNAMED = new Owner(undefined)

/** The owners and the clients of a ledger's entries. */
export class Owners implements LedgerListener {
  readonly #owners = new Register<Owner>(Owner)
  readonly #clients = new Register<Client>(Client)

  /** The owner of that name; `undefined` for anonymous. `previous` is the one the entry had. */
  named(name: OwnerName, previous: Holder | undefined): Owner | undefined {
    if (name === true) return UNNAMED
    return isOwnerName(name) ? this.#owners.named(String(name), previous) : undefined
  }

  /** The client of that name; `undefined` for none. `previous` is the holder the entry had. */
  client(name: string | undefined, previous: Holder | undefined): Client | undefined {
    return name === undefined ? undefined : this.#clients.named(name, previous)
  }

  /** The entries of one owner, oldest first. */
  entriesOf(name: string): Entry[] {
    const entries = this.#owners.get(name)?.entries
    if (entries === undefined) return []
    return entries instanceof Set ? [...entries] : [entries]
  }

  put(entry: Entry, previous: Holder | undefined): void {
    const { holder } = entry
    if (previous === holder) return
    if (previous !== undefined) this.#registerOf(previous).forget(previous)
    if (holder !== undefined) this.#registerOf(holder).add(holder)
  }

  remove(entry: Entry): void {
    const { holder } = entry
    if (holder !== undefined) this.#registerOf(holder).forget(holder)
  }

  clear(): void {
    this.#owners.clear()
    this.#clients.clear()
  }

  #registerOf(holder: Holder): Register<Holder> {
    return holder instanceof Owner ? this.#owners : this.#clients
  }
}

/** Holders by name, each for as long as it has entries. */
class Register<Kind extends Holder> {
  readonly #make: new (
    name: string,
  ) => Kind
  #holders = new ShardedMap<Kind>()

  constructor(make: new (name: string) => Kind) {
    this.#make = make
  }

  get(name: string): Kind | undefined {
    return this.#holders.get(name)
  }

  named(name: string, previous: Holder | undefined): Kind {
    const isSame = previous instanceof this.#make && previous.name === name
    if (isSame && previous.entries !== undefined) return previous
    return this.#holders.get(name) ?? new this.#make(flat(name))
  }

  /** Adds a holder that has an entry more; one that had others is here already. */
  add(holder: Kind): void {
    const { name, entries } = holder
    const hadOthers = entries instanceof Set && entries.size > 1
    if (name !== undefined && !hadOthers) this.#holders.set(name, holder)
  }

  forget(holder: Kind): void {
    if (holder.name !== undefined && holder.entries === undefined) this.#holders.delete(holder.name)
  }

  clear(): void {
    this.#holders = new ShardedMap()
  }
}
