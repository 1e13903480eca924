/**
 * Owns what a record looks like as bytes. All numbers are little-endian:
 *
 *     0        4        8        12     13          14      16       24
 *     +--------+--------+--------+------+-----------+-------+--------+-----------+
 *     | marker | crc-32 | length | type | encrypted | flags | expiry | payload … |
 *     +--------+--------+--------+------+-----------+-------+--------+-----------+
 *
 *     put      [created f64] [cookie's expires f64] [cookie: length u32, text]
 *              [owner: length u32, text] sid: length u32, text · body: the rest
 *     touch    [cookie's expires f64] [cookie: length u32, text] sid: the rest
 *     remove   sid: the rest
 *     clear    nothing
 *     end      the last of a snapshot: the number in its header, f64
 *     follows  the first of a segment: the number of the segment before it, f64 (0: none), and how
 *              many bytes of that one count, f64
 *
 * A part in brackets is there if its flag says so. `length` is that of the whole record. The CRC
 * covers everything after itself. The marker is random and the same throughout a file: after damage
 * the next record is found by it, and no text inside a session can pass for a record.
 *
 * A text is kept as V8 holds it, one byte a character or two, so that nothing of any text is lost.
 * A touch without a cookie leaves the attributes of the cookie as they are. `encryption.ts` draws
 * what replaces the payload of an encrypted record; `end` and `follows` are never encrypted.
 */

import { crc32 } from './crc'

export const HEAD_BYTES = 24

export const Type = { put: 1, touch: 2, remove: 3, clear: 4, end: 5, follows: 6 } as const
const LAST_TYPE = 6

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
  /** Nobody asked for the owner, so an anonymous session may turn out to have one. */
  unasked: 512,
  created: 1024,
  /** Of a put or a touch: its owner is no known member yet. Absent in version 1, whose owners all count as known. */
  newcomer: 2048,
} as const

/** Encrypts payloads and decrypts them: `encryption.ts`. */
export interface Cipher {
  /** Bytes that encryption adds. */
  readonly extra: number
  /** The id of the key that encrypts. */
  readonly keyId: string
  /** Encrypts the record at `at`, whose payload was put `extra` bytes too late to leave room. */
  encrypt(bytes: Buffer, at: number, end: number): void
  /** The payload of an encrypted record; the id of its key if that is unknown; `undefined` if it was tampered with. */
  decrypt(bytes: Buffer, at: number, end: number): Buffer | string | undefined
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

/** What `end` and `follows` say: a number, and of a segment its length. */
export interface Place {
  readonly number: number
  readonly length: number
}

/** The record that ends a snapshot: without it, the snapshot was cut. */
export function encodeEnd(marker: number, number: number): Buffer {
  return encodePlain(marker, Type.end, [number])
}

/** The record that begins a segment: it names the segment before it. */
export function encodeFollows(marker: number, { number, length }: Place): Buffer {
  return encodePlain(marker, Type.follows, [number, length])
}

export const FOLLOWS_BYTES = HEAD_BYTES + 16

export function decodeEnd({ payload, from }: Read): number {
  return payload.readDoubleLE(from)
}

export function decodeFollows({ payload, from }: Read): Place {
  return { number: payload.readDoubleLE(from), length: payload.readDoubleLE(from + 8) }
}

function encodePlain(marker: number, type: number, numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + 8 * numbers.length)
  bytes.writeUInt32LE(marker, 0)
  bytes.writeUInt32LE(bytes.length, 8)
  bytes[12] = type
  for (const [nth, number] of numbers.entries()) bytes.writeDoubleLE(number, HEAD_BYTES + 8 * nth)
  bytes.writeUInt32LE(crc32(bytes, 8), 4)
  return bytes
}

/** The length that the record at `at` claims, if it can be one of a file with `most` bytes left; else 0. */
export function claimedLength(bytes: Buffer, at: number, most: number): number {
  const length = bytes.readUInt32LE(at + 8)
  const type = bytes[at + 12] as number
  const isOne = length >= HEAD_BYTES && length <= most && type >= 1 && type <= LAST_TYPE
  return isOne && (bytes[at + 13] as number) <= 1 ? length : 0
}

/** Whether the record from `at` to `end` is as it was written. */
export function isWhole(bytes: Buffer, at: number, end: number): boolean {
  return crc32(bytes, at + 8, end) === bytes.readUInt32LE(at + 4)
}

/** The instant at which a record's session expires: readable even if the record is encrypted. */
export function expiryAt(bytes: Buffer, at: number): number {
  return bytes.readDoubleLE(at + 16)
}

/** The id of the key of an encrypted record; `null` for a plain one that holds a session, `undefined` for any other. */
export function keyIdAt(bytes: Buffer, at: number): string | null | undefined {
  if (bytes[at + 13] === 1) return bytes.toString('hex', at + HEAD_BYTES, at + HEAD_BYTES + 4)
  return (bytes[at + 12] as number) < Type.end ? null : undefined
}

/** Reads a whole record. Gives the id of an unknown key; `undefined` for an encrypted one that was tampered with. */
export function readRecord(
  bytes: Buffer,
  at: number,
  end: number,
  cipher: Cipher | undefined,
): Read | string | undefined {
  const type = bytes[at + 12] as number
  const flags = bytes.readUInt16LE(at + 14)
  const expiry = expiryAt(bytes, at)
  if (bytes[at + 13] === 0) {
    return { type, flags, expiry, payload: bytes, from: at + HEAD_BYTES, to: end }
  }
  const payload = cipher === undefined ? keyIdAt(bytes, at) : cipher.decrypt(bytes, at, end)
  if (typeof payload !== 'object' || payload === null) return payload ?? undefined
  return { type, flags, expiry, payload, from: 0, to: payload.length }
}
