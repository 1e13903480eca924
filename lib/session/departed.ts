/**
 * Entries that were evicted or have expired while a request may still hold their session. When such
 * a session is destroyed after all, its entry is marked here, so that the request can't bring it back.
 *
 * Entries are held weakly: one is remembered for as long as a live session refers to it, and until
 * the garbage collection after that. An entry that no request ever loaded is not remembered.
 */

import type { Entry, LeaveCause, LedgerListener } from '../entry/entry'

export class Departed implements LedgerListener {
  /** By id. An id may have left several times, with another entry each. */
  readonly #entries = new Map<string, WeakRef<Entry>[]>()
  readonly #collected = new FinalizationRegistry<string>((sid) => this.#forgetCollected(sid))

  /** Ids that are remembered now. */
  get size(): number {
    return this.#entries.size
  }

  /** Marks the entries of an id as destroyed, except one that a request has stored again since. */
  destroy(sid: string): void {
    if (this.#entries.size === 0) return
    for (const held of this.#entries.get(sid) ?? []) {
      const entry = held.deref()
      if (entry !== undefined && !entry.inLane) entry.destroy()
    }
    this.#entries.delete(sid)
  }

  /** Marks all entries of an owner as destroyed, except those with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    for (const [sid, entries] of this.#entries) {
      const isTheirs = entries.some((held) => held.deref()?.owner?.name === name)
      if (isTheirs && sid !== except) this.destroy(sid)
    }
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || !entry.loaded) return
    const others = this.#entries.get(entry.sid) ?? []
    if (others.some((held) => held.deref() === entry)) return
    this.#entries.set(entry.sid, [...others, new WeakRef(entry)])
    this.#collected.register(entry, entry.sid)
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#entries.clear()
  }

  #forgetCollected(sid: string): void {
    const left = this.#entries.get(sid)?.filter((held) => held.deref() !== undefined) ?? []
    if (left.length > 0) this.#entries.set(sid, left)
    else this.#entries.delete(sid)
  }
}
