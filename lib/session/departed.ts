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

import { Entry } from '../entry/entry'
import { flat } from '../entry/text'
import type { LeaveCause, LedgerListener } from '../ledger/listeners'
import { TextIndex } from '../ledger/text-index'
import type { Clock } from '../time/clock'
import { inSlices } from '../time/slices'

/** Fewer than this are not worth a sweep. */
const FEW = 1000

/** An entry that left. */
class Left {
  readonly sid: string
  readonly owner: string | undefined
  readonly ref: WeakRef<Entry>
  /** Whether it is to be forgotten: nobody refers to the entry any more, or it was destroyed. */
  isOver = false
  /** The one that left next. */
  next: Left | undefined = undefined
  /** The one before with the same id, and the one before of the same owner. */
  sameSid: Left | undefined = undefined
  sameOwner: Left | undefined = undefined

  constructor(entry: Entry) {
    const { sid, ownerName } = entry
    this.sid = sid
    this.owner = ownerName === undefined ? undefined : flat(ownerName)
    this.ref = new WeakRef(entry)
  }
}

/** All that left since the last clear. */
class Lefts {
  /** The last one of each id, and of each owner. */
  readonly bySid = new TextIndex<Left>(({ sid }) => sid)
  readonly byOwner = new TextIndex<Left>(({ owner }) => owner as string)
  /** The first one comes after this, which is none. */
  readonly head = new Left(new Entry(''))
  last = this.head
  length = 0
  /** Those of them that are not over. */
  size = 0
}

export class Departed implements LedgerListener {
  readonly #remembersAll: boolean
  readonly #clock: Clock
  #lefts = new Lefts()
  #sweeping = false
  /** So many are worth a sweep: twice as many as the last one left. */
  #many = FEW

  /** `remembersAll`: entries without an owner too, for a store that knows no owners. */
  constructor(remembersAll: boolean, clock: Clock) {
    this.#remembersAll = remembersAll
    this.#clock = clock
  }

  /** Entries that are remembered now. */
  get size(): number {
    return this.#lefts.size
  }

  /** Marks the entries of an id as destroyed, except one that a request has stored again since. */
  destroy(sid: string): void {
    if (this.#lefts.size === 0) return
    for (let left = this.#lefts.bySid.get(sid); left !== undefined; left = left.sameSid)
      this.#destroy(left)
    this.#dropOver(this.#lefts.bySid, sid, 'sameSid')
  }

  /** Marks all entries of an owner as destroyed, except those with the id `except`. */
  destroyOwner(name: string, except: string | undefined): void {
    if (this.#lefts.size === 0) return
    for (let left = this.#lefts.byOwner.get(name); left !== undefined; left = left.sameOwner) {
      if (left.sid !== except) this.#destroy(left)
    }
    this.#dropOver(this.#lefts.byOwner, name, 'sameOwner')
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const isFinal = cause === 'destroy' || cause === 'limit'
    if (isFinal || !entry.loaded || (!entry.owned && !this.#remembersAll)) return
    const lefts = this.#lefts
    const former = lefts.bySid.get(entry.sid)
    for (let left = former; left !== undefined; left = left.sameSid) {
      if (!left.isOver && left.ref.deref() === entry) return
    }
    const left = new Left(entry)
    left.sameSid = former
    putLast(lefts.bySid, left, former)
    if (left.owner !== undefined) {
      left.sameOwner = lefts.byOwner.get(left.owner)
      putLast(lefts.byOwner, left, left.sameOwner)
    }
    lefts.last.next = left
    lefts.last = left
    lefts.size++
    lefts.length++
    if (lefts.length >= this.#many) this.sweep()
  }

  /** A clear revokes every link by itself. */
  clear(): void {
    this.#lefts = new Lefts()
  }

  /** Forgets those that no request holds any more, a few ms at a time. */
  sweep(): void {
    if (this.#sweeping || this.#lefts.length === 0) return
    this.#sweeping = true
    const lefts = this.#lefts
    let before = lefts.head
    const step = () => {
      const left = before.next
      // A clear leaves nothing to sweep.
      if (left === undefined || this.#lefts !== lefts) return false
      if (left.isOver || left.ref.deref() === undefined) this.#forget(left, before)
      else before = left
      return true
    }
    const end = () => {
      this.#sweeping = false
      this.#many = Math.max(FEW, 2 * this.#lefts.length)
    }
    this.#clock.breathe(() => inSlices(this.#clock, step, end))
  }

  #destroy(left: Left): void {
    const entry = left.ref.deref()
    if (entry !== undefined && !entry.inLane) entry.destroy()
    this.#end(left)
  }

  #end(left: Left): void {
    if (left.isOver) return
    left.isOver = true
    this.#lefts.size--
  }

  #forget(left: Left, before: Left): void {
    this.#end(left)
    before.next = left.next
    if (this.#lefts.last === left) this.#lefts.last = before
    this.#lefts.length--
    this.#dropOver(this.#lefts.bySid, left.sid, 'sameSid')
    if (left.owner !== undefined) this.#dropOver(this.#lefts.byOwner, left.owner, 'sameOwner')
  }

  /** Drops those that are over from the end of a row: what lies before one that is not goes with that one. */
  #dropOver(index: TextIndex<Left>, key: string, same: 'sameSid' | 'sameOwner'): void {
    const last = index.get(key)
    if (last?.isOver !== true) return
    let left: Left | undefined = last
    while (left?.isOver) left = left[same]
    if (left === undefined) index.delete(last)
    else index.replace(last, left)
  }
}

function putLast(index: TextIndex<Left>, left: Left, former: Left | undefined): void {
  if (former === undefined) index.add(left)
  else index.replace(former, left)
}
