/** Sizes as people write them: `'4M'`, `'25%'`, numbers; to bytes and back, on sizeomatic. */

import { howManyBytes, pretty } from 'sizeomatic'
import { got } from './check'

const PERCENTAGE = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/
const SIZE = /^\d+[kmg]?b?$/i

/**
 * Bytes of a size: a number, or text as sizeomatic reads it (`'512K'`, `'4M'`, `'1G'`, case and a
 * trailing `b` free), or a share of `whole` such as `'25%'`. Throws a `TypeError` or `RangeError`
 * that names the option.
 */
export function toBytes(name: string, size: unknown, whole: number, ofWhat: string): number {
  const expected = `${name}: expected a number of bytes above 0, a size such as '512K', '4M' or '1G', a share of ${ofWhat} such as '25%', or Infinity; ${got(size)}`
  if (typeof size !== 'number' && typeof size !== 'string') throw new TypeError(expected)
  const bytes = typeof size === 'number' ? size : bytesOf(size.trim(), whole)
  if (bytes === undefined) throw new TypeError(expected)
  if (!(bytes >= 1)) throw new RangeError(expected)
  return Math.floor(bytes)
}

function bytesOf(size: string, whole: number): number | undefined {
  const [, share] = PERCENTAGE.exec(size) ?? []
  if (share !== undefined) return Number(share) > 100 ? Number.NaN : (whole * Number(share)) / 100
  // sizeomatic drops a minus sign and reads '-3K' as '3K'.
  if (!SIZE.test(size)) return undefined
  const bytes = howManyBytes(size)
  return bytes === false ? undefined : bytes
}

/** Bytes for people, such as `'3.998M'`. */
export function toText(bytes: number): string {
  return Number.isFinite(bytes) ? pretty(bytes) : 'unbounded'
}
