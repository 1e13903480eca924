/** Owns how the sessions of a file are read: the longest unused first, past what is damaged. */

import type { Columns, Database } from './engine'
import type { KeyRing } from './keys'
import { type Row, rowOf, touched } from './rows'

/** Keys that are read at once. */
const AT_ONCE = 5000
/** Rows that are read at once, in two thirds of the time that they take one by one; a longer body is read by itself, so that little is in memory. */
const ROWS_AT_ONCE = 250
const SMALL_BYTES = 16 * 1024
/** Ranges that may fail before the rest of a damaged file is given up, and those more for each row that was found. */
const FREE_TRIES = 1000
const TRIES_PER_ROW = 10
const LAST_KEY = Number.MAX_SAFE_INTEGER

export class Reading {
  /** Rows and ranges that were skipped, since they are damaged. */
  damaged = 0
  /** Rows that none of the keys opens. */
  unread = 0
  /** Whether there were rows that the current key does not seal, though there is one. */
  isOld = false
  /** The largest number that was given to a row or a state. */
  last = 0
  readonly #database: Database
  readonly #keys: KeyRing | undefined
  readonly #mostBytes: number
  #tries = 0
  #found = 0

  /** `mostBytes`: no session is longer. */
  constructor(database: Database, keys: KeyRing | undefined, mostBytes: number) {
    this.#database = database
    this.#keys = keys
    this.#mostBytes = mostBytes
  }

  /** The sessions, the longest unused first. */
  *rows(): Generator<Row> {
    const session = this.#database.prepare(
      'SELECT * FROM sessions WHERE key = ? AND length(body) <= ?',
    )
    const touch = this.#database.prepare('SELECT * FROM touches WHERE key = ?')
    const smallOnes = this.#someOf('sessions', `AND length(body) <= ${SMALL_BYTES}`)
    const touches = this.#someOf('touches')
    const order = this.#inOrder()
    for (let at = 0; at < order.length; at += ROWS_AT_ONCE) {
      const some = order.slice(at, at + ROWS_AT_ONCE)
      const [small, updates] = [smallOnes(some), touches(some)]
      for (const key of some) {
        const row = this.#opened(
          small?.get(key) ?? this.#attempt(() => session.get(key, this.#mostBytes)),
        )
        if (row === undefined) continue
        const update = updates ? updates.get(key) : this.#attempt(() => touch.get(key))
        const latest = touched(row, update, this.#keys)
        if (latest === 'damaged') this.damaged++
        yield latest === 'damaged' ? row : latest
      }
    }
  }

  /** What a row of `sessions` holds; `undefined`, and counted, if it can't be read. */
  #opened(columns: Columns | undefined): Row | undefined {
    const row = columns === undefined ? 'damaged' : rowOf(columns, this.#keys)
    if (row === 'unread') this.unread++
    else if (row === 'damaged') this.damaged++
    else {
      this.isOld ||= columns?.key_id !== (this.#keys?.current ?? null)
      return row
    }
    return undefined
  }

  /** Reads rows by their keys, as many as are asked for at once; gives `undefined` if one can't be read: each is then read by itself. */
  #someOf(table: string, where = '') {
    const statement = this.#database.prepare(
      `SELECT * FROM ${table} WHERE key IN (SELECT value FROM json_each(?)) ${where}`,
    )
    return (keys: Iterable<number>): Map<number, Columns> | undefined => {
      try {
        const found = statement.all(JSON.stringify([...keys])) as Columns[]
        return new Map(found.map((columns) => [columns.key as number, columns]))
      } catch {
        return undefined
      }
    }
  }

  /** The keys, by when their sessions were used last. */
  #inOrder(): number[] | Float64Array {
    const keys: number[] = []
    const seqs: number[] = []
    const later = this.#pairs('touches')
    let next = later.next()
    let isSorted = true
    for (const { key, seq } of this.#pairs('sessions')) {
      while (!next.done && next.value.key < key) next = later.next()
      const touchSeq = !next.done && next.value.key === key ? next.value.seq : 0
      const latest = Math.max(seq, touchSeq)
      isSorted &&= latest >= (seqs.at(-1) ?? 0)
      keys.push(key)
      seqs.push(latest)
      // Not what damage makes of a number: none could be larger than that.
      for (const each of [key, latest]) if (each < 2 ** 52 && each > this.last) this.last = each
    }
    if (isSorted) return keys
    const order = Float64Array.from(keys.keys())
    order.sort((a, b) => (seqs[a] as number) - (seqs[b] as number))
    return order.map((at) => keys[at] as number)
  }

  #pairs(table: string) {
    const select = `SELECT key, CAST(seq AS REAL) AS seq FROM ${table} WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ${AT_ONCE}`
    const statement = this.#database.prepare(select)
    return this.#range(
      (from, to) => statement.all(from, to) as { key: number; seq: number }[],
      1,
      this.#lastKey(table),
    )
  }

  #lastKey(table: string): number {
    try {
      const last = this.#database.prepare(`SELECT max(key) AS key FROM ${table}`).get()
      return (last as { key: number | null }).key ?? 1
    } catch {
      return LAST_KEY
    }
  }

  /** What can be read of a range of keys: one that fails is read in two halves. */
  *#range<Found extends { key: number }>(
    read: (from: number, to: number) => Found[],
    from: number,
    to: number,
  ): Generator<Found> {
    for (let at = from; at <= to; ) {
      let found: Found[]
      try {
        found = read(at, to)
      } catch {
        this.#tries++
        if (at === to || this.#tries > FREE_TRIES + TRIES_PER_ROW * this.#found) {
          this.damaged++
          return
        }
        const middle = Math.floor((at + to) / 2)
        yield* this.#range(read, at, middle)
        at = middle + 1
        continue
      }
      this.#found += found.length
      yield* found
      const last = found.at(-1)?.key ?? to
      // A damaged tree may lead anywhere: never back.
      if (found.length < AT_ONCE || last < at) return
      at = last + 1
    }
  }

  #attempt(read: () => unknown): Columns | undefined {
    try {
      return read() as Columns | undefined
    } catch {
      this.damaged++
      return undefined
    }
  }
}
