/** Sizes as people write them: `'4M'`, `'25%'`, numbers; to bytes and back, on sizeomatic. */

import { howManyBytes, pretty } from 'sizeomatic'
import { got } from './check'

const PERCENTAGE = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/
const SIZE = /^\s*(\d+(?:\.\d+)?)\s*(?:([kmg])(?:i?b)?|b)?\s*$/i

/**
 * Bytes of a size: a number; text such as `'512K'`, `'1.5M'`, `'4MiB'` or `'10 MB'`, in any case,
 * where K, M and G are powers of 1024; or a share of `whole` such as `'25%'`. Throws a `TypeError`
 * or `RangeError` that names the option.
 */
export function toBytes(name: string, size: unknown, whole: number, ofWhat: string): number {
  const expected = `${name}: expected a number of bytes above 0, a size such as '512K', '4M' or '1G', a share of ${ofWhat} such as '25%', or Infinity; ${got(size)}`
  if (typeof size !== 'number' && typeof size !== 'string') throw new TypeError(expected)
  const bytes = typeof size === 'number' ? size : bytesOf(size, whole)
  if (bytes === undefined) throw new TypeError(expected)
  if (!(bytes >= 1)) throw new RangeError(expected)
  return Math.floor(bytes)
}

/**
 * sizeomatic says what a unit is worth. It is helped with the rest, since by itself it reads whole
 * numbers directly before the unit only (`false` for `'1.5M'`, `'10 MB'` and `'4MiB'`), and takes
 * `'-3K'` for `'3K'`.
 */
function bytesOf(size: string, whole: number): number | undefined {
  const [, share] = PERCENTAGE.exec(size) ?? []
  if (share !== undefined) return Number(share) > 100 ? Number.NaN : (whole * Number(share)) / 100
  const [, count, unit = ''] = SIZE.exec(size) ?? []
  const worth = howManyBytes(`1${unit}`)
  return count === undefined || worth === false ? undefined : Number(count) * worth
}

/** Bytes for people, such as `'3.998M'`. */
export function toText(bytes: number): string {
  return Number.isFinite(bytes) ? pretty(bytes) : 'unbounded'
}
