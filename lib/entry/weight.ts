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

/** Bytes that the list of a holder with several entries adds for each of them: measured likewise, with 2 to 100,000. */
export const SHARED_BYTES = 96

/**
 * What `content` weighs in an entry: an estimate of the heap it holds, in bytes. `others`: how many
 * more entries its holder has. The second of two counts the list for both, since the first one was
 * weighed before there was a list.
 */
export function weigh(entry: Entry, content: Content, others = 0): number {
  const { cookie, holder } = content
  return (
    ENTRY_BYTES +
    entry.ownBytes +
    textBytes(entry.sid) +
    textBytes(content.body) +
    (cookie === undefined ? 0 : cookie.bytes) +
    (holder === undefined ? 0 : HOLDER_BYTES) +
    (others === 0 ? 0 : SHARED_BYTES) +
    (others === 1 ? SHARED_BYTES : 0) +
    (typeof holder === 'string' ? textBytes(holder) : 0)
  )
}
