/**
 * Which records of some files still count, by their place: of each session the last put, and of the
 * touches after it the last one and the last that brought a cookie. Holds no content.
 */

import { bringsCookie, type Read, sidOf, Type } from './record'

const NOWHERE = -1
/** Columns for each session: places of put, touch and touch with a cookie, and the expiry. */
const COLUMNS = 4
const FIRST_ROWS = 1024

export class LiveRecords {
  readonly #now: number
  #rows = new Map<string, number>()
  #table = new Float64Array(COLUMNS * FIRST_ROWS)
  #used = 0

  /** What has expired by `now` counts no more. */
  constructor(now: number) {
    this.#now = now
  }

  get size(): number {
    return this.#rows.size
  }

  /** Takes notice of a record, in the order they were written. */
  note(read: Read, place: number): void {
    const { type } = read
    if (type === Type.clear) this.#rows = new Map()
    else if (type === Type.put) this.#put(sidOf(read), read.expiry, place)
    else if (type === Type.touch) this.#touch(sidOf(read), read, place)
    else if (type === Type.remove) this.#rows.delete(sidOf(read))
  }

  /** Whether the record at that place still counts. */
  holds(read: Read, place: number): boolean {
    if (read.type !== Type.put && read.type !== Type.touch) return false
    const row = this.#rows.get(sidOf(read))
    if (row === undefined) return false
    const [put, touch, cookie, expiry] = this.#table.subarray(row, row + COLUMNS)
    return (expiry as number) > this.#now && (place === put || place === touch || place === cookie)
  }

  #put(sid: string, expiry: number, place: number): void {
    let row = this.#rows.get(sid)
    if (row === undefined) {
      row = this.#newRow()
      this.#rows.set(sid, row)
    }
    this.#table[row] = place
    this.#table[row + 1] = NOWHERE
    this.#table[row + 2] = NOWHERE
    this.#table[row + 3] = expiry
  }

  #touch(sid: string, read: Read, place: number): void {
    const row = this.#rows.get(sid)
    if (row === undefined) return
    this.#table[row + 1] = place
    if (bringsCookie(read)) this.#table[row + 2] = place
    this.#table[row + 3] = read.expiry
  }

  #newRow(): number {
    const row = this.#used
    this.#used += COLUMNS
    if (this.#used > this.#table.length) {
      const grown = new Float64Array(2 * this.#table.length)
      grown.set(this.#table)
      this.#table = grown
    }
    return row
  }
}
