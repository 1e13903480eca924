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

/** Fewer than this are not worth a sweep. */
const FEW = 1000

/** Of an index: enough that a logout looks at few, even after a flood. */
const BUCKETS = 4096

type Ref = WeakRef<Entry>

/** Entries, held weakly, in buckets by the hash of a text of theirs: it keeps no text. */
class WeakIndex {
  /** References that it has. */
  size = 0
  readonly #buckets = new Array<Ref[] | undefined>(BUCKETS).fill(undefined)

  constructor(private readonly textOf: (entry: Entry) => string | undefined) {}

  add(entry: Entry, ref: Ref): void {
    const text = this.textOf(entry)
    if (text === undefined) return
    const place = placeOf(text)
    const bucket = this.#buckets[place]
    if (bucket === undefined) this.#buckets[place] = [ref]
    else bucket.push(ref)
    this.size++
  }

  /** Marks the entries of a text as destroyed, except those with the id `except` and those that a request has stored again since. */
  destroy(text: string, except?: string): void {
    for (const ref of this.#buckets[placeOf(text)] ?? []) {
      const entry = ref.deref()
      if (entry === undefined || entry.inLane || entry.sid === except) continue
      if (this.textOf(entry) === text) entry.destroy()
    }
  }

  /** Forgets, in one bucket after the other, those that no request holds, and that have another text now. */
  *forget(): Generator<void, void> {
    for (const [place, bucket] of this.#buckets.entries()) {
      if (bucket === undefined) continue
      // By entry: one that has left twice is here twice.
      const kept = new Map<Entry, Ref>()
      for (const ref of bucket) {
        const entry = ref.deref()
        if (entry !== undefined && this.#isAt(place, entry)) kept.set(entry, ref)
      }
      this.#buckets[place] = kept.size === 0 ? undefined : [...kept.values()]
      this.size -= bucket.length - kept.size
      yield
    }
  }

  #isAt(place: number, entry: Entry): boolean {
    const text = this.textOf(entry)
    return !entry.destroyed && text !== undefined && placeOf(text) === place
  }
}

function placeOf(text: string): number {
  return hashOf(text) & (BUCKETS - 1)
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
    const ref = new WeakRef(entry)
    this.#bySid.add(entry, ref)
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
