/** Owns what has changed and is not saved yet: which sessions, as each will be read when its turn comes. */

import type { KeptCookie } from '../entry/cookie'
import type { Entry, LastingEntry } from '../entry/entry'
import type { LedgerListener } from '../ledger/ledger'
import type { Row, Times } from '../sqlite/rows'
import type { Saved } from './saved'
import type { Changes } from './worker'

/** Sessions, ends and characters of one message: some 2 ms to make. */
const MOST_CHANGES = 500
const MOST_LENGTH = 256 * 1024

/** Changes that are saved together; of an entry its bytes if all of it changed, or 0 for its times only. */
class Box {
  readonly entries = new Map<Entry, number>()
  readonly removed: number[] = []
  cleared = false

  get size(): number {
    return this.entries.size + this.removed.length + (this.cleared ? 1 : 0)
  }
}

export class Outbox implements LedgerListener {
  /** Bytes of sessions that wait. */
  bytes = 0
  /** Whether changes are gathered: not while the file has to be written anew from the ledger anyway. */
  isOpen = true
  readonly #saved: Saved
  readonly #wake: () => void
  /** What changes now, and what is being sent. */
  #filling = new Box()
  #sending = new Box()

  /** `wake` is called with each change. */
  constructor(saved: Saved, wake: () => void) {
    this.#saved = saved
    this.#wake = wake
  }

  put(entry: Entry): void {
    if (!this.isOpen) return
    const { entries } = this.#filling
    this.bytes += entry.bytes - (entries.get(entry) ?? 0)
    entries.set(entry, entry.bytes)
    this.#wake()
  }

  touch(entry: Entry, previous: KeptCookie | undefined): void {
    if (entry.row === 0 || entry.cookie?.attributes !== previous?.attributes) {
      this.put(entry)
      return
    }
    const { entries } = this.#filling
    if (this.isOpen && !entries.has(entry)) entries.set(entry, 0)
    this.#wake()
  }

  remove(entry: Entry): void {
    for (const box of [this.#filling, this.#sending]) this.#takeOut(box, entry)
    if (entry.row !== 0) this.drop(entry.row)
    ;(entry as LastingEntry).row = 0
  }

  clear(): void {
    this.reset()
    this.#filling.cleared = this.isOpen
    this.#wake()
  }

  /** Removes a row whose session is not in the ledger. */
  drop(row: number): void {
    if (this.isOpen) this.#filling.removed.push(row)
    this.#wake()
  }

  /** Forgets all that waits. */
  reset(): void {
    this.#filling = new Box()
    this.#sending = new Box()
    this.bytes = 0
  }

  /** How many changes wait. */
  get size(): number {
    return this.#filling.size + this.#sending.size
  }

  /** All that waits now is given by `take`, until that gives nothing; what comes later is not. */
  turn(): void {
    this.#sending = this.#filling
    this.#filling = new Box()
  }

  /** Takes out changes, as many as one message may have; `undefined` once there are no more. */
  take(): Changes | undefined {
    const box = this.#sending
    if (box.size === 0) return undefined
    const { cleared } = box
    box.cleared = false
    const removed = box.removed.splice(0, MOST_CHANGES)
    const puts: Row[] = []
    const touches: Times[] = []
    let length = 0
    for (const [entry, bytes] of box.entries) {
      const count = removed.length + puts.length + touches.length
      if (count >= MOST_CHANGES || length > MOST_LENGTH) break
      this.#takeOut(box, entry)
      // One that is put was not in the file before, or has changed as a whole.
      if (bytes === 0) touches.push(this.#saved.timesOf(entry))
      else puts.push(this.#saved.rowOf(entry))
      length += entry.body.length
    }
    return { cleared, removed, puts, touches }
  }

  #takeOut(box: Box, entry: Entry): void {
    this.bytes -= box.entries.get(entry) ?? 0
    box.entries.delete(entry)
  }
}
