/**
 * A record as bytes and back. All numbers are little-endian:
 *
 *     0        4        8        12     13       14      16       24
 *     +--------+--------+--------+------+--------+-------+--------+-----------+
 *     | marker | crc-32 | length | type | sealed | flags | expiry | payload … |
 *     +--------+--------+--------+------+--------+-------+--------+-----------+
 *
 *     put      [created f64] [cookie's expires f64] [cookie: length u32, text]
 *              [owner: length u32, text] sid: length u32, text · body: the rest
 *     touch    [cookie's expires f64] [cookie: length u32, text] sid: the rest
 *     remove   sid: the rest
 *     clear    nothing
 *     end      of the snapshot that it ends: its header's number, f64
 *
 * What stands in brackets is there where its flag says so. `length` is of the whole record. The CRC
 * covers all after itself. The marker is random and the same through a file: after damage the next
 * record is looked for by it, and no text inside a session can pass for a record.
 *
 * A text is kept as V8 holds it, one byte a character or two, so that nothing is lost of any.
 * A touch without a cookie leaves the attributes of the cookie as they are. `keys.ts` draws what
 * stands in the place of the payload where it is sealed.
 */

import { crc32 } from './crc'

export const HEAD_BYTES = 24

export const Type = { put: 1, touch: 2, remove: 3, clear: 4, end: 5 } as const
const LAST_TYPE = 5

export const Flag = {
  wideSid: 1,
  wideBody: 2,
  wideOwner: 4,
  wideCookie: 8,
  cookie: 16,
  /** The cookie has an `expires` that is an instant. */
  dated: 32,
  /** That instant is another than the expiry. */
  expires: 64,
  /** It belongs to an owner. */
  owned: 128,
  /** The owner's name is there. */
  named: 256,
  /** Nobody asked for the owner, so that an anonymous session may turn out to have one. */
  unasked: 512,
  created: 1024,
} as const

/** Hides payloads and brings them back: `keys.ts`. */
export interface Sealer {
  /** Bytes that sealing adds. */
  readonly extra: number
  /** Seals the record at `at`, whose payload was put `extra` bytes too late to leave room. */
  seal(bytes: Buffer, at: number, end: number): void
  /** The payload of a sealed record; its key's id where that is unknown; `undefined` where it was tampered with. */
  open(bytes: Buffer, at: number, end: number): Buffer | string | undefined
}

export interface SavedCookie {
  readonly text: string
  readonly dated: boolean
  /** NaN where it is the expiry. */
  readonly expires: number
}

/** A record read: what it says, and the payload to read on in. */
export interface Read {
  readonly type: number
  readonly flags: number
  readonly expiry: number
  readonly payload: Buffer
  readonly from: number
  readonly to: number
}

export interface SavedTouch {
  readonly sid: string
  /** `undefined`: as it was. */
  readonly cookie: SavedCookie | undefined
  readonly expires: number
}

export interface SavedPut {
  readonly sid: string
  readonly body: string
  readonly cookie: SavedCookie | undefined
  /** A name, `true` for one without a name, `undefined` for nobody, `null` where nobody asked. */
  readonly owner: string | true | undefined | null
  readonly created: number
}

/** The record that ends a snapshot: without it, the snapshot was cut. */
export function encodeEnd(marker: number, number: number): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + 8)
  bytes.writeUInt32LE(marker, 0)
  bytes.writeUInt32LE(bytes.length, 8)
  bytes[12] = Type.end
  bytes.writeDoubleLE(number, HEAD_BYTES)
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

/** The length that the record at `at` claims, where it can be one of a file with `most` bytes left; else 0. */
export function claimedLength(bytes: Buffer, at: number, most: number): number {
  const length = bytes.readUInt32LE(at + 8)
  const type = bytes[at + 12] as number
  const isOne = length >= HEAD_BYTES && length <= most && type >= 1 && type <= LAST_TYPE
  return isOne && (bytes[at + 13] as number) <= 1 ? length : 0
}

/** Whether the record from `at` to `end` is as it was written. */
export function isWhole(bytes: Buffer, at: number, end: number): boolean {
  return crc32(bytes.subarray(at + 8, end)) === bytes.readUInt32LE(at + 4)
}

/** The instant that a record's session expires at: readable though it is sealed. */
export function expiryAt(bytes: Buffer, at: number): number {
  return bytes.readDoubleLE(at + 16)
}

/** Opens a whole record. Gives the id of an unknown key; `undefined` where a sealed one was tampered with. */
export function openRecord(
  bytes: Buffer,
  at: number,
  end: number,
  sealer: Sealer | undefined,
): Read | string | undefined {
  const type = bytes[at + 12] as number
  const flags = bytes.readUInt16LE(at + 14)
  const expiry = expiryAt(bytes, at)
  if (bytes[at + 13] === 0) {
    return { type, flags, expiry, payload: bytes, from: at + HEAD_BYTES, to: end }
  }
  const payload = sealer === undefined ? keyIdAt(bytes, at) : sealer.open(bytes, at, end)
  if (typeof payload !== 'object') return payload
  return { type, flags, expiry, payload, from: 0, to: payload.length }
}

/** The id of the key that sealed a record. */
export function keyIdAt(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at + HEAD_BYTES, at + HEAD_BYTES + 4)
}

/** Whether a touch brings attributes for the cookie. */
export function bringsCookie({ flags }: Read): boolean {
  return (flags & Flag.cookie) !== 0
}

/** Only the sid of a put, a touch or a remove. */
export function sidOf(read: Read): string {
  const { type, flags, payload, from, to } = read
  if (type === Type.remove) return textAt(payload, from, to, flags & Flag.wideSid)
  let at = from
  if (type === Type.put && flags & Flag.created) at += 8
  if (flags & Flag.expires) at += 8
  if (flags & Flag.cookie) at = endAt(payload, at)
  if (type === Type.touch) return textAt(payload, at, to, flags & Flag.wideSid)
  if (flags & Flag.named) at = endAt(payload, at)
  return textAt(payload, at + 4, endAt(payload, at), flags & Flag.wideSid)
}

export function decodePut(read: Read): SavedPut {
  const { flags, payload, from, to } = read
  let at = from
  let [created, expires] = [0, Number.NaN]
  if (flags & Flag.created) {
    created = payload.readDoubleLE(at)
    at += 8
  }
  if (flags & Flag.expires) {
    expires = payload.readDoubleLE(at)
    at += 8
  }
  const cookie = cookieAt(read, at, expires)
  if (cookie !== undefined) at = endAt(payload, at)
  let owner: SavedPut['owner'] = flags & Flag.unasked ? null : undefined
  if (flags & Flag.owned) owner = true
  if (flags & Flag.named) {
    const end = endAt(payload, at)
    owner = textAt(payload, at + 4, end, flags & Flag.wideOwner)
    at = end
  }
  const end = endAt(payload, at)
  const sid = textAt(payload, at + 4, end, flags & Flag.wideSid)
  return { sid, body: textAt(payload, end, to, flags & Flag.wideBody), cookie, owner, created }
}

export function decodeTouch(read: Read): SavedTouch {
  const { flags, payload, from, to } = read
  let at = from
  let expires = Number.NaN
  if (flags & Flag.expires) {
    expires = payload.readDoubleLE(at)
    at += 8
  }
  const cookie = cookieAt(read, at, expires)
  if (cookie !== undefined) at = endAt(payload, at)
  return { sid: textAt(payload, at, to, flags & Flag.wideSid), cookie, expires }
}

/** The number in the header of the snapshot that this record ends. */
export function decodeEnd({ payload, from }: Read): number {
  return payload.readDoubleLE(from)
}

function cookieAt({ flags, payload }: Read, at: number, expires: number): SavedCookie | undefined {
  if ((flags & Flag.cookie) === 0) return undefined
  const text = textAt(payload, at + 4, endAt(payload, at), flags & Flag.wideCookie)
  return { text, dated: (flags & Flag.dated) !== 0, expires }
}

/** Where the text ends whose length stands at `at`. */
function endAt(bytes: Buffer, at: number): number {
  return at + 4 + bytes.readUInt32LE(at)
}

function textAt(bytes: Buffer, from: number, to: number, wide: number): string {
  return bytes.toString(wide === 0 ? 'latin1' : 'utf16le', from, to)
}
