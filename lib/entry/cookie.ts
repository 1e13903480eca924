/**
 * How a session's cookie is kept: its attributes shared by all the sessions that have the same
 * ones, and its expiry not kept at all if it is the entry's own.
 */

import { Cookie } from 'express-session'
import { quieted } from '../settings/check'
import { flat, textBytes } from './weigh'

/** A cookie as JSON has it: `expires` an ISO string or null. */
export type PlainCookie = Record<string, unknown>

/** Distinct sets of attributes that are shared; a site has one or two, one for each tenant at the most. */
const MOST_SHARED = 256
/** JSON longer than this is never shared, so that a grown cookie is always counted. */
const LONGEST_SHARED = 192
/** Bytes of the objects around attributes kept for one entry alone: measured as `ENTRY_BYTES` is. */
const OWN_ATTRIBUTES_BYTES = 136
const OWN_EXPIRES_BYTES = 64
/** Bytes of an object without its properties, of a property, and of a number that needs a box. */
const OBJECT_BYTES = 24
const SLOT_BYTES = 8
const NUMBER_BYTES = 16
/** Names and values that the cookies of a site have in common: V8 holds them once. */
const COMMON_NAMES = new Set([
  ...['originalMaxAge', 'expires', 'secure', 'httpOnly', 'domain', 'path'],
  ...['sameSite', 'priority', 'partitioned', 'maxAge'],
])
const COMMON_TEXTS = new Set(['', '/', 'auto', 'strict', 'lax', 'none', 'low', 'medium', 'high'])

/** Attributes of a cookie. If `dated`, `values.expires` is an empty placeholder, which `read` fills in. */
class Attributes {
  readonly values: PlainCookie
  readonly dated: boolean
  readonly bytes: number
  /** Whether a value is an object, or a name one that assignment treats otherwise: a shallow copy would not do. */
  readonly nested: boolean
  /** The cookie whose expires is the entry's expiry, or as the values say it. */
  readonly plain: KeptCookie
  readonly #text: string | undefined

  constructor(text: string, dated: boolean, shared: boolean) {
    this.values = JSON.parse(text)
    this.#text = shared ? text : undefined
    this.dated = dated
    this.bytes = shared ? 0 : OWN_ATTRIBUTES_BYTES + bytesOf(this.values)
    this.nested = Object.entries(this.values).some(
      ([name, value]) => name === '__proto__' || (typeof value === 'object' && value !== null),
    )
    this.plain = new KeptCookie(this, Number.NaN)
  }

  /** Whether these attributes are shared, and have that text. */
  isOf(text: string, dated: boolean): boolean {
    return this.#text === text && this.dated === dated
  }

  /** The values as JSON. */
  get text(): string {
    return this.#text ?? JSON.stringify(this.values)
  }
}

/** The cookie of an entry. */
export class KeptCookie {
  readonly attributes: Attributes
  /** The instant at which the cookie expires, if that is not the entry's expiry; else NaN. */
  readonly expires: number

  constructor(attributes: Attributes, expires: number) {
    this.attributes = attributes
    this.expires = expires
  }

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
    const { values, dated, nested } = this.attributes
    // Not a spread: to stamp a link on the copy that a spread makes costs 800 ns, on this one 10 (Node 20).
    const cookie = nested ? structuredClone(values) : Object.assign({}, values)
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
    this.#latest = attributes
    return Number.isNaN(expires) ? attributes.plain : new KeptCookie(attributes, expires)
  }

  #attributesOf(cookie: ReadableCookie, dated: boolean, previous?: Attributes): Attributes {
    const isOwn = isCookie(cookie)
    if (isOwn) {
      if (previous !== undefined && sameAttributes(previous, cookie, dated)) return previous
      const latest = this.#latest
      if (latest !== undefined && sameAttributes(latest, cookie, dated)) return latest
    }
    const values = isOwn ? (cookie.data as ReadableCookie) : cookie
    try {
      this.#latest = this.#intern(
        JSON.stringify(dated ? { ...values, expires: '' } : values),
        dated,
      )
    } catch (thrown) {
      throw quieted(thrown)
    }
    return this.#latest
  }

  #intern(text: string, dated: boolean): Attributes {
    const latest = this.#latest
    if (latest?.isOf(text, dated)) return latest
    const key = dated ? text : `${text} undated`
    const known = this.#shared.get(key)
    if (known !== undefined) return known
    const sharable = text.length <= LONGEST_SHARED && this.#shared.size < MOST_SHARED
    const attributes = new Attributes(flat(text), dated, sharable)
    if (sharable) this.#shared.set(flat(key), attributes)
    return attributes
  }
}

/** Bytes of heap that a value from JSON takes beside the slot that holds it. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return COMMON_TEXTS.has(value) ? 0 : textBytes(value)
  if (typeof value === 'number') return Object.is(value, value | 0) ? 0 : NUMBER_BYTES
  if (typeof value !== 'object' || value === null) return 0
  let bytes = OBJECT_BYTES
  for (const [name, each] of Object.entries(value)) {
    bytes += SLOT_BYTES + bytesOf(each)
    if (!Array.isArray(value) && !COMMON_NAMES.has(name)) bytes += textBytes(name)
  }
  return bytes
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

/** The fields that express-session's cookies have in JSON, in all of its versions so far. */
const FIELDS = new Set([
  ...['originalMaxAge', 'partitioned', 'priority', 'expires', 'secure'],
  ...['httpOnly', 'domain', 'path', 'sameSite'],
])

/** The class, by its prototype, of the cookies of another copy of express-session: an application has one. */
let otherCopy: object | undefined

/**
 * Whether a cookie is express-session's own: its fields are then known, and can be read without
 * making another object of them. The application may have another copy of express-session than lembro.
 */
export function isCookie(cookie: object): boolean {
  if (cookie instanceof Cookie) return true
  const prototype: object | null = Object.getPrototypeOf(cookie)
  if (prototype === null || prototype === Object.prototype) return false
  if (prototype === otherCopy) return true
  const isOne = isLikeCookie(prototype, cookie as { data?: unknown })
  if (isOne) otherCopy = prototype
  return isOne
}

function isLikeCookie(prototype: object, cookie: { data?: unknown }): boolean {
  const own = Object.getOwnPropertyDescriptors(prototype) as Record<string, PropertyDescriptor>
  const isLike = ['data', 'expires', 'maxAge'].every((name) => own[name]?.get !== undefined)
  if (!isLike || typeof own.toJSON?.value !== 'function' || !Object.hasOwn(cookie, '_expires')) {
    return false
  }
  return isPlain(cookie.data) && Object.keys(cookie.data).every((field) => FIELDS.has(field))
}

/**
 * A session's cookie as it can be read: express-session's own, or what JSON would make of another
 * object. `undefined` if there is no object to keep; the session is then kept whole, as it came.
 */
export function readableCookie(cookie: unknown): ReadableCookie | undefined {
  if (!isPlain(cookie)) return undefined
  if (isCookie(cookie)) return cookie
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
/** `'00:00:'` to `'23:59:'`, each made when it is first needed: all of them at once take longer than the rest of the core. */
const MINUTES = new Array<string | undefined>(1440).fill(undefined)
/** `'000Z'` to `'999Z'`, likewise. */
const MILLISECONDS = new Array<string | undefined>(1000).fill(undefined)
/** `'00.'` to `'59.'` */
const SECONDS = Array.from({ length: 60 }, (_, i) => `${two(i)}.`)

let day = Number.NaN
let dayText = ''

/** What `new Date(instant).toISOString()` gives; throws a `RangeError` for an instant that no Date can be. */
export function isoText(instant: number): string {
  const today = Math.floor(instant / DAY)
  if (today !== day) {
    const text = new Date(today * DAY).toISOString()
    dayText = text.slice(0, text.indexOf('T') + 1)
    day = today
  }
  const ms = instant - today * DAY
  const second = (ms % MINUTE) | 0
  const minute = (ms / MINUTE) | 0
  const millisecond = second % 1000
  const seconds =
    (SECONDS[(second / 1000) | 0] as string) +
    (MILLISECONDS[millisecond] ?? addMillisecond(millisecond))
  return dayText + (MINUTES[minute] ?? addMinute(minute)) + seconds
}

function addMinute(minute: number): string {
  const text = `${two(Math.floor(minute / 60))}:${two(minute % 60)}:`
  MINUTES[minute] = text
  return text
}

function addMillisecond(millisecond: number): string {
  const text = `${String(millisecond).padStart(3, '0')}Z`
  MILLISECONDS[millisecond] = text
  return text
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
