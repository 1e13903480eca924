/** What a session weighs: the bytes of heap that its entry holds; and texts that hold no more than what is counted. */

import v8 from 'node:v8'

/**
 * Bytes of an entry beyond its texts: the object (136), and its place in a `Map` (40 when the sessions
 * just came, 54 to 72 once others have been evicted for them). Measured on Node 20, 22 and 24.
 */
export const ENTRY_BYTES = 192

/** Bytes that an owner or a client adds beyond the name: a slot in an index. */
export const HOLDER_BYTES = 16

/** Bytes that the list of a holder with several entries adds for each of them: measured on Node 20 with 2, 4 and 50,000. */
export const SHARED_BYTES = 64

/** An entry and its content, as much of them as has a weight. */
interface Weighed {
  readonly sid: string
  /** Bytes beyond those of any entry. */
  readonly ownBytes: number
}
interface WeighedContent {
  readonly body: string
  readonly cookie: { readonly bytes: number } | undefined
}

/**
 * What a content weighs in an entry: an estimate of the heap it holds, in bytes. `holder`: how the name
 * of its holder is kept, as a text of its own or not; `others`: how many more entries that one has. The
 * second entry of a holder also pays for the first one's place in the new list.
 */
export function weigh(
  { sid, ownBytes }: Weighed,
  { body, cookie }: WeighedContent,
  holder?: unknown,
  others = 0,
): number {
  const texts =
    textBytes(sid) + textBytes(body) + (typeof holder === 'string' ? textBytes(holder) : 0)
  const list = others === 0 ? 0 : others === 1 ? 2 * SHARED_BYTES : SHARED_BYTES
  const rest = (cookie === undefined ? 0 : cookie.bytes) + (holder === undefined ? 0 : HOLDER_BYTES)
  return ENTRY_BYTES + ownBytes + texts + rest + list
}

const BEYOND_LATIN1 = /[\u0100-\uffff]/
const HEADER = 16
const WORD = 8
/** Most texts fit: a buffer for each of them costs 60 to 400 ns more, and 60 µs at 100 KB (Node 20). */
const scratch = Buffer.allocUnsafeSlow(131_072)

/** Whether V8 holds a text at one byte a character. Node has it since 22.15 and 23.10. */
const { isStringOneByteRepresentation: isOneByte } = v8 as {
  isStringOneByteRepresentation?: (text: string) => boolean
}

/** Whether a text has a character beyond Latin-1, so that V8 needs two bytes for each. */
export function isWide(text: string): boolean {
  return BEYOND_LATIN1.test(text)
}

/**
 * Bytes of heap that a flat string takes: one a character if all fit Latin-1, else two,
 * plus its header, rounded up to a word. Matching also flattens the rope that `JSON.stringify`
 * leaves behind (96 bytes of a typical session, measured on Node 20).
 */
export function textBytes(text: string): number {
  const width = isWide(text) ? 2 : 1
  return Math.ceil((HEADER + text.length * width) / WORD) * WORD
}

/**
 * A copy that shares nothing with the text it was cut from, at the width that `textBytes` counts.
 * A session id parsed from a header is a slice that would keep the whole header alive for as long
 * as the session, and a name from a form the whole request.
 */
export function flat(text: string): string {
  return copy(text, isWide(text) ? 'utf16le' : 'latin1')
}

/**
 * The same text at the width that `textBytes` counts, for one that shares nothing already, such as
 * what `JSON.stringify` made. One emoji anywhere in a request leaves all that is cut from it at two
 * bytes a character, and so all that is made of that.
 */
export function narrowed(text: string): string {
  if (isWide(text) || isOneByte?.(text) === true) return text
  return copy(text, 'latin1')
}

function copy(text: string, encoding: 'latin1' | 'utf16le'): string {
  const bytes = encoding === 'latin1' ? text.length : 2 * text.length
  if (bytes > scratch.length) return Buffer.from(text, encoding).toString(encoding)
  scratch.write(text, 0, bytes, encoding)
  return scratch.toString(encoding, 0, bytes)
}
