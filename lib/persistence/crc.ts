/** CRC-32 of bytes: zlib's own where the Node has it (20.15), else by a table. */

import zlib from 'node:zlib'

/** `crc`: of what came before these bytes. */
type Crc = (bytes: Buffer, crc?: number) => number

const POLYNOMIAL = 0xedb88320

const native = (zlib as { crc32?: Crc }).crc32

export const crc32: Crc = native === undefined ? tableCrc32 : (bytes, crc) => native(bytes, crc)

let table: Uint32Array | undefined

/** What `zlib.crc32` gives, some ten times slower. */
export function tableCrc32(bytes: Buffer, before = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => shifted(byte))
  let crc = before ^ 0xffffffff
  for (let at = 0; at < bytes.length; at++) {
    crc = (table[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  }
  return (crc ^ 0xffffffff) >>> 0
}

function shifted(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc >>> 0
}
