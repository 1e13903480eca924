/**
 * Owns what a session is in the file: a row of `sessions`, and one of `touches` once it was touched.
 * Each has a check, so that nothing wrong is ever served: a CRC, or with `saveKeys` the seal of
 * AES-256-GCM over the whole row and an HMAC over a touch. Texts are blobs: as TEXT, a U+0000 or half
 * a surrogate pair would not come back.
 */

import zlib from 'node:zlib'
import type { Columns, Value } from './engine'
import type { KeyRing } from './keys'

/** When a session was used and expires; in ms. */
export interface Times {
  /** The key of its row: given once, never again. */
  readonly key: number
  /** Grows with each change in the file: tells which state is the later one. */
  readonly seq: number
  /** `Infinity` for never. */
  readonly expires: number
  readonly used: number
  /** How long it had been its holder's when it was used. */
  readonly held: number
  /** When its cookie expires, if not with the session; else NaN. */
  readonly cookieExpires: number
}

export interface Row extends Times {
  readonly sid: string
  /** A name; 1 for an owner without a name; `null` for nobody; 0 if nobody asked. */
  readonly owner: string | 0 | 1 | null
  readonly body: string
  /** Its attributes as JSON; `null` if there is none. */
  readonly cookie: string | null
  /** 1 if the cookie has an instant of its own. */
  readonly dated: number
  /** The instant of its first set, or 0. */
  readonly created: number
}

export const SCHEMA = [
  'CREATE TABLE sessions (key INTEGER PRIMARY KEY, seq INTEGER, expires INTEGER, used INTEGER, held INTEGER, cookie_expires INTEGER, created INTEGER, dated INTEGER, sid BLOB, owner BLOB, cookie BLOB, body BLOB, key_id INTEGER, crc INTEGER)',
  'CREATE TABLE touches (key INTEGER PRIMARY KEY, seq INTEGER, expires INTEGER, used INTEGER, held INTEGER, cookie_expires INTEGER, key_id INTEGER, crc INTEGER)',
]
const TIMES = ['key', 'seq', 'expires', 'used', 'held', 'cookie_expires']
const NUMBERS = [...TIMES, 'created', 'dated']

/** A row that can't be read: damaged, or under a key that is not there. */
export type Unreadable = 'damaged' | 'unread'

/** The values of a row of `sessions`, in the order of its columns. */
export function valuesOf(row: Row, keys: KeyRing | undefined): Value[] {
  const { sid, owner, cookie, body } = row
  const numbers = [...timesOf(row), row.created, row.dated]
  const beside = bytesOf(numbers)
  if (keys !== undefined) {
    const text = Buffer.from(JSON.stringify([sid, owner, cookie, body]))
    return [...numbers, null, null, null, keys.seal(text, beside), keys.current, null]
  }
  const name = typeof owner === 'string' ? toBlob(owner) : owner
  const blobs = [toBlob(sid), name, cookie === null ? null : toBlob(cookie), toBlob(body)]
  return [...numbers, ...blobs, null, crcOf(beside, blobs)]
}

/** The values of a row of `touches`. */
export function touchValuesOf(times: Times, keys: KeyRing | undefined): Value[] {
  const numbers = timesOf(times)
  const beside = bytesOf(numbers)
  const id = keys?.current ?? null
  return [...numbers, id, touchCheck(id, beside, keys)]
}

/** What a row of `sessions` holds. */
export function rowOf(columns: Columns, keys: KeyRing | undefined): Row | Unreadable {
  try {
    const beside = bytesOf(NUMBERS.map((name) => numberOf(columns[name])))
    const { sid, owner, cookie, body, key_id: id, crc } = columns
    const [created, dated] = [columns.created as number, columns.dated as number]
    const rest = { ...readTimes(columns), created, dated }
    if (id === null) {
      if (keys?.isStrict === true) return 'damaged'
      const blobs = [sid, owner, cookie, body].map((value) => value ?? null)
      if (crcOf(beside, blobs) !== crc) return 'damaged'
      const name = owner instanceof Uint8Array ? toText(owner) : (owner as 0 | 1 | null)
      const attributes = cookie === null ? null : toText(cookie as Uint8Array)
      const texts = { sid: toText(sid as Uint8Array), body: toText(body as Uint8Array) }
      return { ...rest, ...texts, owner: name, cookie: attributes }
    }
    if (keys === undefined || !keys.has(id as number)) return isId(id) ? 'unread' : 'damaged'
    const text = keys.open(id as number, bufferOf(body as Uint8Array), beside).toString()
    const [sealedSid, sealedOwner, sealedCookie, sealedBody] = JSON.parse(text)
    const texts = { sid: sealedSid, owner: sealedOwner, cookie: sealedCookie, body: sealedBody }
    return { ...rest, ...texts }
  } catch {
    return 'damaged'
  }
}

/** A row with the times of its last touch, if that came after it and is whole. */
export function touched(
  row: Row,
  columns: Columns | undefined,
  keys: KeyRing | undefined,
): Row | 'damaged' {
  if (columns === undefined) return row
  try {
    const beside = bytesOf(TIMES.map((name) => numberOf(columns[name])))
    const { key_id: id, crc } = columns
    if (touchCheck(id as number | null, beside, keys) !== crc) return 'damaged'
    const times = readTimes(columns)
    if (times.seq <= row.seq) return row
    return id === null && keys?.isStrict === true ? 'damaged' : { ...row, ...times }
  } catch {
    return 'damaged'
  }
}

/** A CRC, or 48 bits that only a holder of that key can tell. */
function touchCheck(id: number | null, beside: Buffer, keys: KeyRing | undefined): number {
  if (id === null) return crc32(beside)
  return (keys as KeyRing).mac(id, 'times', beside).readUIntBE(0, 6)
}

/** A text as bytes: UTF-8, or UTF-16 after a byte that UTF-8 does not know if that is the only way to keep it. */
function toBlob(text: string): Buffer {
  const bytes = Buffer.from(text)
  if (!bytes.includes(REPLACEMENT) || bytes.toString() === text) return bytes
  return Buffer.concat([WIDE, Buffer.from(text, 'utf16le')])
}

const WIDE = Buffer.from([0xff])
const REPLACEMENT = Buffer.from('\ufffd')

function toText(blob: Uint8Array): string {
  const bytes = bufferOf(blob)
  return bytes[0] === 0xff ? bytes.toString('utf16le', 1) : bytes.toString()
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function timesOf({ key, seq, expires, used, held, cookieExpires }: Times): Value[] {
  const until = expires === Number.POSITIVE_INFINITY ? null : expires
  return [key, seq, until, used, held, Number.isNaN(cookieExpires) ? null : cookieExpires]
}

function readTimes(columns: Columns): Times {
  const { key, seq, expires, used, held, cookie_expires: cookieExpires } = columns
  return {
    ...{ key: key as number, seq: seq as number, used: used as number, held: held as number },
    expires: expires === null ? Number.POSITIVE_INFINITY : (expires as number),
    cookieExpires: cookieExpires === null ? Number.NaN : (cookieExpires as number),
  }
}

function numberOf(value: Value | undefined): number | null {
  if (value === null || typeof value === 'number') return value
  throw new Error('no number')
}

function isId(id: unknown): boolean {
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < 2 ** 32
}

function bytesOf(numbers: readonly Value[]): Buffer {
  const bytes = Buffer.allocUnsafe(8 * numbers.length)
  numbers.forEach((number, nth) => {
    bytes.writeDoubleLE(number === null ? -1.5 : (number as number), 8 * nth)
  })
  return bytes
}

/** The CRC of a row: its numbers, and each blob after its length. */
function crcOf(beside: Buffer, blobs: readonly Value[]): number {
  const lengths = blobs.map((blob) => {
    return blob instanceof Uint8Array ? blob.length : blob === null ? -1 : -2 - (blob as number)
  })
  const parts = blobs.filter((blob) => blob instanceof Uint8Array)
  const bytes = Buffer.concat([beside, bytesOf(lengths), ...parts])
  return crc32(bytes)
}

const CRC_OF_BYTE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** The CRC-32 of bytes, by a table. */
export function tableCrc32(bytes: Buffer): number {
  let crc = -1
  for (const byte of bytes) crc = (CRC_OF_BYTE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

/** Zlib's own from Node 20.15 on. */
const crc32 = (zlib as { crc32?: typeof tableCrc32 }).crc32 ?? tableCrc32
