/**
 * Owns what is done to the sessions of a shared file. All but `find` and the lists is done within a
 * transaction, between `begin` and `commit`, and told to nobody before that has ended.
 */

import type { Save } from '../home/home'
import { LOWER_SHARE, ORDERS, whoGivesWay, whoGivesWayInTrim } from '../ledger/shares'
import { coded } from '../settings/check'
import type { Settings } from '../settings/settings'
import { toText } from '../settings/size'
import type { Columns, Engine, Statement } from '../sqlite/engine'
import { SessionFile } from '../sqlite/file'
import type { KeyRing } from '../sqlite/keys'
import { type Row, rowOf, touched } from '../sqlite/rows'
import { bytesOf, type Place, Places, trustOf } from './places'

/** A session that has not expired. */
interface Found {
  readonly place: Place
  readonly row: Row
}

/** A session that was removed. */
export interface Gone {
  readonly place: Place
  readonly cause: 'expire' | 'evict' | 'limit' | 'destroy' | 'clear'
  /** `undefined` if nobody wants to know, or if it can't be read. */
  readonly row: Row | undefined
}

/** A session, and the key of its touch if it was touched. */
const SESSION = 'SELECT s.*, t.key AS touch FROM sessions s LEFT JOIN touches t ON t.key = s.key'

export class SharedFile {
  /** Sessions that were found damaged. */
  damaged = 0
  readonly file: SessionFile
  readonly places: Places
  readonly #keys: KeyRing | undefined
  readonly #settings: Settings
  readonly #wants: (cause: Gone['cause']) => boolean
  readonly #byKey: Statement
  readonly #byId: Statement
  readonly #byOwner: Statement
  readonly #after: Statement
  readonly #touch: Statement
  readonly #frames: Statement
  /** What was removed since it began. */
  #gone: Gone[] = []

  /** Opens a file that has its index. `wants`: whether what is removed for that cause is to be read before. */
  constructor(
    engine: Engine,
    path: string,
    keys: KeyRing | undefined,
    settings: Settings,
    wants: (cause: Gone['cause']) => boolean,
  ) {
    this.#wants = wants
    this.#keys = keys
    this.#settings = settings
    this.file = new SessionFile(engine, path, keys, true)
    try {
      const { database } = this.file
      this.places = new Places(database, keys)
      this.#byKey = database.prepare(`${SESSION} WHERE s.key = ?`)
      this.#byId = database.prepare(`${SESSION} JOIN places p ON p.key = s.key WHERE p.id = ?`)
      this.#byOwner = database.prepare(
        `${SESSION} JOIN places p ON p.key = s.key WHERE p.owner = ? ORDER BY p.seq DESC`,
      )
      this.#after = database.prepare(`${SESSION} WHERE s.key > ? ORDER BY s.key LIMIT ?`)
      this.#touch = database.prepare('SELECT * FROM touches WHERE key = ?')
      this.#frames = database.prepare('PRAGMA wal_checkpoint(NOOP)')
    } catch (error) {
      this.file.close()
      throw error
    }
  }

  /** Pages of the WAL that no checkpoint has moved into the file. */
  get walPages(): number {
    const { log, checkpointed } = this.#frames.get() as { log: number; checkpointed: number }
    return log - checkpointed
  }

  /** Begins to change something. Throws with the code of a lock if another process does so, and with `ESAVEMOVED`: then `file` has to be rolled back. */
  begin(): void {
    this.file.begin()
    this.file.requireThere()
    this.#gone = []
    if (!this.places.read()) throw coded('ESAVEDAMAGED', 'its index is gone')
  }

  /** Ends that. Gives what was removed. */
  commit(): Gone[] {
    this.places.write()
    this.file.commit()
    return this.#gone
  }

  /** A session that has not expired, to be read. */
  find(sid: string, now: number): Row | undefined {
    for (const id of this.places.digests('id', sid)) {
      const columns = this.#byId.get(id) as Columns | undefined
      const row = columns && this.#latest(columns)
      if (row !== undefined && row.sid === sid) return row.expires > now ? row : undefined
    }
    return undefined
  }

  /** Sessions in the order of their keys, from the one after `key` on; and the key of the last that was looked at, or `undefined` at the end. */
  after(key: number, most: number, now: number) {
    const found = this.#after.all(key, most) as Columns[]
    const last = found.length < most ? undefined : (found.at(-1)?.key as number)
    return { rows: this.#live(found, now), last }
  }

  /** An owner's sessions, the one that was used last first. */
  ofOwner(name: string, now: number): Row[] {
    const owners = this.places.digests('owner', name)
    return owners.flatMap((owner) => this.#live(this.#byOwner.all(owner), now))
  }

  /** A session that has not expired, to be changed: one that has expired goes, and one that can't be read. */
  current(sid: string, now: number): Found | undefined {
    const place = this.places.find(sid)
    const row = place && this.#read(place)
    if (place === undefined) return undefined
    if (row !== undefined && row.expires > now) return { place, row }
    this.remove(place, 'expire', row)
    return undefined
  }

  /**
   * Stores a session in the place of the `former` one; makes room for it. Gives its key; or an error with the code
   * `ESESSIONTOOBIG`, and stores nothing.
   */
  put(stored: Save, former: Found | undefined, now: number): number | Error {
    const row = this.#rowOf(stored, former?.row, now)
    const refusal = this.#refusal(row, former?.place)
    if (refusal !== undefined) return coded('ESESSIONTOOBIG', refusal, {}, RangeError)
    this.file.put(row)
    const mine = this.places.put(row, former?.place)
    if (mine.owner !== null) {
      const others = this.places.sameOwner(mine)
      const live = others.filter(({ expires }) => expires === null || expires > now)
      const { maxPerOwner } = this.#settings
      for (const place of live.slice(maxPerOwner - 1)) this.remove(place, 'limit')
    }
    this.#makeRoom(row.key, now)
    return row.key
  }

  /** Gives a session so many ms from now. */
  touch({ place, row }: Found, ttl: number, now: number): void {
    const { key, owner, cookieExpires } = row
    const held = heldAt(row, now)
    const [seq, expires] = [this.places.next(), this.#within(row.created, now + ttl)]
    const times = { key, seq, expires, used: now, held, cookieExpires }
    this.file.touch(times)
    this.places.touch(place, trustOf({ owner, held }), times)
  }

  /** Ends a session. Returns what it was, if it was there. */
  end(sid: string, now: number): Row | undefined {
    const found = this.current(sid, now)
    if (found !== undefined) this.remove(found.place, 'destroy', found.row)
    return found?.row
  }

  remove(place: Place, cause: Gone['cause'], known?: Row): void {
    const row = this.#wants(cause) ? (known ?? this.#read(place)) : undefined
    this.#gone.push({ place, cause, row })
    this.file.remove(place.key)
    this.places.remove(place)
  }

  /** Evicts one on the way down to `goal` bytes, but never the last one. If nobody `isAsked` for it, all keep their shares. Returns whether it did. */
  trim(goal: number, isAsked: boolean): boolean {
    const { bytes, size, sums } = this.places
    if (bytes <= goal || size < 2) return false
    const { maxBytes } = this.#settings
    const next = whoGivesWayInTrim(...sums.bytes, maxBytes)
    const oldest = next === undefined ? undefined : this.places.oldest(next, -1)
    const victim = isAsked ? this.#victim('bytes', Math.min(goal, maxBytes), -1) : oldest
    if (victim !== undefined) this.remove(victim, 'evict')
    return victim !== undefined
  }

  #rowOf({ sid, text, ttl, owner: given }: Save, former: Row | undefined, now: number): Row {
    const { places } = this
    const isAsked = this.#settings.owner !== undefined
    const owner = isAsked ? (given === true ? 1 : (given ?? null)) : 0
    const created = former?.created || now
    return {
      // Never again the key of a session that has expired: it was another one.
      ...{ key: former?.key ?? places.next(), seq: places.next(), sid, owner, body: text },
      ...{ cookie: null, dated: 0, cookieExpires: Number.NaN },
      ...{ created, expires: this.#within(created, now + ttl), used: now },
      held: former?.owner === owner ? heldAt(former, now) : 0,
    }
  }

  #within(created: number, expires: number): number {
    return Math.min(expires, created + this.#settings.absoluteTtl)
  }

  /** Why a session is too large, if it is: also if it would take a fifth of all, and more trusted ones would have to go for it. */
  #refusal(row: Row, former: Place | undefined): string | undefined {
    const { maxBytes, maxEntryBytes } = this.#settings
    const [bytes, lane] = [bytesOf(row), trustOf(row)]
    const session = `session of ${toText(bytes)}`
    if (bytes > maxEntryBytes) {
      const option = maxEntryBytes < maxBytes ? 'maxEntrySize' : 'maxSize'
      return `${session} is larger than ${option}, ${toText(maxEntryBytes)}: it is not stored`
    }
    if (bytes <= maxBytes * LOWER_SHARE) return undefined
    const above = this.places.sums.bytes.slice(lane + 1).reduce((sum, each) => sum + each, 0)
    const mine = former !== undefined && former.lane > lane ? former.bytes : 0
    if (above - mine <= maxBytes - bytes) return undefined
    const why =
      lane === 0
        ? 'belongs to nobody and would push out those of your users'
        : 'would push out those of your other users'
    return `${session} ${why}: it is not stored`
  }

  #makeRoom(mine: number, now: number): void {
    const { maxBytes, maxSessions } = this.#settings
    const { places } = this
    for (;;) {
      const isOver = places.bytes > maxBytes
      if (!isOver && places.size <= maxSessions) return
      const [expired] = places.expired(now, 1)
      const whole = isOver ? maxBytes : maxSessions
      const victim = expired ?? this.#victim(isOver ? 'bytes' : 'size', whole, mine)
      if (victim === undefined) return
      this.remove(victim, expired === undefined ? 'evict' : 'expire')
    }
  }

  /** The longest unused of those whose turn it is so that all keep within `whole`; never `mine`. */
  #victim(measure: 'bytes' | 'size', whole: number, mine: number): Place | undefined {
    const first = whoGivesWay(...this.places.sums[measure], whole)
    for (const lane of ORDERS[first] ?? []) {
      const victim = this.places.oldest(lane, mine)
      if (victim !== undefined) return victim
    }
    return undefined
  }

  #live(found: unknown[], now: number): Row[] {
    const rows = found.map((columns) => this.#latest(columns as Columns))
    return rows.filter((row) => row !== undefined && row.expires > now) as Row[]
  }

  /** A session as it is now; `undefined` for one that is damaged, which is counted, or that no key opens. */
  #read({ key }: Place): Row | undefined {
    return this.#latest((this.#byKey.get(key) ?? {}) as Columns)
  }

  #latest(columns: Columns): Row | undefined {
    const row = rowOf(columns, this.#keys)
    if (row === 'unread') return undefined
    const update = columns.touch == null ? undefined : this.#touch.get(columns.touch)
    const latest = row === 'damaged' ? row : touched(row, update as Columns | undefined, this.#keys)
    if (latest !== 'damaged') return latest
    this.damaged++
    // The session itself may be whole: then it is as it was before it was touched.
    return row === 'damaged' ? undefined : row
  }
}

/** For how long a session has been its holder's. */
function heldAt({ used, held }: Row, now: number): number {
  return Math.max(0, now - used + held)
}
