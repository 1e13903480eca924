/** Owns the sessions that the saved records add up to, in age order, before they go into the ledger. */

import type { CookieJar, KeptCookie } from '../../entry/cookie'
import { keepable } from '../../entry/entry'
import type { Owner } from '../../settings/owner'
import { type Read, Type } from '../format/record'
import { decodePut, decodeTouch, type SavedCookie, sidOf } from '../format/saved'

/** A saved session. */
export interface Saved {
  readonly sid: string
  readonly body: string
  cookie: KeptCookie | undefined
  expiry: number
  /** `undefined` for an anonymous session, `null` if nobody was asked. */
  readonly owner: Owner | undefined | null
  /** Whether its owner is a known member. */
  known: boolean
  /** The instant of its first set, 0 if that is not known. */
  readonly created: number
  /** Bytes of its record. */
  readonly length: number
}

export class Replay {
  readonly #jar: CookieJar
  readonly #ceiling: number
  /** Whether sessions were dropped for want of room. */
  dropped = false
  /** The oldest first. */
  #sessions = new Map<string, Saved>()
  #length = 0

  /** Beyond `ceiling` bytes the oldest go at once, so that a store made much smaller still starts. */
  constructor(jar: CookieJar, ceiling: number) {
    this.#jar = jar
    this.#ceiling = ceiling
  }

  /** Does what a record of `length` bytes says. Throws for one that makes no sense. */
  apply(read: Read, length: number): void {
    if (read.type === Type.put) this.#put(read, length)
    else if (read.type === Type.touch) this.#touch(read)
    else if (read.type === Type.remove) this.#remove(sidOf(read))
    else if (read.type === Type.clear) this.#clear()
  }

  /** Adds a session as the newest. */
  add(saved: Saved): void {
    this.#remove(saved.sid)
    this.#sessions.set(saved.sid, saved)
    this.#length += saved.length
    while (this.#length > this.#ceiling && this.#sessions.size > 1) {
      const [oldest] = this.#sessions.keys()
      this.#remove(oldest as string)
      this.dropped = true
    }
  }

  /** No more records come. Gives what takes out one session after the other, the oldest first. */
  end(): () => Saved | undefined {
    const sessions = this.#sessions.values()
    return () => sessions.next().value
  }

  #put(read: Read, length: number): void {
    const saved = decodePut(read)
    const cookie = saved.cookie === undefined ? undefined : this.#cookie(saved.cookie)
    this.add({ ...saved, ...expiringAt(cookie, read.expiry), length })
  }

  #touch(read: Read): void {
    const { sid, cookie, expires, known } = decodeTouch(read)
    const saved = this.#sessions.get(sid)
    if (saved === undefined) return
    if (cookie !== undefined) saved.cookie = this.#cookie(cookie)
    else if (saved.cookie !== undefined) saved.cookie = this.#redated(saved.cookie, expires)
    Object.assign(saved, expiringAt(saved.cookie, read.expiry))
    saved.known = known
    this.#sessions.delete(sid)
    this.#sessions.set(sid, saved)
  }

  #remove(sid: string): void {
    const saved = this.#sessions.get(sid)
    if (saved === undefined) return
    this.#sessions.delete(sid)
    this.#length -= saved.length
  }

  #clear(): void {
    this.#sessions = new Map()
    this.#length = 0
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

/** The expiry that was saved. If an entry can't keep that exactly, its cookie gets an instant of its own. */
function expiringAt(cookie: KeptCookie | undefined, expiry: number) {
  const kept = keepable(expiry)
  return { expiry: kept, cookie: kept === expiry ? cookie : cookie?.at(expiry) }
}
