/**
 * How a session's cookie is kept: its attributes shared by all the sessions that have the same
 * ones, and its expiry not kept at all if it is the entry's own.
 */

import { Cookie } from 'express-session'
import { quieted } from '../settings/check'
import { flat, textBytes } from './weigh'

/** A cookie as JSON has it: `expires` an ISO string or null. */
type PlainCookie = Record<string, unknown>

/** Distinct sets of attributes that are shared; a site has one or two, one for each tenant at the most. */
const MOST_SHARED = 256
/** JSON longer than this is never shared, so that a grown cookie is always counted. */
const LONGEST_SHARED = 192
/** Bytes of the objects around attributes kept for one entry alone: measured as `ENTRY_BYTES` is. */
const OWN_ATTRIBUTES_BYTES = 136
const OWN_EXPIRES_BYTES = 64

/** Attributes of a cookie, as JSON. If `dated`, `expires` is an empty placeholder, which `read` fills in. */
class Attributes {
  /** Only of shared ones, and if a shallow copy does: neither objects among the values, nor a name that assignment treats otherwise. */
  readonly values: PlainCookie | undefined
  readonly bytes: number
  /** The cookie whose expires is the entry's expiry, or as the text says it. */
  readonly plain: KeptCookie

  constructor(
    readonly text: string,
    readonly dated: boolean,
    readonly isShared: boolean,
  ) {
    const values: PlainCookie = JSON.parse(text)
    const isDeep = Object.entries(values).some(
      ([name, value]) => name === '__proto__' || (typeof value === 'object' && value !== null),
    )
    this.values = isShared && !isDeep ? values : undefined
    this.bytes = isShared ? 0 : OWN_ATTRIBUTES_BYTES + textBytes(text)
    this.plain = new KeptCookie(this, Number.NaN)
  }
}

/** The cookie of an entry. */
export class KeptCookie {
  constructor(
    readonly attributes: Attributes,
    /** The instant at which the cookie expires, if that is not the entry's expiry; else NaN. */
    readonly expires: number,
  ) {}

  /** Bytes that it holds for its entry alone. */
  get bytes(): number {
    return this.attributes.bytes + (Number.isNaN(this.expires) ? 0 : OWN_EXPIRES_BYTES)
  }

  /** The same cookie for an entry whose expiry was `expiry`, and is another from now on. */
  at(expiry: number): KeptCookie {
    const own = this.attributes.dated && Number.isNaN(this.expires)
    return own ? new KeptCookie(this.attributes, expiry) : this
  }

  /** A fresh cookie of an entry that expires at `expiry`, as JSON would give it back. */
  read(expiry: number): PlainCookie {
    const { values, text, dated } = this.attributes
    // Not a spread: to stamp a link on the copy that a spread makes costs 800 ns, on this one 10 (Node 20).
    const cookie = values === undefined ? JSON.parse(text) : Object.assign({}, values)
    if (dated) cookie.expires = isoText(this.instantAt(expiry))
    return cookie
  }

  /** The instant in ms at which the cookie of an entry expires that expires at `expiry`; NaN if it says none, or not as JSON has a Date. */
  instantAt(expiry: number): number {
    if (!this.attributes.dated) return Number.NaN
    return Number.isNaN(this.expires) ? expiry : this.expires
  }
}

/** The cookies of one store, with the attributes that they share. */
export class CookieJar {
  readonly #shared = new Map<string, Attributes>()
  #latest: Attributes | undefined

  /** Keeps a cookie for an entry that expires at `expiry`; `previous` is the one it had. */
  keep(cookie: ReadableCookie, expiry: number, previous?: KeptCookie): KeptCookie {
    const instant = instantToKeep(cookie.expires)
    const dated = !Number.isNaN(instant)
    const attributes = this.#attributesOf(cookie, dated, previous?.attributes)
    return !dated || instant === expiry ? attributes.plain : new KeptCookie(attributes, instant)
  }

  /** The cookie that was kept with attributes of that text, in another process. Throws for a text that is no JSON. */
  restore(text: string, dated: boolean, expires: number): KeptCookie {
    const attributes = this.#intern(text, dated)
    return Number.isNaN(expires) ? attributes.plain : new KeptCookie(attributes, expires)
  }

  #attributesOf(cookie: ReadableCookie, dated: boolean, previous?: Attributes): Attributes {
    const isOwn = cookie instanceof Cookie
    if (isOwn) {
      if (previous !== undefined && sameAttributes(previous, cookie, dated)) return previous
      const latest = this.#latest
      if (latest !== undefined && sameAttributes(latest, cookie, dated)) return latest
    }
    const values = isOwn ? (cookie.data as ReadableCookie) : cookie
    try {
      return this.#intern(JSON.stringify(dated ? { ...values, expires: '' } : values), dated)
    } catch (thrown) {
      throw quieted(thrown)
    }
  }

  #intern(text: string, dated: boolean): Attributes {
    const latest = this.#latest
    if (latest?.text === text && latest.dated === dated && latest.isShared) return latest
    const key = dated ? text : `${text} undated`
    let attributes = this.#shared.get(key)
    if (attributes === undefined) {
      const isSharable = text.length <= LONGEST_SHARED && this.#shared.size < MOST_SHARED
      attributes = new Attributes(flat(text), dated, isSharable)
      if (isSharable) this.#shared.set(flat(key), attributes)
    }
    this.#latest = attributes
    return attributes
  }
}

// Only what JSON gives back as an ISO string anyway; any other text or number is kept as it came.
function instantToKeep(expires: unknown): number {
  if (expires instanceof Date) return expires.getTime()
  if (typeof expires !== 'string') return Number.NaN
  const instant = Date.parse(expires)
  return !Number.isNaN(instant) && isoText(instant) === expires ? instant : Number.NaN
}

// For express-session's own Cookie, which has these attributes and no others.
function sameAttributes(attributes: Attributes, cookie: ReadableCookie, dated: boolean): boolean {
  const { values } = attributes
  return (
    values !== undefined &&
    attributes.dated === dated &&
    (dated || values.expires === cookie.expires) &&
    values.originalMaxAge === cookie.originalMaxAge &&
    values.httpOnly === cookie.httpOnly &&
    values.path === cookie.path &&
    values.secure === cookie.secure &&
    values.sameSite === cookie.sameSite &&
    values.domain === cookie.domain &&
    values.partitioned === cookie.partitioned &&
    values.priority === cookie.priority
  )
}

/** A cookie whose fields can be read. */
export type ReadableCookie = Record<string, unknown>

/**
 * A session's cookie as it can be read: express-session's own, or what JSON would make of another
 * object. `undefined` if there is no object to keep; the session is then kept whole, as it came.
 */
export function readableCookie(cookie: unknown): ReadableCookie | undefined {
  if (!isPlain(cookie)) return undefined
  if (cookie instanceof Cookie) return cookie as unknown as ReadableCookie
  const plain = typeof cookie.toJSON === 'function' ? cookie.toJSON() : cookie
  return isPlain(plain) ? plain : undefined
}

function isPlain(value: unknown): value is ReadableCookie {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The instant in ms at which a cookie says that it expires; `undefined` if it says none that can be read. */
export function expiryOf(cookie: ReadableCookie | undefined, now: number): number | undefined {
  if (cookie === undefined) return undefined
  const instant = instantOf(cookie.expires)
  if (!Number.isNaN(instant)) return instant
  const { maxAge } = cookie
  return typeof maxAge === 'number' && !Number.isNaN(maxAge) ? now + Math.floor(maxAge) : undefined
}

function instantOf(expires: unknown): number {
  if (expires instanceof Date) return expires.getTime()
  if (typeof expires === 'string') return Date.parse(expires)
  return typeof expires === 'number' ? Math.floor(expires) : Number.NaN
}

const DAY = 86_400_000
const MINUTE = 60_000
/** `'00:00:'` to `'23:59:'`, and `'000Z'` to `'999Z'`, each made when it is first needed: all at once take longer than the rest of the core. */
const MINUTES = new Array<string | undefined>(1440).fill(undefined)
const MILLISECONDS = new Array<string | undefined>(1000).fill(undefined)
/** `'00.'` to `'59.'` */
const SECONDS = Array.from({ length: 60 }, (_, i) => `${two(i)}.`)

let day = Number.NaN
let dayText = ''

/** What `new Date(instant).toISOString()` gives, in a tenth of the time; throws a `RangeError` for an instant that no Date can be. */
export function isoText(instant: number): string {
  const today = Math.floor(instant / DAY)
  if (today !== day) {
    const text = new Date(today * DAY).toISOString()
    dayText = text.slice(0, text.indexOf('T') + 1)
    day = today
  }
  const ms = instant - today * DAY
  const minute = (ms / MINUTE) | 0
  const inMinute = (ms % MINUTE) | 0
  const millisecond = inMinute % 1000
  MINUTES[minute] ??= `${two(Math.floor(minute / 60))}:${two(minute % 60)}:`
  MILLISECONDS[millisecond] ??= `${String(millisecond).padStart(3, '0')}Z`
  const seconds = (SECONDS[(inMinute / 1000) | 0] as string) + MILLISECONDS[millisecond]
  return dayText + MINUTES[minute] + seconds
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
