/** Bad input, told clearly: the option, what was expected, what came. */

/** `"got 'abc' (a string)"`, for the end of a message. */
export function got(value: unknown): string {
  if (value === null || value === undefined) return `got ${value}`
  if (typeof value === 'string') return `got '${value.slice(0, 50)}' (a string)`
  if (typeof value === 'function') return 'got a function'
  if (typeof value === 'object') return `got ${Array.isArray(value) ? 'an array' : 'an object'}`
  return `got ${String(value)} (a ${typeof value})`
}

export interface Range {
  readonly least: number
  readonly whole?: boolean
  readonly expected: string
}

/** A number within a range. Throws a `TypeError` for no number or NaN, a `RangeError` for one outside. */
export function toNumber(name: string, value: unknown, range: Range): number {
  const message = `${name}: expected ${range.expected}; ${got(value)}`
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message)
  const isWhole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY
  if (value < range.least || (range.whole === true && !isWhole)) throw new RangeError(message)
  return value
}

export function toBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name}: expected true or false; ${got(value)}`)
}

export function toFunction<F>(name: string, value: unknown, expected = 'a function'): F {
  if (typeof value === 'function') return value as F
  throw new TypeError(`${name}: expected ${expected}; ${got(value)}`)
}
