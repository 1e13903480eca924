/** What the options of all stores before a home have in common. */

import { toNumber } from '../settings/check'
import type { LembroOptions } from '../settings/options'

/**
 * Options without those that the `unfit` names, with why they can't be honoured by the store of that `name`. Throws a `TypeError`
 * if one of them asks for something. Its default, or nothing, may be said: a configuration may be shared with a store in memory.
 */
export function withoutUnfit(
  options: object,
  unfit: Readonly<Record<string, string>>,
  name: string,
): LembroOptions {
  const fit: Record<string, unknown> = { ...options }
  for (const [option, why] of Object.entries(unfit)) {
    const value = fit[option]
    const isNothing = value == null || value === false || value === Number.POSITIVE_INFINITY
    if (!isNothing) throw new TypeError(`${option}: ${name} has no such option, since ${why}`)
    delete fit[option]
  }
  return fit
}

/** `undefined` for the default. Throws a `TypeError` or `RangeError` for what is no number of ms. */
export function parseTouchAfter(ms: unknown): number | undefined {
  if (ms === undefined) return undefined
  return toNumber('touchAfter', ms, { least: 0, expected: 'a number of ms, 0 for every touch' })
}
