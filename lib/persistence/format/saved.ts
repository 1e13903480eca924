/** Owns what a record says once it is read: a session that was put or touched. */

import { Flag, type Read, Type } from './record'

export interface SavedCookie {
  readonly text: string
  readonly dated: boolean
  /** NaN if it is the expiry. */
  readonly expires: number
}

export interface SavedTouch {
  readonly sid: string
  /** `undefined`: as it was. */
  readonly cookie: SavedCookie | undefined
  readonly expires: number
  /** Whether its owner is a known member. */
  readonly known: boolean
}

export interface SavedPut {
  readonly sid: string
  readonly body: string
  readonly cookie: SavedCookie | undefined
  /** A name, `true` for an owner without a name, `undefined` for nobody, `null` if nobody asked. */
  readonly owner: string | true | undefined | null
  readonly created: number
  /** Whether its owner is a known member. */
  readonly known: boolean
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
  const body = textAt(payload, end, to, flags & Flag.wideBody)
  return { sid, body, cookie, owner, created, known: isKnown(read) }
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
  const sid = textAt(payload, at, to, flags & Flag.wideSid)
  return { sid, cookie, expires, known: isKnown(read) }
}

function cookieAt({ flags, payload }: Read, at: number, expires: number): SavedCookie | undefined {
  if ((flags & Flag.cookie) === 0) return undefined
  const text = textAt(payload, at + 4, endAt(payload, at), flags & Flag.wideCookie)
  return { text, dated: (flags & Flag.dated) !== 0, expires }
}

function isKnown({ flags }: Read): boolean {
  return (flags & Flag.newcomer) === 0
}

/** Where the text ends whose length stands at `at`. */
function endAt(bytes: Buffer, at: number): number {
  return at + 4 + bytes.readUInt32LE(at)
}

// What `toString` calls, which by itself takes longer than a short text does.
interface Slices {
  latin1Slice(from: number, to: number): string
}

function textAt(bytes: Buffer, from: number, to: number, wide: number): string {
  if (wide !== 0) return bytes.toString('utf16le', from, to)
  return (bytes as Buffer & Slices).latin1Slice(from, to)
}
