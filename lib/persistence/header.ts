/**
 * The first bytes of each file:
 *
 *     0          8        10     12       16         24         28       32
 *     +----------+---------+------+--------+----------+----------+--------+
 *     | LEMBRO\r\n | version | kind | marker | number   | reserved | crc-32 |
 *     +----------+---------+------+--------+----------+----------+--------+
 *
 * All numbers are little-endian. `number` (f64): of a journal's segment its own; of a snapshot
 * that of the first segment that is not in it yet. The CRC covers all before it. Any later version
 * keeps these 32 bytes, so that this one can tell "newer" from "damaged".
 */

import { randomBytes } from 'node:crypto'
import { crc32 } from './crc'

export const HEADER_BYTES = 32
export const VERSION = 1

const MAGIC = Buffer.from('LEMBRO\r\n', 'latin1')
const KINDS = ['snapshot', 'journal', 'unread'] as const

export type Kind = (typeof KINDS)[number]

export interface Header {
  readonly kind: Kind
  readonly marker: number
  readonly number: number
}

export function encodeHeader({ kind, marker, number }: Header): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(VERSION, 8)
  bytes.writeUInt16LE(KINDS.indexOf(kind), 10)
  bytes.writeUInt32LE(marker, 12)
  bytes.writeDoubleLE(number, 16)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return bytes
}

/** The header that a file begins with: `'newer'` for one of a later version, `undefined` for none that is whole. */
export function decodeHeader(bytes: Buffer): Header | 'newer' | undefined {
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, 8).equals(MAGIC)) return undefined
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return undefined
  if (bytes.readUInt16LE(8) > VERSION) return 'newer'
  const kind = KINDS[bytes.readUInt16LE(10)]
  if (kind === undefined) return undefined
  return { kind, marker: bytes.readUInt32LE(12), number: bytes.readDoubleLE(16) }
}

/** A marker for the files of one run. */
export function newMarker(): number {
  return randomBytes(4).readUInt32LE(0)
}
