/**
 * Entries that were evicted or have expired while a request may still hold their session. When such
 * a session is destroyed after all, its entry is marked here, so that the request can't bring it back.
 *
 * Entries are held weakly: one is remembered for as long as a live session refers to it, and until
 * the garbage collection after that. An entry that no request ever loaded is not remembered.
 */

import type { Entry, LeaveCause, LedgerListener } from '../entry/entry'

export class Departed implements LedgerListener {
  readonly #entries = new Map<string, WeakRef<Entry>>()
  readonly #collected = new FinalizationRegistry<string>((sid) => {
    // The session may have left again since, with another entry.
    if (this.#entries.get(sid)?.deref() === undefined) this.#entries.delete(sid)
  })

  /** Entries that are remembered now. */
  get size(): number {
    return this.#entries.size
  }

  /** Marks the entry of a session as destroyed, unless a request has stored it again since. */
  destroy(sid: string): void {
    if (this.#entries.size === 0) return
    const entry = this.#entries.get(sid)?.deref()
    if (entry !== undefined && !entry.inLane) entry.destroy()
    this.#entries.delete(sid)
  }

  /** Marks all entries of an owner as destroyed, except the one with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    for (const [sid, held] of this.#entries) {
      if (sid !== except && held.deref()?.owner?.name === name) this.destroy(sid)
    }
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || !entry.loaded) return
    this.#entries.set(entry.sid, new WeakRef(entry))
    this.#collected.register(entry, entry.sid)
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#entries.clear()
  }
}
