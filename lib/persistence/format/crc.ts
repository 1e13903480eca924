/** Owns the CRC-32 of bytes: zlib's own for long parts if the Node has it (20.15), else by a table. */

import zlib from 'node:zlib'

/** `before`: the CRC of what came before these bytes. */
type Crc = (bytes: Buffer, before?: number) => number

const POLYNOMIAL = 0xedb88320
/** Below so many bytes the call into zlib costs more than the table does (measured on Node 20). */
const SHORT = 128

const native = (zlib as { crc32?: Crc }).crc32

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => shifted(byte))

/** The CRC-32 of a part of a buffer, and of what came before it. */
export function crc32(bytes: Buffer, from = 0, to = bytes.length, before = 0): number {
  return native === undefined || to - from < SHORT
    ? tableCrc32(bytes, from, to, before)
    : native(bytes.subarray(from, to), before)
}

/** As {@link crc32}, by the table. */
export function tableCrc32(bytes: Buffer, from: number, to: number, before = 0): number {
  let crc = before ^ -1
  for (let at = from; at < to; at++) {
    crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  }
  return (crc ^ -1) >>> 0
}

function shifted(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}
