/** Owns the sessions that the saved records add up to, in age order, before they go into the ledger. */

import type { CookieJar, KeptCookie } from '../../entry/cookie'
import { DatedEntry, Entry } from '../../entry/entry'
import { Holder } from '../../entry/holder'
import { entryIndex } from '../../ledger/books'
import { Lane } from '../../ledger/lane'
import type { TextIndex } from '../../ledger/text-index'
import { type Read, Type } from '../format/record'
import { decodePut, decodeTouch, type SavedCookie, sidOf } from '../format/saved'

/** The owner of a session that was saved without asking for one. */
export const UNASKED = new Holder('', [])

export class Replay {
  readonly #jar: CookieJar
  readonly #ceiling: number
  /** Whether the instant of a session's first set matters. */
  readonly #isDated: boolean
  /** Whether entries were dropped for want of room. */
  dropped = false
  #entries = entryIndex()
  #lane = new Lane()

  /** Beyond `ceiling` bytes the oldest go at once, so that a store made much smaller still starts. */
  constructor(jar: CookieJar, ceiling: number, isDated: boolean) {
    this.#jar = jar
    this.#isDated = isDated
    this.#ceiling = ceiling
  }

  /** Does what a record of `length` bytes says. Throws for one that makes no sense. */
  apply(read: Read, length: number): void {
    if (read.type === Type.put) this.#put(read, length)
    else if (read.type === Type.touch) this.#touch(read)
    else if (read.type === Type.remove) this.#remove(this.#entries.get(sidOf(read)))
    else if (read.type === Type.clear) this.#clear()
  }

  /** Adds an entry that comes from elsewhere, as the newest. Its owner is asked for later. */
  adopt(entry: Entry): void {
    entry.holder = UNASKED
    this.#add(entry, entry.body.length)
  }

  /** No more records come. Gives the entries by id, and what takes out one after the other, the oldest first. */
  end(): { entries: TextIndex<Entry>; next: () => Entry | undefined } {
    const lane = this.#lane
    const next = () => {
      const { oldest } = lane
      if (oldest !== undefined) lane.take(oldest)
      return oldest
    }
    return { entries: this.#entries, next }
  }

  #put(read: Read, length: number): void {
    const saved = decodePut(read)
    const { sid, created } = saved
    const entry = this.#isDated ? new DatedEntry(sid, created) : new Entry(sid)
    const { body, owner, known } = saved
    const cookie = saved.cookie === undefined ? undefined : this.#cookie(saved.cookie)
    entry.assign({ body, cookie, expiry: read.expiry, owner: owner ?? undefined }, false)
    if (owner === null) entry.holder = UNASKED
    entry.known = known
    expireAt(entry, read.expiry)
    this.#add(entry, length)
  }

  #add(entry: Entry, length: number): void {
    const former = this.#entries.get(entry.sid)
    if (former === undefined) this.#entries.add(entry)
    else {
      this.#lane.take(former)
      this.#entries.replace(former, entry)
    }
    entry.bytes = length
    this.#lane.add(entry)
    while (this.#lane.bytes > this.#ceiling && this.#lane.size > 1) {
      this.#remove(this.#lane.oldest)
      this.dropped = true
    }
  }

  #touch(read: Read): void {
    const { sid, cookie, expires, known } = decodeTouch(read)
    const entry = this.#entries.get(sid)
    if (entry === undefined) return
    if (cookie !== undefined) entry.cookie = this.#cookie(cookie)
    else if (entry.cookie !== undefined) entry.cookie = this.#redated(entry.cookie, expires)
    expireAt(entry, read.expiry)
    entry.known = known
    this.#lane.take(entry)
    this.#lane.add(entry)
  }

  #remove(entry: Entry | undefined): void {
    if (entry === undefined) return
    this.#entries.delete(entry)
    this.#lane.take(entry)
  }

  #clear(): void {
    this.#entries = entryIndex()
    this.#lane = new Lane()
  }

  #cookie({ text, dated, expires }: SavedCookie): KeptCookie {
    return this.#jar.restore(text, dated, expires)
  }

  #redated({ attributes }: KeptCookie, expires: number): KeptCookie {
    return Number.isNaN(expires)
      ? attributes.plain
      : this.#jar.restore(attributes.text, attributes.dated, expires)
  }
}

/** Gives an entry the expiry that was saved. If the entry can't keep that exactly, its cookie gets an instant of its own. */
function expireAt(entry: Entry, expiry: number): void {
  entry.expiry = expiry
  if (entry.expiry !== expiry) entry.cookie = entry.cookie?.at(expiry)
}
