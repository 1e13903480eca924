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

/** An entry that left. */
class Left {
  readonly ref: WeakRef<Entry>
  /** The hash of the owner's name that it is listed under. */
  owner: number | undefined = undefined

  constructor(
    /** The hash of the id that it is listed under. */
    readonly sid: number,
    entry: Entry,
  ) {
    this.ref = new WeakRef(entry)
  }

  /** Marks the entry as destroyed if that is `meant`, unless a request has stored it again since. */
  destroyIf(meant: (entry: Entry) => boolean): void {
    const entry = this.ref.deref()
    if (entry !== undefined && !entry.inLane && meant(entry)) entry.destroy()
  }

  /** Whether it is to be forgotten. */
  get isOver(): boolean {
    return this.ref.deref()?.destroyed !== false
  }
}

/** By the hash of an id or a name, which keeps no text: mostly there is one. */
type Lefts = Maps<number, Left | Left[]>

export class Departed implements LedgerListener {
  readonly #remembersAll: boolean
  readonly #clock: Clock
  #bySid = newLefts()
  #byOwner = newLefts()
  #size = 0
  #sweeping = false
  /** So many are worth a sweep: twice as many as the last one left. */
  #many = FEW

  /** `remembersAll`: entries without an owner too, for a store that knows no owners. */
  constructor(remembersAll: boolean, clock: Clock) {
    this.#remembersAll = remembersAll
    this.#clock = clock
  }

  /** Entries that are remembered, those among them that no longer matter before the next sweep. */
  get size(): number {
    return this.#size
  }

  /** Marks the entries of an id as destroyed, except one that a request has stored again since. */
  destroy(sid: string): void {
    if (this.#size === 0) return
    for (const left of listOf(this.#bySid.get(hashOf(sid)))) {
      left.destroyIf((entry) => entry.sid === sid)
    }
  }

  /** Marks all entries of an owner as destroyed, except those with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    if (this.#size === 0) return
    for (const left of listOf(this.#byOwner.get(hashOf(name)))) {
      left.destroyIf((entry) => entry.isOwnedBy(name) && entry.sid !== except)
    }
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || (!entry.owned && !this.#remembersAll)) return
    const sid = hashOf(entry.sid)
    let left = listOf(this.#bySid.get(sid)).find(({ ref }) => ref.deref() === entry)
    if (left === undefined) {
      left = new Left(sid, entry)
      add(this.#bySid, sid, left)
      this.#size++
    }
    // It may have left before, as another owner's.
    const name = entry.ownerName
    const owner = name === undefined ? undefined : hashOf(name)
    if (owner !== left.owner) {
      if (left.owner !== undefined) drop(this.#byOwner, left.owner, (each) => each === left)
      if (owner !== undefined) add(this.#byOwner, owner, left)
      left.owner = owner
    }
    if (this.#size >= this.#many) this.sweep()
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#bySid = newLefts()
    this.#byOwner = newLefts()
    this.#size = 0
  }

  /** Forgets those that no request holds any more, a few ms at a time. */
  sweep(): void {
    if (this.#sweeping || this.#size === 0) return
    this.#sweeping = true
    const sweep = this.#forget(this.#bySid, this.#byOwner)
    const end = () => {
      this.#sweeping = false
      this.#many = Math.max(FEW, 2 * this.#size)
    }
    this.#clock.breathe(() => inSlices(this.#clock, () => sweep.next().done !== true, end))
  }

  /** Looks at those of one id after those of another. A clear leaves nothing to forget. */
  *#forget(bySid: Lefts, byOwner: Lefts): Generator<void, void> {
    for (const sid of bySid.keys()) {
      if (this.#bySid !== bySid) return
      for (const { owner, isOver } of listOf(bySid.get(sid))) {
        if (isOver && owner !== undefined) {
          for (const left of drop(byOwner, owner, isForgotten)) left.owner = undefined
        }
      }
      this.#size -= drop(bySid, sid, isForgotten).length
      yield
    }
  }
}

function isForgotten(left: Left): boolean {
  return left.isOver
}

/** Takes out those of one hash that are `gone`, and gives them. */
function drop(lefts: Lefts, hash: number, gone: (left: Left) => boolean): readonly Left[] {
  const found = lefts.get(hash)
  const list = listOf(found)
  const kept = list.filter((left) => !gone(left))
  if (kept.length === list.length) return []
  if (kept.length === 0) lefts.delete(hash)
  else lefts.set(hash, kept)
  return kept.length === 0 ? list : list.filter(gone)
}

function listOf(lefts: Left | Left[] | undefined): Left[] {
  if (lefts === undefined) return []
  return lefts instanceof Left ? [lefts] : lefts
}

function add(lefts: Lefts, hash: number, left: Left): void {
  const others = lefts.get(hash)
  if (others === undefined) lefts.set(hash, left)
  else if (others instanceof Left) lefts.set(hash, [others, left])
  else others.push(left)
}

function newLefts(): Lefts {
  return new Maps<number, Left | Left[]>((hash) => hash)
}
