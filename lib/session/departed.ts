/**
 * Entries that were evicted or have expired while a request may still hold their session. When such
 * a session is destroyed after all, its entry is marked here, so that the request can't bring it back.
 *
 * Entries are held weakly: one is remembered for as long as a live session refers to it, and until a
 * sweep after the garbage collection that takes it. One without an owner is not remembered: nobody was
 * signed in with it, and a flood of strangers evicts most of them. A `FinalizationRegistry` would tell
 * of each one that was collected, but of all in one turn: 35 ms for 50,000 (Node 20).
 */

import { type Clock, inSlices } from '../clock'
import type { Entry } from '../entry/entry'
import { hashOf } from '../ledger/holders'
import type { LeaveCause, LedgerListener } from '../ledger/ledger'
import { Maps } from '../ledger/maps'

/** Fewer than this are not worth a sweep. */
const FEW = 1000

type Ref = WeakRef<Entry>

/** Entries, held weakly, by the hash of a text of theirs: it keeps no text. Mostly there is one of a hash. */
class WeakIndex {
  /** References that it has. */
  size = 0
  readonly #refs = new Maps<number, Ref | Ref[]>((hash) => hash)

  constructor(private readonly textOf: (entry: Entry) => string | undefined) {}

  /** The reference to an entry that is here. */
  refTo(entry: Entry): Ref | undefined {
    return this.#of(this.textOf(entry)).find((ref) => ref.deref() === entry)
  }

  add(entry: Entry, ref: Ref): void {
    const text = this.textOf(entry)
    if (text === undefined) return
    this.size++
    const hash = hashOf(text)
    const others = this.#refs.get(hash)
    if (others === undefined) this.#refs.set(hash, ref)
    else if (Array.isArray(others)) others.push(ref)
    else this.#refs.set(hash, [others, ref])
  }

  /** Marks the entries of a text as destroyed, except those with the id `except` and those that a request has stored again since. */
  destroy(text: string, except?: string): void {
    for (const ref of this.#of(text)) {
      const entry = ref.deref()
      if (entry === undefined || entry.inLane || entry.sid === except) continue
      if (this.textOf(entry) === text) entry.destroy()
    }
  }

  /** Forgets, of one hash after the other, those that no request holds, and that have another text now. */
  *forget(): Generator<void, void> {
    for (const hash of this.#refs.keys()) {
      const refs = listOf(this.#refs.get(hash))
      const kept = [...new Set(refs)].filter((ref) => this.#isAt(hash, ref.deref()))
      const [first] = kept
      if (first === undefined) this.#refs.delete(hash)
      else this.#refs.set(hash, kept.length === 1 ? first : kept)
      this.size -= refs.length - kept.length
      yield
    }
  }

  #isAt(hash: number, entry: Entry | undefined): boolean {
    if (entry === undefined || entry.destroyed) return false
    const text = this.textOf(entry)
    return text !== undefined && hashOf(text) === hash
  }

  #of(text: string | undefined): readonly Ref[] {
    return text === undefined ? [] : listOf(this.#refs.get(hashOf(text)))
  }
}

function listOf(refs: Ref | readonly Ref[] | undefined): readonly Ref[] {
  if (refs === undefined) return []
  return refs instanceof WeakRef ? [refs] : refs
}

export class Departed implements LedgerListener {
  #bySid = new WeakIndex(({ sid }) => sid)
  #byOwner = new WeakIndex(({ ownerName }) => ownerName)
  #sweeping = false
  /** Times that one left, after which a sweep is due: twice as many as the last one kept. */
  #left = 0
  #many = FEW

  /** `remembersAll`: entries without an owner too, for a store that knows no owners. */
  constructor(
    private readonly remembersAll: boolean,
    private readonly clock: Clock,
  ) {}

  /** Entries that are remembered, those among them that no longer matter before the next sweep. */
  get size(): number {
    return this.#bySid.size
  }

  /** Marks the entries of an id as destroyed, except one that a request has stored again since. */
  destroy(sid: string): void {
    if (this.size > 0) this.#bySid.destroy(sid)
  }

  /** Marks all entries of an owner as destroyed, except those with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    if (this.size > 0) this.#byOwner.destroy(name, except)
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || (!entry.owned && !this.remembersAll)) return
    let ref = this.#bySid.refTo(entry)
    if (ref === undefined) {
      ref = new WeakRef(entry)
      this.#bySid.add(entry, ref)
    }
    // One that has left before may have had another owner then.
    this.#byOwner.add(entry, ref)
    this.#left++
    if (this.#left >= this.#many) this.sweep()
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#bySid = new WeakIndex(({ sid }) => sid)
    this.#byOwner = new WeakIndex(({ ownerName }) => ownerName)
  }

  /** Forgets those that no request holds any more, a few ms at a time. */
  sweep(): void {
    if (this.#sweeping || this.size === 0) return
    this.#sweeping = true
    const sweeps = [this.#bySid.forget(), this.#byOwner.forget()]
    const step = () => sweeps.some((sweep) => sweep.next().done !== true)
    const end = () => {
      this.#sweeping = false
      this.#left = this.size
      this.#many = Math.max(FEW, 2 * this.size)
    }
    this.clock.breathe(() => inSlices(this.clock, step, end))
  }
}
