/**
 * The traits of an entry, in the bits of one small integer of 31 bits at most, which V8 keeps without
 * a box: whether a session may refer to it, whether it has an owner, and the coarse part of its expiry.
 * An expiry as a number of its own would be boxed.
 */

export const LOADED = 1
export const OWNED = 2

const SPAN_AT = 2
const SPAN_BITS = 12
const SPANS = (2 ** SPAN_BITS - 1) << SPAN_AT
/** Ms of one span: what is left over is the fine part of an expiry. */
const SPAN_MS = 2 ** 30
/** The span of an entry that never expires, and that of one that was destroyed. */
const NEVER = 2 ** SPAN_BITS - 1
const DESTROYED = NEVER - 1

/** The last instant, in 2109, that an entry can expire at: a later one is never. */
export const LAST_EXPIRY = DESTROYED * SPAN_MS - 1
/** The traits of a new entry, which never expires. */
export const NEW = NEVER << SPAN_AT

/** An expiry as an entry can keep it: in whole ms, from 1970 to 2109, or `Infinity`. */
export function keepable(expiry: number): number {
  return expiry > LAST_EXPIRY ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(expiry))
}

/** The fine part of an expiry that is keepable. */
export function fineOf(expiry: number): number {
  // The bit operation makes a small integer of what V8 would box after the arithmetic.
  return expiry === Number.POSITIVE_INFINITY ? 0 : (expiry % SPAN_MS) | 0
}

/** The traits with the coarse part of an expiry that is keepable. */
export function withExpiry(traits: number, expiry: number): number {
  const span = expiry === Number.POSITIVE_INFINITY ? NEVER : Math.floor(expiry / SPAN_MS)
  return (traits & ~SPANS) | (span << SPAN_AT)
}

/** The expiry in ms; `Infinity` for never, `-Infinity` once destroyed. */
export function expiryOf(traits: number, fine: number): number {
  const span = (traits & SPANS) >>> SPAN_AT
  if (span < DESTROYED) return span * SPAN_MS + fine
  return span === NEVER ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
}

/** The traits of an entry that is destroyed. */
export function destroyed(traits: number): number {
  return (traits & ~SPANS) | (DESTROYED << SPAN_AT)
}

export function isDestroyed(traits: number): boolean {
  return (traits & SPANS) >>> SPAN_AT === DESTROYED
}

/** The traits with a flag or without it. */
export function withFlag(traits: number, flag: number, on: boolean): number {
  return on ? traits | flag : traits & ~flag
}
