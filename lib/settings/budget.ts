/** How much a store may hold: `maxSize`, `maxEntrySize` and `max`, and whether that makes sense here. */

import { getHeapStatistics } from 'node:v8'
import { got, toNumber } from './check'
import { toBytes, toText } from './size'
import { warnOnce } from './warn'

/** Less than an empty session weighs with the id that express-session gives it: nothing could be stored. */
const LEAST_BYTES = 264
/** About ten sessions of a signed-in user. */
const FEW_BYTES = 8192
/** Above this, a number of bytes is hardly one of megabytes. */
const MOST_MEGABYTES = 4096
/** Beyond this share of the heap limit, sessions and the application together are likely to exceed it. */
const HEAP_SHARE_TO_WARN = 0.6

/** Bytes of `maxSize`. Throws for what can't be read or holds no session; warns once of a budget that is hardly meant. */
export function parseMaxSize(size: unknown): number {
  const heapLimit = getHeapStatistics().heap_size_limit
  const bytes = toBytes('maxSize', size, heapLimit, "V8's heap limit")
  if (bytes < LEAST_BYTES) {
    const expected = `at least ${LEAST_BYTES} bytes, what the smallest session takes`
    throw new RangeError(`maxSize: expected ${expected}; ${got(size)}${guess(size)}`)
  }
  if (bytes < FEW_BYTES) {
    const message = `maxSize is ${toText(bytes)}, room for a few sessions only${guess(size)}`
    warnOnce('LEMBRO_SMALL_BUDGET', '', message)
  }
  if (bytes !== Number.POSITIVE_INFINITY && bytes > heapLimit * HEAP_SHARE_TO_WARN) {
    const message = `maxSize is ${toText(bytes)}, more than 60% of the heap limit of ${toText(heapLimit)}: raise it with --max-old-space-size`
    warnOnce('LEMBRO_LARGE_BUDGET', '', message)
  }
  return bytes
}

/** Bytes of `maxEntrySize`, never more than the whole budget. */
export function parseMaxEntrySize(size: unknown, maxBytes: number): number {
  return Math.min(toBytes('maxEntrySize', size, maxBytes, 'maxSize'), maxBytes)
}

/** The most sessions; 0 for no limit, as in memorystore. */
export function parseMax(max: unknown): number {
  const expected = 'a whole number of sessions, or Infinity'
  return toNumber('max', max, { least: 0, whole: true, expected }) || Number.POSITIVE_INFINITY
}

// A number without a unit is bytes; one as small as this was rather meant as megabytes.
function guess(size: unknown): string {
  const number = Number(size)
  return Number.isInteger(number) && number <= MOST_MEGABYTES ? `. Did you mean '${number}M'?` : ''
}
