/** Owns how a change becomes a record: written, as `record.ts` draws it, to the end of what is about to be saved. */

import type { KeptCookie } from '../../entry/cookie'
import type { Entry } from '../../entry/entry'
import { isWide } from '../../entry/weigh'
import { crc32 } from './crc'
import { type Cipher, Flag, HEAD_BYTES, Type } from './record'

/** Where records go: bytes that grow as records are added. */
export interface Sink {
  readonly bytes: Buffer
  /** The same bytes: writes a number several times faster than a Buffer does. */
  readonly view: DataView
  /** How much of it is filled. */
  readonly length: number
  /** Makes room for a record at the end, and gives the place. */
  reserve(length: number): number
}

/** A text up to this length is written faster by hand than by a call into Node (measured on Node 20, in a busy store). */
const SHORT = 40

/**
 * Gives all records their CRC, without which none counts. All at once: between the other work of a
 * store, the tables are not in the processor's cache, and a CRC takes three times as long (Node 20).
 */
export function seal({ bytes, view, length }: Sink): void {
  for (let at = 0; at < length; ) {
    const end = at + view.getUint32(at + 8, true)
    view.setUint32(at + 4, crc32(bytes, at + 8, end), true)
    at = end
  }
}

/** Writes records, encrypted if there is a cipher, that are still to be sealed. */
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
    let to = at + HEAD_BYTES + this.#extra
    if (flags & Flag.created) to = writeNumber(sink, to, created)
    if (cookie !== undefined && flags & Flag.expires) to = writeNumber(sink, to, cookie.expires)
    if (attributes !== undefined) to = writeCounted(sink, to, attributes, flags & Flag.wideCookie)
    if (name !== undefined) to = writeCounted(sink, to, name, flags & Flag.wideOwner)
    to = writeCounted(sink, to, sid, flags & Flag.wideSid)
    this.#end(sink, at, writeText(sink, to, body, flags & Flag.wideBody))
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
    let to = at + HEAD_BYTES + this.#extra
    if (cookie !== undefined && flags & Flag.expires) to = writeNumber(sink, to, cookie.expires)
    if (attributes !== undefined) to = writeCounted(sink, to, attributes, flags & Flag.wideCookie)
    this.#end(sink, at, writeText(sink, to, sid, flags & Flag.wideSid))
  }

  remove(sink: Sink, sid: string): void {
    const flags = isWide(sid) ? Flag.wideSid : 0
    const at = this.#begin(sink, Type.remove, flags, 0, bytesOf(sid, flags))
    this.#end(sink, at, writeText(sink, at + HEAD_BYTES + this.#extra, sid, flags))
  }

  clear(sink: Sink): void {
    const at = this.#begin(sink, Type.clear, 0, 0, 0)
    this.#end(sink, at, at + HEAD_BYTES + this.#extra)
  }

  #begin(sink: Sink, type: number, flags: number, expiry: number, payload: number): number {
    const length = HEAD_BYTES + this.#extra + payload
    const at = sink.reserve(length)
    const { view } = sink
    view.setUint32(at, this.marker, true)
    view.setUint32(at + 8, length, true)
    view.setUint8(at + 12, type)
    view.setUint8(at + 13, this.#cipher === undefined ? 0 : 1)
    view.setUint16(at + 14, flags, true)
    view.setFloat64(at + 16, expiry, true)
    return at
  }

  #end({ bytes }: Sink, at: number, end: number): void {
    this.#cipher?.encrypt(bytes, at, end)
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

function bytesOf(text: string, wide: number): number {
  return wide === 0 ? text.length : 2 * text.length
}

/** Writes a text. Gives where it ends, as each of these functions does. */
function writeText({ bytes }: Sink, at: number, text: string, wide: number): number {
  const { length } = text
  if (wide !== 0) return at + bytes.write(text, at, 'utf16le')
  if (length > SHORT) return at + bytes.write(text, at, 'latin1')
  for (let nth = 0; nth < length; nth++) bytes[at + nth] = text.charCodeAt(nth)
  return at + length
}

function writeCounted(sink: Sink, at: number, text: string, wide: number): number {
  sink.view.setUint32(at, bytesOf(text, wide), true)
  return writeText(sink, at + 4, text, wide)
}

function writeNumber({ view }: Sink, at: number, number: number): number {
  view.setFloat64(at, number, true)
  return at + 8
}
