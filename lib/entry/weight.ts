/** What a session weighs: the bytes of heap that its entry holds. */

import type { Content, Entry } from './entry'
import { textBytes } from './text'

/**
 * Bytes of an entry beyond its texts: the object (120), and its slot in an index (14 to 27, by how
 * full the index is). Measured on Node 20, 22 and 24 by `npm run bench -- --only memory`.
 */
export const ENTRY_BYTES = 136

/** Bytes that an owner or a client adds beyond the name: a slot in an index. */
export const HOLDER_BYTES = 16

/** What `content` weighs in an entry: an estimate of the heap it holds, in bytes. */
export function weigh(entry: Entry, content: Content): number {
  const { cookie, holder } = content
  return (
    ENTRY_BYTES +
    entry.ownBytes +
    textBytes(entry.sid) +
    textBytes(content.body) +
    (cookie === undefined ? 0 : cookie.bytes) +
    (holder === undefined ? 0 : HOLDER_BYTES) +
    (typeof holder === 'string' ? textBytes(holder) : 0)
  )
}
