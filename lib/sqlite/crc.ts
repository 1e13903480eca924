/** Owns the CRC-32 of bytes: zlib's own for long parts if the Node has it (20.15), else by tables. */

import zlib from 'node:zlib'

/** `before`: the CRC of what came before these bytes. */
type Crc = (bytes: Buffer, before?: number) => number
type Table = Int32Array

const POLYNOMIAL = 0xedb88320
/** Below so many bytes the call into zlib costs more than the tables do (measured on Node 20). */
const SHORT = 256

const native = (zlib as { crc32?: Crc }).crc32

// Table n tells what a byte does to the CRC by the time that n more bytes have followed it, so eight
// bytes are looked up at once (Intel's "slicing by 8", 2006).
const [T0, T1, T2, T3, T4, T5, T6, T7] = tables()

/** The CRC-32 of a part of a buffer, and of what came before it. */
export function crc32(bytes: Buffer, from = 0, to = bytes.length, before = 0): number {
  return native === undefined || to - from < SHORT
    ? tableCrc32(bytes, from, to, before)
    : native(bytes.subarray(from, to), before)
}

/** As {@link crc32}, by the tables. */
export function tableCrc32(bytes: Buffer, from: number, to: number, before = 0): number {
  let crc = before ^ -1
  let at = from
  for (; at + 8 <= to; at += 8) {
    crc ^= byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16)
    crc ^= byteAt(bytes, at + 3) << 24
    crc =
      look(T7, crc) ^
      look(T6, crc >>> 8) ^
      look(T5, crc >>> 16) ^
      look(T4, crc >>> 24) ^
      look(T3, byteAt(bytes, at + 4)) ^
      look(T2, byteAt(bytes, at + 5)) ^
      look(T1, byteAt(bytes, at + 6)) ^
      look(T0, byteAt(bytes, at + 7))
  }
  for (; at < to; at++) crc = look(T0, crc ^ byteAt(bytes, at)) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] as number
}

function look(table: Table, byte: number): number {
  return table[byte & 0xff] as number
}

function shifted(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
}

function tables(): [Table, Table, Table, Table, Table, Table, Table, Table] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => shifted(byte))
  const next = (table: Table) => table.map((crc) => look(first, crc) ^ (crc >>> 8))
  const [second, third] = [next(first), next(next(first))]
  const fourth = next(third)
  const fifth = next(fourth)
  const sixth = next(fifth)
  const seventh = next(sixth)
  return [first, second, third, fourth, fifth, sixth, seventh, next(seventh)]
}
