/** Of `cookie.ts`: instants as text. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isoText } from '../../lib/entry/cookie'
import { NOON } from '../support/time'

const LAST = 8.64e15
const iso = (instant: number) => new Date(instant).toISOString()

describe('isoText', () => {
  it('is what Date makes of any instant', () => {
    const any = fc.integer({ min: -LAST, max: LAST })
    const near = fc.integer({ min: -5, max: 5 })
    fc.assert(
      fc.property(any, near, (instant, days) => {
        assert.equal(isoText(instant), iso(instant))
        const other = Math.max(-LAST, Math.min(LAST, instant + days * 86_400_000))
        assert.equal(isoText(other), iso(other))
      }),
      { numRuns: 2000 },
    )
  })

  it('is what Date makes of instants around every turn', () => {
    const days = [0, -86_400_000, NOON, Date.UTC(2028, 1, 29), Date.UTC(1999, 11, 31), -6.3e13]
    const turns = [0, 1, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000]
    for (const day of days) {
      for (const turn of turns) assert.equal(isoText(day + turn), iso(day + turn))
    }
    for (const instant of [LAST, -LAST, -1]) assert.equal(isoText(instant), iso(instant))
  })

  it('throws for an instant that no Date can be', () => {
    for (const instant of [Number.NaN, Infinity, -Infinity, LAST * 2, -LAST * 2]) {
      assert.throws(() => isoText(instant), RangeError)
    }
    assert.equal(isoText(NOON), iso(NOON))
  })
})
