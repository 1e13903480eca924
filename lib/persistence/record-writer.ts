/** Writes records, as `record.ts` draws them, to the end of what is about to be written. */

import type { KeptCookie } from '../entry/cookie'
import type { Entry } from '../entry/entry'
import { crc32 } from './crc'
import { Flag, HEAD_BYTES, type Sealer, Type } from './record'

/** Grows, and says where there is room. */
export interface Sink {
  readonly bytes: Buffer
  /** Makes room for a record at the end. Gives the place. */
  reserve(length: number): number
}

const BEYOND_LATIN1 = /[\u0100-\uffff]/

/** A text, and how it is written. */
class Text {
  readonly bytes: number
  readonly #text: string
  readonly #wide: boolean

  constructor(text: string) {
    this.#text = text
    this.#wide = BEYOND_LATIN1.test(text)
    this.bytes = this.#wide ? 2 * text.length : text.length
  }

  /** The flag, where it takes two bytes a character. */
  flag(wide: number): number {
    return this.#wide ? wide : 0
  }

  /** Gives the end. */
  write(target: Buffer, at: number): number {
    return at + target.write(this.#text, at, this.#wide ? 'utf16le' : 'latin1')
  }

  writeCounted(target: Buffer, at: number): number {
    return this.write(target, target.writeUInt32LE(this.bytes, at))
  }
}

/** Writes records, sealed where there is a sealer. */
export class RecordWriter {
  readonly marker: number
  readonly #sealer: Sealer | undefined
  readonly #extra: number
  readonly #unasked: number

  /** `asked`: whether sessions are asked for their owners. */
  constructor(marker: number, asked: boolean, sealer: Sealer | undefined) {
    this.marker = marker
    this.#unasked = asked ? 0 : Flag.unasked
    this.#sealer = sealer
    this.#extra = sealer?.extra ?? 0
  }

  put(sink: Sink, entry: Entry): void {
    const { cookie, owner, created, expiry } = entry
    const [sid, body] = [new Text(entry.sid), new Text(entry.body)]
    const name = owner?.name === undefined ? undefined : new Text(owner.name)
    const attributes = cookie === undefined ? undefined : new Text(cookie.attributes.text)
    let flags = this.#unasked | cookieFlags(cookie, attributes)
    flags |= sid.flag(Flag.wideSid) | body.flag(Flag.wideBody)
    if (owner !== undefined) flags |= Flag.owned
    if (name !== undefined) flags |= Flag.named | name.flag(Flag.wideOwner)
    if (created !== 0) flags |= Flag.created
    const bytes =
      4 + sid.bytes + body.bytes + numberBytes(flags) + counted(attributes) + counted(name)
    const at = this.#begin(sink, Type.put, flags, expiry, bytes)
    const target = sink.bytes
    let to = at + HEAD_BYTES + this.#extra
    if (flags & Flag.created) to = target.writeDoubleLE(created, to)
    if (cookie !== undefined && flags & Flag.expires) to = target.writeDoubleLE(cookie.expires, to)
    if (attributes !== undefined) to = attributes.writeCounted(target, to)
    if (name !== undefined) to = name.writeCounted(target, to)
    to = sid.writeCounted(target, to)
    this.#end(target, at, body.write(target, to))
  }

  /** `changed`: whether the cookie has other attributes than before. */
  touch(sink: Sink, { sid, cookie, expiry }: Entry, changed: boolean): void {
    const text = new Text(sid)
    const attributes =
      changed && cookie !== undefined ? new Text(cookie.attributes.text) : undefined
    const flags = cookieFlags(cookie, attributes) | text.flag(Flag.wideSid)
    const bytes = text.bytes + numberBytes(flags) + counted(attributes)
    const at = this.#begin(sink, Type.touch, flags, expiry, bytes)
    const target = sink.bytes
    let to = at + HEAD_BYTES + this.#extra
    if (cookie !== undefined && flags & Flag.expires) to = target.writeDoubleLE(cookie.expires, to)
    if (attributes !== undefined) to = attributes.writeCounted(target, to)
    this.#end(target, at, text.write(target, to))
  }

  remove(sink: Sink, sid: string): void {
    const text = new Text(sid)
    const at = this.#begin(sink, Type.remove, text.flag(Flag.wideSid), 0, text.bytes)
    this.#end(sink.bytes, at, text.write(sink.bytes, at + HEAD_BYTES + this.#extra))
  }

  clear(sink: Sink): void {
    const at = this.#begin(sink, Type.clear, 0, 0, 0)
    this.#end(sink.bytes, at, at + HEAD_BYTES + this.#extra)
  }

  #begin(sink: Sink, type: number, flags: number, expiry: number, payload: number): number {
    const at = sink.reserve(HEAD_BYTES + this.#extra + payload)
    const { bytes } = sink
    bytes.writeUInt32LE(this.marker, at)
    bytes.writeUInt32LE(HEAD_BYTES + this.#extra + payload, at + 8)
    bytes[at + 12] = type
    bytes[at + 13] = this.#sealer === undefined ? 0 : 1
    bytes.writeUInt16LE(flags, at + 14)
    bytes.writeDoubleLE(expiry, at + 16)
    return at
  }

  #end(bytes: Buffer, at: number, end: number): void {
    this.#sealer?.seal(bytes, at, end)
    bytes.writeUInt32LE(crc32(bytes.subarray(at + 8, end)), at + 4)
  }
}

function cookieFlags(cookie: KeptCookie | undefined, attributes: Text | undefined): number {
  if (cookie === undefined) return 0
  let flags = Number.isNaN(cookie.expires) ? 0 : Flag.expires
  if (cookie.attributes.dated) flags |= Flag.dated
  if (attributes !== undefined) flags |= Flag.cookie | attributes.flag(Flag.wideCookie)
  return flags
}

function numberBytes(flags: number): number {
  return (flags & Flag.created ? 8 : 0) + (flags & Flag.expires ? 8 : 0)
}

function counted(text: Text | undefined): number {
  return text === undefined ? 0 : 4 + text.bytes
}
