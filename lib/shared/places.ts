/**
 * Owns where each session is in a file that several processes share, for those who have none in memory:
 * an index by id, owner, trust and expiry, and the sums of all, in tables beside those of the sessions.
 * Ids and owners are there as digests, with `saveKeys` under the key: neither can be read. A process
 * that has the file alone drops the index, and it is built again from the sessions.
 */

import { createHash } from 'node:crypto'
import { KNOWN_AGE } from '../ledger/lanes'
import type { Database, Statement } from '../sqlite/engine'
import type { KeyRing } from '../sqlite/keys'
import type { Reading } from '../sqlite/reading'
import type { Row, Times } from '../sqlite/rows'

/** 0 for strangers, 1 for newcomers, 2 for members. */
export type Trust = 0 | 1 | 2

/** Where a session is, and what is known of it without reading it. */
export interface Place {
  readonly key: number
  readonly id: Uint8Array
  readonly owner: Uint8Array | null
  readonly lane: Trust
  readonly seq: number
  readonly bytes: number
  readonly used: number
  /** `null` for never. */
  readonly expires: number | null
}

/** What all sessions are together, each by trust. */
export interface Sums {
  seq: number
  readonly size: [number, number, number]
  readonly bytes: [number, number, number]
}

const SCHEMA = `
  CREATE TABLE places (key INTEGER PRIMARY KEY, id BLOB, owner BLOB, lane INTEGER, seq INTEGER, bytes INTEGER, used INTEGER, expires INTEGER);
  CREATE UNIQUE INDEX places_id ON places (id);
  CREATE INDEX places_owner ON places (owner, seq) WHERE owner IS NOT NULL;
  CREATE INDEX places_lane ON places (lane, seq);
  CREATE INDEX places_expires ON places (expires) WHERE expires IS NOT NULL;
  CREATE TABLE shared (one INTEGER PRIMARY KEY, key_id INTEGER, seq INTEGER, size0 INTEGER, bytes0 INTEGER, size1 INTEGER, bytes1 INTEGER, size2 INTEGER, bytes2 INTEGER)`
/** Bytes of the file beside a session's texts: its rows and its places in the indexes, in pages that are not full. */
const PLACE_BYTES = 480
/** What a page that holds a text has for itself. */
const TEXT_FACTOR = 1.15

/** Whether there is an index of all sessions, in which these keys find them. */
export function hasPlaces(database: Database, keys: KeyRing | undefined): boolean {
  const select = "SELECT count(*) AS count FROM sqlite_master WHERE name IN ('places', 'shared')"
  const { count } = database.prepare(select).get() as { count: number }
  if (count < 2) return false
  const row = database.prepare('SELECT key_id FROM shared').get() as { key_id: number } | undefined
  return row !== undefined && (keys === undefined || keys.has(row.key_id))
}

/** Makes an index of the sessions that are read, which are all that the file has; `each` gets them as well. Within a transaction. */
export function buildPlaces(
  { database }: { database: Database },
  reading: Reading,
  keys: KeyRing | undefined,
  each: (row: Row) => void,
): void {
  database.exec('DROP TABLE IF EXISTS places; DROP TABLE IF EXISTS shared')
  database.exec(SCHEMA)
  const insert = database.prepare('INSERT INTO shared VALUES (1, ?, 0, 0, 0, 0, 0, 0, 0)')
  insert.run(keys?.current ?? null)
  const places = new Places(database, keys)
  const remove = database.prepare('DELETE FROM sessions WHERE key = ?')
  for (const row of reading.rows()) {
    each(row)
    // The longest unused come first: of two with one id the later is the newer one.
    const twin = places.find(row.sid)
    if (twin !== undefined) {
      places.remove(twin)
      remove.run(twin.key)
    }
    places.put(row)
  }
  places.sums.seq = Math.max(places.sums.seq, reading.last)
  places.write()
}

/** The trust that a session has. */
export function trustOf({ owner, held }: Pick<Row, 'owner' | 'held'>): Trust {
  if (owner === null || owner === 0) return 0
  return typeof owner === 'string' && held >= KNOWN_AGE * 1000 ? 2 : 1
}

/** About how many bytes of the file a session takes. */
export function bytesOf({ sid, owner, body }: Pick<Row, 'sid' | 'owner' | 'body'>): number {
  const texts = body.length + sid.length + (typeof owner === 'string' ? owner.length : 0)
  return PLACE_BYTES + Math.ceil(texts * TEXT_FACTOR)
}

export class Places {
  sums: Sums = { seq: 0, size: [0, 0, 0], bytes: [0, 0, 0] }
  readonly #keys: KeyRing | undefined
  readonly #statements: Record<keyof typeof STATEMENTS, Statement>

  constructor(database: Database, keys: KeyRing | undefined) {
    this.#keys = keys
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)])
    this.#statements = Object.fromEntries(prepared)
  }

  /** Reads the sums of all, at the beginning of a transaction. Returns whether there is an index. */
  read(): boolean {
    const row = this.#statements.read.get() as Record<string, number> | undefined
    if (row === undefined) return false
    const { seq = 0 } = row
    const numbers = (name: string) => [0, 1, 2].map((lane) => row[name + lane] ?? 0)
    const [size, bytes] = [numbers('size') as Sums['size'], numbers('bytes') as Sums['bytes']]
    this.sums = { seq, size, bytes }
    return true
  }

  /** Writes them, at its end. */
  write(): void {
    const { seq, size, bytes } = this.sums
    const values = ([0, 1, 2] as const).flatMap((lane) => [size[lane], bytes[lane]])
    this.#statements.write.run(seq, ...values)
  }

  get bytes(): number {
    const [strangers, newcomers, members] = this.sums.bytes
    return strangers + newcomers + members
  }

  get size(): number {
    const [strangers, newcomers, members] = this.sums.size
    return strangers + newcomers + members
  }

  /** The next number in the file: of a row, or of a state. */
  next(): number {
    return ++this.sums.seq
  }

  find(sid: string): Place | undefined {
    const found = this.digests('id', sid).map((id) => this.#statements.find.get(id))
    return found.find((place) => place !== undefined) as Place | undefined
  }

  /** Puts a session into the index, or changes what is there of it. Gives its place. */
  put(row: Row, former?: Place): Place {
    const { key, seq, used } = row
    const place = {
      ...{ key, seq, used, lane: trustOf(row), bytes: bytesOf(row) },
      id: this.digests('id', row.sid)[0],
      owner: typeof row.owner === 'string' ? this.digests('owner', row.owner)[0] : null,
      expires: row.expires === Number.POSITIVE_INFINITY ? null : row.expires,
    }
    if (former !== undefined) this.#count(former, -1)
    this.#count(place, 1)
    this.sums.seq = Math.max(this.sums.seq, key, seq)
    const { id, owner, lane, bytes, expires } = place
    this.#statements.put.run(key, id, owner, lane, seq, bytes, used, expires)
    return place
  }

  /** Changes what a touch changes. */
  touch(former: Place, lane: Trust, { seq, used, expires }: Times): void {
    this.#count(former, -1)
    this.#count({ ...former, lane }, 1)
    const until = expires === Number.POSITIVE_INFINITY ? null : expires
    this.#statements.touch.run(lane, seq, used, until, former.key)
  }

  remove(place: Place): void {
    this.#count(place, -1)
    this.#statements.remove.run(place.key)
  }

  /** The places of the others of its owner, the one that was used last first. */
  sameOwner({ owner, key }: Place): Place[] {
    const places = this.#statements.ofOwner.all(owner) as Place[]
    return places.filter((place) => place.key !== key)
  }

  /** The first of those that have expired. */
  expired(now: number, most: number): Place[] {
    return this.#statements.expired.all(now, most) as Place[]
  }

  /** The longest unused of a trust, but for that one. */
  oldest(lane: Trust, except: number): Place | undefined {
    return this.#statements.oldest.get(lane, except) as Place | undefined
  }

  /** Places in the order of their keys, from the one after `key` on. */
  after(key: number, most: number): Place[] {
    return this.#statements.after.all(key, most) as Place[]
  }

  /** What stands for an id or an owner: under the current key, and under each older one. */
  digests(kind: 'id' | 'owner', text: string): [Uint8Array, ...Uint8Array[]] {
    const keys = this.#keys
    const named = `${kind} ${text}`
    if (keys === undefined) {
      return [createHash('sha256').update(named).digest().subarray(0, 16)]
    }
    const digest = (id: number) => keys.mac(id, 'find', named).subarray(0, 16)
    const older = keys.ids.filter((id) => id !== keys.current)
    return [digest(keys.current), ...older.map(digest)]
  }

  #count({ lane, bytes }: Pick<Place, 'lane' | 'bytes'>, sign: 1 | -1): void {
    this.sums.size[lane] += sign
    this.sums.bytes[lane] += sign * bytes
  }
}

const STATEMENTS = {
  read: 'SELECT * FROM shared',
  write:
    'UPDATE shared SET seq = ?, size0 = ?, bytes0 = ?, size1 = ?, bytes1 = ?, size2 = ?, bytes2 = ?',
  find: 'SELECT * FROM places WHERE id = ?',
  put: 'INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  touch: 'UPDATE places SET lane = ?, seq = ?, used = ?, expires = ? WHERE key = ?',
  remove: 'DELETE FROM places WHERE key = ?',
  ofOwner: 'SELECT * FROM places WHERE owner = ? ORDER BY seq DESC',
  expired: 'SELECT * FROM places WHERE expires <= ? ORDER BY expires LIMIT ?',
  oldest: 'SELECT * FROM places WHERE lane = ? AND key <> ? ORDER BY seq LIMIT 1',
  after: 'SELECT * FROM places WHERE key > ? ORDER BY key LIMIT ?',
}
