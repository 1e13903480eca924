/** Owns how a change becomes a record: written, as `record.ts` draws it, to the end of what is about to be saved. */

import type { KeptCookie } from '../../entry/cookie'
import type { Entry } from '../../entry/entry'
import { crc32 } from './crc'
import { type Cipher, Flag, HEAD_BYTES, Type } from './record'

/** Where records go: it grows, and says where there is room. */
export interface Sink {
  readonly bytes: Buffer
  /** Makes room for a record at the end, and gives the place. */
  reserve(length: number): number
}

const BEYOND_LATIN1 = /[\u0100-\uffff]/
/** A text up to this length is written faster by hand than by a call into Node (measured on Node 20). */
const SHORT = 40

/** Writes records, encrypted if there is a cipher. */
export class RecordWriter {
  readonly marker: number
  /** The id of the key of all its records; `null` if they are plain. */
  readonly keyId: string | null
  readonly #cipher: Cipher | undefined
  readonly #extra: number
  readonly #unasked: number

  /** `asked`: whether sessions are asked for their owners. */
  constructor(marker: number, asked: boolean, cipher: Cipher | undefined) {
    this.marker = marker
    this.keyId = cipher?.keyId ?? null
    this.#unasked = asked ? 0 : Flag.unasked
    this.#cipher = cipher
    this.#extra = cipher?.extra ?? 0
  }

  put(sink: Sink, entry: Entry): void {
    const { sid, body, cookie, owned, created, expiry } = entry
    const name = entry.ownerName
    const attributes = cookie?.attributes.text
    let flags = this.#unasked | cookieFlags(cookie, attributes)
    if (isWide(sid)) flags |= Flag.wideSid
    if (isWide(body)) flags |= Flag.wideBody
    if (owned) flags |= Flag.owned
    if (name !== undefined) flags |= Flag.named | (isWide(name) ? Flag.wideOwner : 0)
    if (created !== 0) flags |= Flag.created
    if (name !== undefined && !entry.known) flags |= Flag.newcomer
    let bytes = numberBytes(flags) + 4
    bytes += bytesOf(sid, flags & Flag.wideSid) + bytesOf(body, flags & Flag.wideBody)
    if (attributes !== undefined) bytes += 4 + bytesOf(attributes, flags & Flag.wideCookie)
    if (name !== undefined) bytes += 4 + bytesOf(name, flags & Flag.wideOwner)
    const at = this.#begin(sink, Type.put, flags, expiry, bytes)
    const target = sink.bytes
    let to = at + HEAD_BYTES + this.#extra
    if (flags & Flag.created) to = target.writeDoubleLE(created, to)
    if (cookie !== undefined && flags & Flag.expires) to = target.writeDoubleLE(cookie.expires, to)
    if (attributes !== undefined) to = writeCounted(target, to, attributes, flags & Flag.wideCookie)
    if (name !== undefined) to = writeCounted(target, to, name, flags & Flag.wideOwner)
    to = writeCounted(target, to, sid, flags & Flag.wideSid)
    this.#end(target, at, writeText(target, to, body, flags & Flag.wideBody))
  }

  /** `changed`: whether the cookie has other attributes than before. */
  touch(sink: Sink, entry: Entry, changed: boolean): void {
    const { sid, cookie, expiry } = entry
    const attributes = changed ? cookie?.attributes.text : undefined
    let flags = cookieFlags(cookie, attributes) | (isWide(sid) ? Flag.wideSid : 0)
    if (!entry.known && entry.owned) flags |= Flag.newcomer
    let bytes = numberBytes(flags) + bytesOf(sid, flags & Flag.wideSid)
    if (attributes !== undefined) bytes += 4 + bytesOf(attributes, flags & Flag.wideCookie)
    const at = this.#begin(sink, Type.touch, flags, expiry, bytes)
    const target = sink.bytes
    let to = at + HEAD_BYTES + this.#extra
    if (cookie !== undefined && flags & Flag.expires) to = target.writeDoubleLE(cookie.expires, to)
    if (attributes !== undefined) to = writeCounted(target, to, attributes, flags & Flag.wideCookie)
    this.#end(target, at, writeText(target, to, sid, flags & Flag.wideSid))
  }

  remove(sink: Sink, sid: string): void {
    const flags = isWide(sid) ? Flag.wideSid : 0
    const at = this.#begin(sink, Type.remove, flags, 0, bytesOf(sid, flags))
    this.#end(sink.bytes, at, writeText(sink.bytes, at + HEAD_BYTES + this.#extra, sid, flags))
  }

  clear(sink: Sink): void {
    const at = this.#begin(sink, Type.clear, 0, 0, 0)
    this.#end(sink.bytes, at, at + HEAD_BYTES + this.#extra)
  }

  #begin(sink: Sink, type: number, flags: number, expiry: number, payload: number): number {
    const length = HEAD_BYTES + this.#extra + payload
    const at = sink.reserve(length)
    const { bytes } = sink
    bytes.writeUInt32LE(this.marker, at)
    bytes.writeUInt32LE(length, at + 8)
    bytes[at + 12] = type
    bytes[at + 13] = this.#cipher === undefined ? 0 : 1
    bytes.writeUInt16LE(flags, at + 14)
    bytes.writeDoubleLE(expiry, at + 16)
    return at
  }

  #end(bytes: Buffer, at: number, end: number): void {
    this.#cipher?.encrypt(bytes, at, end)
    bytes.writeUInt32LE(crc32(bytes, at + 8, end), at + 4)
  }
}

function cookieFlags(cookie: KeptCookie | undefined, attributes: string | undefined): number {
  if (cookie === undefined) return 0
  let flags = Number.isNaN(cookie.expires) ? 0 : Flag.expires
  if (cookie.attributes.dated) flags |= Flag.dated
  if (attributes !== undefined) flags |= Flag.cookie | (isWide(attributes) ? Flag.wideCookie : 0)
  return flags
}

function numberBytes(flags: number): number {
  return (flags & Flag.created ? 8 : 0) + (flags & Flag.expires ? 8 : 0)
}

/** Whether a text takes two bytes a character. */
function isWide(text: string): boolean {
  if (text.length > SHORT) return BEYOND_LATIN1.test(text)
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return true
  return false
}

function bytesOf(text: string, wide: number): number {
  return wide === 0 ? text.length : 2 * text.length
}

/** Gives the end. */
function writeText(target: Buffer, at: number, text: string, wide: number): number {
  if (wide !== 0) return at + target.write(text, at, 'utf16le')
  const { length } = text
  if (length > SHORT) return at + target.write(text, at, 'latin1')
  for (let nth = 0; nth < length; nth++) target[at + nth] = text.charCodeAt(nth)
  return at + length
}

function writeCounted(target: Buffer, at: number, text: string, wide: number): number {
  return writeText(target, target.writeUInt32LE(bytesOf(text, wide), at), text, wide)
}
