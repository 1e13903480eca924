/**
 * Entries that were evicted or have expired while a request may still hold their session. When such
 * a session is destroyed after all, its entry is marked here, so that the request can't bring it back.
 *
 * Entries are held weakly: one is remembered for as long as a live session refers to it, and until
 * the garbage collection after that. An entry that no request ever loaded is not remembered, nor is
 * one without an owner: nobody was signed in with it, and a flood of strangers evicts most of them.
 */

import type { Entry } from '../entry/entry'
import { flat } from '../entry/text'
import type { LeaveCause, LedgerListener } from '../ledger/listeners'

interface Left {
  readonly sid: string
  readonly owner: string | undefined
}

export class Departed implements LedgerListener {
  readonly #remembersAll: boolean
  /** By id. An id may have left several times, with another entry each. */
  readonly #entries = new Map<string, WeakRef<Entry>[]>()
  /** The ids that left, by the names of their owners. */
  readonly #sidsOf = new Map<string, Set<string>>()
  readonly #collected = new FinalizationRegistry<Left>((left) => this.#forgetCollected(left))

  /** `remembersAll`: entries without an owner too, for a store that knows no owners. */
  constructor(remembersAll: boolean) {
    this.#remembersAll = remembersAll
  }

  /** Ids that are remembered now. */
  get size(): number {
    return this.#entries.size
  }

  /** Marks the entries of an id as destroyed, except one that a request has stored again since. */
  destroy(sid: string): void {
    if (this.#entries.size === 0) return
    for (const ref of this.#entries.get(sid) ?? []) {
      const entry = ref.deref()
      if (entry !== undefined && !entry.inLane) entry.destroy()
    }
    this.#entries.delete(sid)
  }

  /** Marks all entries of an owner as destroyed, except those with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    for (const sid of this.#sidsOf.get(name) ?? []) if (sid !== except) this.destroy(sid)
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || !entry.loaded || (!entry.owned && !this.#remembersAll)) return
    const { sid } = entry
    const others = this.#entries.get(sid) ?? []
    if (others.some((ref) => ref.deref() === entry)) return
    const name = entry.ownerName
    const owner = name === undefined ? undefined : flat(name)
    this.#entries.set(sid, [...others, new WeakRef(entry)])
    if (owner !== undefined)
      this.#sidsOf.set(owner, (this.#sidsOf.get(owner) ?? new Set()).add(sid))
    this.#collected.register(entry, { sid, owner })
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#entries.clear()
    this.#sidsOf.clear()
  }

  #forgetCollected({ sid, owner }: Left): void {
    const left = this.#entries.get(sid)?.filter((ref) => ref.deref() !== undefined) ?? []
    if (left.length > 0) {
      this.#entries.set(sid, left)
      return
    }
    this.#entries.delete(sid)
    const sids = owner === undefined ? undefined : this.#sidsOf.get(owner)
    sids?.delete(sid)
    if (owner !== undefined && sids?.size === 0) this.#sidsOf.delete(owner)
  }
}
