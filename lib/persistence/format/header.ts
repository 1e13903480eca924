/**
 * Owns the first bytes of each file:
 *
 *     0          8        10     11          12       16         24       28       32
 *     +----------+---------+------+-----------+--------+----------+--------+--------+
 *     | LEMBRO\r\n | version | kind | encrypted | marker | number   | key id | crc-32 |
 *     +----------+---------+------+-----------+--------+----------+--------+--------+
 *
 * All numbers are little-endian. `number` (f64) is a segment's own; in a snapshot it is that of the
 * first segment whose changes the snapshot does not hold. The CRC covers all before it. Any later
 * version keeps these 32 bytes, so that this one can tell "newer" from "damaged". Version 1 left
 * `encrypted` and the key id at 0, whether its records were encrypted or not.
 */

import { randomBytes } from 'node:crypto'
import { crc32 } from './crc'

export const HEADER_BYTES = 32
const VERSION = 2

const MAGIC = Buffer.from('LEMBRO\r\n', 'latin1')
/** Version 1 wrote files of undecryptable records, too. */
const KINDS = ['snapshot', 'journal', 'undecryptable'] as const

export type Kind = (typeof KINDS)[number]

export interface Header {
  readonly version: number
  readonly kind: Kind
  readonly marker: number
  readonly number: number
  /** The id of the key of all records; `null` if they are plain; `undefined` if the header does not tell. */
  readonly keyId: string | null | undefined
}

/** The header of a new file; `keyId` is `null` if its records are plain. */
export function encodeHeader(
  kind: Kind,
  marker: number,
  number: number,
  keyId: string | null,
): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(VERSION, 8)
  bytes[10] = KINDS.indexOf(kind)
  bytes[11] = keyId === null ? 0 : 1
  bytes.writeUInt32LE(marker, 12)
  bytes.writeDoubleLE(number, 16)
  bytes.write(keyId ?? '', 24, 'hex')
  bytes.writeUInt32LE(crc32(bytes, 0, 28), 28)
  return bytes
}

/** The header that a file begins with: `'newer'` for one of a later version, `undefined` if none is whole. */
export function decodeHeader(bytes: Buffer): Header | 'newer' | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return undefined
  if (crc32(bytes, 0, 28) !== bytes.readUInt32LE(28)) return undefined
  const version = bytes.readUInt16LE(8)
  if (version > VERSION) return 'newer'
  const kind = KINDS[bytes[10] as number]
  if (kind === undefined) return undefined
  const keyId = bytes[11] === 1 ? bytes.toString('hex', 24, 28) : null
  return {
    version,
    kind,
    marker: bytes.readUInt32LE(12),
    number: bytes.readDoubleLE(16),
    keyId: version === 1 ? undefined : keyId,
  }
}

/** A marker for the files of one run. */
export function newMarker(): number {
  return randomBytes(4).readUInt32LE(0)
}
