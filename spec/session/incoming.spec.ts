import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Codec } from '../../lib/entry/entry'
import { Intake, ONE_DAY } from '../../lib/session/incoming'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { FakeClock } from '../support/clock'
import { newLedger } from '../support/ledger'
import type { Data } from '../support/sessions'
import { NOON } from '../support/time'

const session = { n: 1 } as unknown as Data

function expiryOf(options: LembroOptions, cookie?: object, created = NOON): number {
  const codec = new Codec(undefined)
  const intake = new Intake(parseOptions(options), codec, newLedger(), new FakeClock(), () => {})
  const asked = intake.expiryOf('a', session, cookie as Record<string, unknown>, NOON)
  return intake.withinLife(created, asked) - NOON
}

describe('a session expires', () => {
  it('when its cookie says so', () => {
    assert.equal(expiryOf({}, { expires: new Date(NOON + 5) }), 5)
    assert.equal(expiryOf({}, { maxAge: 7 }), 7)
    assert.equal(expiryOf({}, { maxAge: 0 }), 0)
  })

  it('after a day, where its cookie does not say or there is none', () => {
    assert.equal(expiryOf({}, { expires: null }), ONE_DAY)
    assert.equal(expiryOf({}), ONE_DAY)
  })

  it('by ttl, whatever its cookie says, in whole ms', () => {
    assert.equal(expiryOf({ ttl: 100.9 }, { maxAge: 7 }), 100)
    assert.equal(expiryOf({ ttl: Infinity }, { maxAge: 7 }), Infinity)
  })

  it('by a ttl function, asked with the options, the session and the id', () => {
    const asked: unknown[] = []
    const options: LembroOptions = {
      max: 3,
      ttl: (...args) => {
        asked.push(...args)
        return 55.5
      },
    }
    assert.equal(expiryOf(options, { maxAge: 7 }), 55)
    const [given, ...others] = asked as [LembroOptions]
    assert.deepEqual(others, [session, 'a'])
    assert.deepEqual([given.max, given.ttl], [3, options.ttl])
    assert.ok(Object.isFrozen(given))
  })

  it('by its cookie after all, where a ttl function gives nothing', () => {
    for (const ttl of [undefined, null]) {
      assert.equal(expiryOf({ ttl: () => ttl }, { maxAge: 7 }), 7)
      assert.equal(expiryOf({ ttl: () => ttl }), ONE_DAY)
    }
  })

  for (const [ttl, came] of [
    [() => 'secret', 'got a string'],
    [() => Number.NaN, 'got NaN'],
    [() => ({}), 'got an object'],
    [() => Promise.reject(new Error('secret')), 'got a promise'],
  ] as const) {
    it(`never by a ttl function that gives no number: ${came}`, () => {
      const expected = 'expected the function to return a number of ms, or nothing'
      const message = `ttl: ${expected}; ${came}`
      assert.throws(() => expiryOf({ ttl: ttl as () => unknown as () => number }), {
        name: 'TypeError',
        message,
      })
    })
  }

  it('at its absoluteTtl at the latest, counted from its creation', () => {
    assert.equal(expiryOf({ absoluteTtl: 100 }, { maxAge: 500 }), 100)
    assert.equal(expiryOf({ absoluteTtl: 100 }, { maxAge: 500 }, NOON - 90), 10)
    assert.equal(expiryOf({ absoluteTtl: 100 }, { maxAge: 50 }), 50)
    assert.equal(expiryOf({ absoluteTtl: 100, ttl: Infinity }), 100)
  })
})
