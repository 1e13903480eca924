/**
 * The tenure of an entry: when it was last used, and how long it had been its holder's then. Both
 * are in seconds, in one small integer of one word. Two numbers of ms would be boxed, at 48 bytes.
 */

const AGE_BITS = 6
const MOST_AGE = 2 ** AGE_BITS - 1
/** Seconds wrap around after two years: an entry unused for longer would count as used more lately. */
const SECONDS = 2 ** (32 - AGE_BITS) - 1

/** The tenure of an entry that is used for the first time. */
export function begin(second: number): number {
  return second << AGE_BITS
}

/** The tenure of an entry that is used again. */
export function renew(tenure: number, second: number): number {
  return (second << AGE_BITS) | Math.min(age(tenure) + unused(tenure, second), MOST_AGE)
}

/** The tenure of an entry that was used last in that second, and had been its holder's for `held` seconds. */
export function resume(second: number, held: number): number {
  return (second << AGE_BITS) | Math.min(Math.max(held, 0), MOST_AGE)
}

/** The tenure of an entry used now that has had its holder for as long as counts. */
export function longest(second: number): number {
  return (second << AGE_BITS) | MOST_AGE
}

/** Seconds from the first use to the last, 63 at the most. */
export function age(tenure: number): number {
  return tenure & MOST_AGE
}

/** Seconds since the last use. */
export function unused(tenure: number, second: number): number {
  return (second - (tenure >>> AGE_BITS)) & SECONDS
}
