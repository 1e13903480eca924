/**
 * Entries that were evicted or have expired while a request may still hold their session. When such
 * a session is destroyed after all, its entry is marked here, so that the request can't bring it back.
 *
 * Entries are held weakly: one is remembered for as long as a live session refers to it, and until a
 * sweep after the garbage collection that takes it. An entry that no request ever loaded is not
 * remembered, nor is one without an owner: nobody was signed in with it, and a flood of strangers
 * evicts most of them. A `FinalizationRegistry` would tell of each one that was collected, but of all
 * in one turn: 35 ms for 50,000 (Node 20).
 */

import type { Entry } from '../entry/entry'
import { flat } from '../entry/text'
import type { LeaveCause, LedgerListener } from '../ledger/listeners'
import type { Clock } from '../time/clock'
import { inSlices } from '../time/slices'

/** Fewer than this are not worth a sweep. */
const FEW = 1000

/** An entry that left, and before it perhaps another with the same id. */
class Left {
  constructor(
    readonly ref: WeakRef<Entry>,
    readonly owner: string | undefined,
    readonly former: Left | undefined,
  ) {}
}

export class Departed implements LedgerListener {
  readonly #remembersAll: boolean
  readonly #clock: Clock
  /** By id. */
  readonly #left = new Map<string, Left>()
  /** The ids that left, by the names of their owners: nearly every owner has one. */
  readonly #sidsOf = new Map<string, string | Set<string>>()
  #sweeping = false
  /** So many ids are worth a sweep: twice as many as the last one left. */
  #many = FEW

  /** `remembersAll`: entries without an owner too, for a store that knows no owners. */
  constructor(remembersAll: boolean, clock: Clock) {
    this.#remembersAll = remembersAll
    this.#clock = clock
  }

  /** Ids that are remembered now. */
  get size(): number {
    return this.#left.size
  }

  /** Marks the entries of an id as destroyed, except one that a request has stored again since. */
  destroy(sid: string): void {
    if (this.#left.size === 0) return
    const last = this.#left.get(sid)
    for (const { ref } of chain(last)) {
      const entry = ref.deref()
      if (entry !== undefined && !entry.inLane) entry.destroy()
    }
    if (last !== undefined) this.#keep(sid, last, undefined)
  }

  /** Marks all entries of an owner as destroyed, except those with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    const sids = this.#sidsOf.get(name) ?? []
    for (const sid of typeof sids === 'string' ? [sids] : [...sids]) {
      if (sid !== except) this.destroy(sid)
    }
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || !entry.loaded || (!entry.owned && !this.#remembersAll)) return
    const { sid } = entry
    const former = this.#left.get(sid)
    for (const { ref } of chain(former)) if (ref.deref() === entry) return
    const name = entry.ownerName
    const owner = name === undefined ? undefined : flat(name)
    this.#left.set(sid, new Left(new WeakRef(entry), owner, former))
    if (owner !== undefined) this.#list(owner, sid)
    if (this.#left.size >= this.#many) this.sweep()
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#left.clear()
    this.#sidsOf.clear()
  }

  /** Forgets those that no request holds any more, a few ms at a time. */
  sweep(): void {
    if (this.#sweeping || this.#left.size === 0) return
    this.#sweeping = true
    const walk = this.#left.entries()
    const step = () => {
      const { done, value } = walk.next()
      if (done) return false
      const [sid, last] = value
      this.#keep(sid, last, living(last))
      return true
    }
    const end = () => {
      this.#sweeping = false
      this.#many = Math.max(FEW, 2 * this.#left.size)
    }
    this.#clock.breathe(() => inSlices(this.#clock, step, end))
  }

  #list(owner: string, sid: string): void {
    const sids = this.#sidsOf.get(owner)
    if (sids === undefined) this.#sidsOf.set(owner, sid)
    else if (typeof sids === 'object') sids.add(sid)
    else if (sids !== sid) this.#sidsOf.set(owner, new Set([sids, sid]))
  }

  /** Keeps of the entries of an id those that are left of them. */
  #keep(sid: string, last: Left, left: Left | undefined): void {
    if (left === last) return
    if (left === undefined) this.#left.delete(sid)
    else this.#left.set(sid, left)
    const owners = new Set([...chain(left)].map(({ owner }) => owner))
    for (const { owner } of chain(last)) {
      if (owner !== undefined && !owners.has(owner)) this.#strike(owner, sid)
    }
  }

  #strike(owner: string, sid: string): void {
    const sids = this.#sidsOf.get(owner)
    if (typeof sids === 'object') sids.delete(sid)
    if (sids === sid || (typeof sids === 'object' && sids.size === 0)) this.#sidsOf.delete(owner)
  }
}

function* chain(last: Left | undefined): Iterable<Left> {
  for (let left = last; left !== undefined; left = left.former) yield left
}

/** Those of a chain whose entries are still there. */
function living(last: Left): Left | undefined {
  let isWhole = true
  const alive: Left[] = []
  for (const left of chain(last)) {
    if (left.ref.deref() === undefined) isWhole = false
    else alive.push(left)
  }
  if (isWhole) return last
  return alive.reduceRight<Left | undefined>(
    (former, { ref, owner }) => new Left(ref, owner, former),
    undefined,
  )
}
