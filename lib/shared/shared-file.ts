/**
 * Owns what is done to the sessions of a shared file. All but `find` and the lists is done within a
 * transaction, between `begin` and `commit`, and told to nobody before that has ended.
 */

import { coded } from '../settings/check'
import type { Owner } from '../settings/owner'
import type { Settings } from '../settings/settings'
import { toText } from '../settings/size'
import type { Columns, Engine, Statement } from '../sqlite/engine'
import { SessionFile } from '../sqlite/file'
import type { KeyRing } from '../sqlite/keys'
import { bytesOf, type Place, Places, trustOf } from '../sqlite/places'
import { type Row, rowOf, touched } from '../sqlite/rows'
import { givingWay, givingWayInTrim, wouldPushOut } from './giving-way'

/** A session that was removed for a reason of the store's own. */
export interface Gone {
  readonly place: Place
  readonly cause: 'expire' | 'evict' | 'limit' | 'destroy' | 'clear'
  /** `undefined` if nobody wants to know, or if it can't be read. */
  readonly row: Row | undefined
}

export interface Stored {
  readonly sid: string
  readonly text: string
  readonly ttl: number
  /** `undefined` for a stranger. */
  readonly owner: Owner | undefined
  /** Whether anybody asks for owners. */
  readonly asksOwner: boolean
}

/** A session, and the key of its touch if it was touched. */
const SESSION = 's.*, t.key AS touch FROM sessions s LEFT JOIN touches t ON t.key = s.key'

export class SharedFile {
  /** Sessions that were found damaged. */
  damaged = 0
  readonly file: SessionFile
  readonly places: Places
  readonly #keys: KeyRing | undefined
  readonly #limits: Settings
  readonly #wants: (cause: Gone['cause']) => boolean
  readonly #byKey: Statement
  readonly #byId: Statement
  readonly #touch: Statement
  readonly #frames: Statement
  /** What was removed since it began. */
  #gone: Gone[] = []

  /** Opens a file that has its index. `wants`: whether what was removed for that cause is to be read before. */
  constructor(
    engine: Engine,
    path: string,
    keys: KeyRing | undefined,
    limits: Settings,
    wants: (cause: Gone['cause']) => boolean,
  ) {
    this.#keys = keys
    this.#limits = limits
    this.#wants = wants
    this.file = new SessionFile(engine, path, keys, true)
    try {
      const { database } = this.file
      this.places = new Places(database, keys)
      this.#byKey = database.prepare(`SELECT ${SESSION} WHERE s.key = ?`)
      this.#byId = database.prepare(
        `SELECT ${SESSION} JOIN places p ON p.key = s.key WHERE p.id = ?`,
      )
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

  /** Throws with the code `ESAVEMOVED` if another file has the name by now, or none. */
  requireThere(): void {
    if (!this.file.isThere) throw coded('ESAVEMOVED', 'it was deleted or replaced')
  }

  /** Begins to change something. Throws with the code of a lock if another process does so, and as {@link requireThere} does. */
  begin(): void {
    this.file.begin()
    try {
      this.requireThere()
      this.#gone = []
      if (!this.places.read()) throw coded('ESAVEDAMAGED', 'its index is gone')
    } catch (error) {
      this.file.rollback()
      throw error
    }
  }

  /** Ends that. Gives what was removed. */
  commit(): Gone[] {
    this.places.write()
    this.file.commit()
    return this.#gone
  }

  /** A session that has not expired. */
  find(sid: string, now: number): Row | undefined {
    for (const id of this.places.digests('id', sid)) {
      const columns = this.#byId.get(id) as Columns | undefined
      const row = columns && this.#latest(columns)
      if (row !== undefined && row.sid === sid) return row.expires > now ? row : undefined
    }
    return undefined
  }

  /** Sessions in the order of their keys, from the one after `key` on; and the key of the last that was looked at, or `undefined` at the end. */
  after(key: number, most: number, now: number): { rows: Row[]; last: number | undefined } {
    const places = this.places.after(key, most)
    const last = places.length < most ? undefined : places.at(-1)?.key
    return { rows: this.#live(places, now), last }
  }

  /** An owner's sessions, the one that was used last first. */
  ofOwner(name: string, now: number): Row[] {
    return this.#live(this.places.ofOwner(name), now)
  }

  /**
   * Stores a session; makes room for it. `former` is what is there of it. Returns its
   * key, and whether live sessions had to go for want of room. Throws with the code `ESESSIONTOOBIG` for one that can't be stored,
   * before anything is changed.
   */
  put(stored: Stored, former: Row | undefined, now: number) {
    const place = this.places.find(stored.sid)
    // Never again the key of a session that has expired: it was another one.
    const row = this.#rowOf(stored, former, former?.key ?? this.places.next(), now)
    if (row.expires <= now) {
      if (place !== undefined) this.#remove(place, 'expire')
      return { key: row.key, isCrowded: false }
    }
    this.#admit(row, place)
    if (place !== undefined && former === undefined) this.#remove(place, 'expire')
    this.file.put(row)
    const mine = this.places.put(row, former && place)
    this.#limitOwner(mine, now)
    return { key: mine.key, isCrowded: this.#makeRoom(mine.key, now) }
  }

  /** Gives a session so many ms from now. Returns whether it is there. */
  touch(sid: string, ttl: number, now: number): boolean {
    const place = this.places.find(sid)
    const row = place && this.#read(place)
    if (place === undefined || row === undefined || row.expires <= now) return false
    const { key, owner, cookieExpires } = row
    const held = heldAt(row, now)
    const [seq, expires] = [this.places.next(), this.#within(row.created, now + ttl)]
    const times = { key, seq, expires, used: now, held, cookieExpires }
    this.file.touch(times)
    this.places.touch(place, trustOf({ owner, held }), times)
    return true
  }

  /** Ends a session. Returns what it was, if it was there. */
  end(sid: string, now: number): Row | undefined {
    const place = this.places.find(sid)
    const row = place && this.#read(place)
    if (place === undefined) return undefined
    const isLive = row !== undefined && row.expires > now
    this.#remove(place, isLive ? 'destroy' : 'expire', row)
    return isLive ? row : undefined
  }

  /** Ends all at once. Returns how many there were. */
  clear(): number {
    const { size } = this.places
    this.file.clear()
    this.places.clear()
    return size
  }

  /** Ends the first so many of all. Returns how many. */
  endSome(most: number): number {
    const places = this.places.after(0, most)
    for (const place of places) this.#remove(place, 'clear')
    return places.length
  }

  /** Removes a few that have expired. Returns how many. */
  expire(most: number, now: number): number {
    const places = this.places.expired(now, most)
    for (const place of places) this.#remove(place, 'expire')
    return places.length
  }

  /** Evicts one so that all keep within `whole`; the last one stays. Returns whether it did. */
  shrink(whole: number): boolean {
    return this.places.bytes > whole && this.places.size > 1 && this.#evict(whole, -1)
  }

  /** Evicts one in a trim to `goal` of a file that may have `whole`. Returns whether it did. */
  relieve(goal: number, whole: number): boolean {
    if (this.places.bytes <= goal) return false
    const lane = givingWayInTrim(this.places.sums.bytes, whole)
    const victim = lane === undefined ? undefined : this.places.oldest(lane, -1)
    if (victim !== undefined) this.#remove(victim, 'evict')
    return victim !== undefined
  }

  close(): void {
    this.file.close()
  }

  #rowOf(stored: Stored, former: Row | undefined, key: number, now: number): Row {
    const { sid, text, ttl, asksOwner } = stored
    const owner = !asksOwner ? 0 : stored.owner === true ? 1 : (stored.owner ?? null)
    const isSame = former !== undefined && former.owner === owner
    const created = former === undefined || former.created === 0 ? now : former.created
    return {
      ...{ key, seq: this.places.next(), sid, owner, body: text, cookie: null, dated: 0, created },
      ...{ expires: this.#within(created, now + ttl), used: now, cookieExpires: Number.NaN },
      held: isSame ? heldAt(former, now) : 0,
    }
  }

  #within(created: number, expires: number): number {
    return Math.min(expires, created + this.#limits.absoluteTtl)
  }

  #admit(row: Row, former: Place | undefined): void {
    const { maxBytes, maxEntryBytes } = this.#limits
    const [bytes, lane] = [bytesOf(row), trustOf(row)]
    const size = toText(bytes)
    if (bytes > maxEntryBytes) {
      const option = maxEntryBytes < maxBytes ? 'maxEntrySize' : 'maxSize'
      throw tooBig(`of ${size} is larger than ${option}, ${toText(maxEntryBytes)}`)
    }
    const sums = [...this.places.sums.bytes] as typeof this.places.sums.bytes
    if (former !== undefined) sums[former.lane] -= former.bytes
    if (!wouldPushOut(sums, lane, bytes, maxBytes)) return
    const whose =
      lane === 0 ? 'belongs to nobody and would push out those of' : 'would push out those of other'
    throw tooBig(`of ${size} ${whose} your users`)
  }

  #limitOwner(mine: Place, now: number): void {
    const { maxPerOwner } = this.#limits
    if (maxPerOwner === Number.POSITIVE_INFINITY || mine.owner === null) return
    const others = this.places.sameOwner(mine)
    const live = others.filter(({ expires }) => expires === null || expires > now)
    const beyond = new Set(live.slice(maxPerOwner - 1))
    for (const place of others) {
      if (beyond.has(place)) this.#remove(place, 'limit')
      else if (!live.includes(place)) this.#remove(place, 'expire')
    }
  }

  #makeRoom(mine: number, now: number): boolean {
    const { maxBytes, maxSessions } = this.#limits
    const { places } = this
    let hasEvicted = false
    while (places.bytes > maxBytes || places.size > maxSessions) {
      const [over] = places.expired(now, 1)
      if (over !== undefined) this.#remove(over, 'expire')
      else if (!this.#evict(places.bytes > maxBytes ? maxBytes : undefined, mine)) break
      else hasEvicted = true
    }
    return hasEvicted
  }

  /** Evicts one, other than `mine`, by bytes so that all keep within `whole`, else by their number. */
  #evict(whole: number | undefined, mine: number): boolean {
    const { size, bytes } = this.places.sums
    const order =
      whole === undefined
        ? givingWay(size, this.#limits.maxSessions)
        : givingWay(bytes, Math.min(whole, this.#limits.maxBytes))
    for (const lane of order) {
      const victim = this.places.oldest(lane, mine)
      if (victim === undefined) continue
      this.#remove(victim, 'evict')
      return true
    }
    return false
  }

  #remove(place: Place, cause: Gone['cause'], known?: Row): void {
    const row = this.#wants(cause) ? (known ?? this.#read(place)) : undefined
    this.#gone.push({ place, cause, row })
    this.file.remove(place.key)
    this.places.remove(place)
  }

  #live(places: readonly Place[], now: number): Row[] {
    const rows = places.map((place) => this.#read(place))
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

function tooBig(why: string): Error {
  return coded('ESESSIONTOOBIG', `session ${why}: it is not stored`, {}, RangeError)
}
