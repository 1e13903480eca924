/** Of `entry.ts` and `traits.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Content, DatedEntry, Entry } from '../../lib/entry/entry'
import { Holder, type Owner } from '../../lib/entry/holder'
import { keepable, LAST_EXPIRY } from '../../lib/entry/traits'
import { NOON } from '../support/time'

const content = (given: Partial<Content> = {}): Content => ({
  body: '',
  cookie: undefined,
  expiry: Infinity,
  owner: undefined,
  ...given,
})

describe('the expiry of an entry', () => {
  const expiryAfter = (expiry: number) => {
    const entry = new Entry('a')
    entry.expiry = expiry
    return entry.expiry
  }

  it('is never until there is one', () => {
    assert.equal(new Entry('a').expiry, Infinity)
  })

  it('is any ms from 1970 to 2109, or never', () => {
    const instants = [0, 1, 2 ** 30 - 1, 2 ** 30, 2 ** 31, NOON, Date.UTC(2038, 0, 19, 3, 14, 8)]
    const last = Date.UTC(2109, 0, 1)
    for (const ms of [...instants, last, LAST_EXPIRY - 1, LAST_EXPIRY, Infinity]) {
      assert.equal(expiryAfter(ms), ms)
    }
    assert.equal(new Date(LAST_EXPIRY).getUTCFullYear(), 2109)
    const property = fc.property(fc.integer({ min: 0, max: LAST_EXPIRY }), (ms) => {
      assert.equal(expiryAfter(ms), ms)
    })
    fc.assert(property)
  })

  it('is never if it is later, and 1970 if it is earlier', () => {
    for (const ms of [LAST_EXPIRY + 1, 1e13, 8.64e15, Number.MAX_VALUE]) {
      assert.equal(expiryAfter(ms), Infinity)
    }
    for (const ms of [-1, -0.5, -1e13, -Infinity]) assert.equal(expiryAfter(ms), 0)
  })

  it('is kept as `keepable` tells, in whole ms, so that nothing lives a ms too long', () => {
    const any = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ noNaN: true, min: -10, max: LAST_EXPIRY + 10 }),
      fc.integer({ min: LAST_EXPIRY - 10, max: LAST_EXPIRY + 10 }),
    )
    const property = fc.property(any, (ms) => {
      const kept = expiryAfter(ms)
      assert.equal(kept, keepable(ms))
      assert.equal(keepable(kept), kept)
      if (ms > 0 && ms <= LAST_EXPIRY) assert.equal(kept, Math.floor(ms))
    })
    fc.assert(property)
  })

  it('is that of one that expired long ago once it is destroyed, until it is given another', () => {
    for (const ms of [0, NOON, LAST_EXPIRY, Infinity]) {
      const entry = new Entry('a')
      entry.expiry = ms
      assert.equal(entry.destroyed, false)
      entry.destroy()
      assert.deepEqual([entry.expiry, entry.destroyed], [-Infinity, true])
      assert.equal(entry.copy().expiry, -Infinity)
    }
  })
})

describe('the traits of an entry', () => {
  it('do not disturb each other', () => {
    const step = fc.oneof(
      fc.record({ loaded: fc.boolean() }),
      fc.record({ owner: fc.constantFrom<(Owner | undefined)[]>('ann', true, undefined) }),
      fc.record({ taken: fc.constantFrom<(Owner | undefined)[]>('ann', true, undefined) }),
      fc.record({
        expiry: fc.oneof(fc.integer({ min: 0, max: LAST_EXPIRY }), fc.constant(Infinity)),
      }),
      fc.constant({ destroyed: true } as const),
    )
    const property = fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
      const entry = new Entry('a')
      const expected = { loaded: false, expiry: Infinity, destroyed: false }
      let owner: Owner | undefined
      for (const step of steps) {
        if ('loaded' in step) entry.loaded = step.loaded
        if ('owner' in step) entry.owner = owner = step.owner
        if ('taken' in step) {
          owner = step.taken
          entry.assign(content({ owner }), false)
        }
        if ('expiry' in step) entry.expiry = step.expiry
        if ('destroyed' in step) entry.destroy()
        if ('expiry' in step) expected.destroyed = false
        Object.assign(expected, step, 'destroyed' in step && { expiry: -Infinity })
        for (const each of [entry, entry.copy()]) {
          const { loaded, expiry, destroyed } = each
          assert.deepEqual({ loaded, expiry, destroyed }, pick(expected))
          assert.deepEqual([each.owner, each.owned], [owner, owner !== undefined])
        }
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  const pick = ({ loaded, expiry, destroyed }: { [trait: string]: unknown }) => ({
    loaded,
    expiry,
    destroyed,
  })
})

describe('an entry', () => {
  it('is destroyed for good only when it is told so', () => {
    const entry = new Entry('a')
    assert.equal(entry.destroyed, false)
    entry.destroy()
    assert.equal(entry.destroyed, true)
  })

  it('has a copy that keeps what it was, in no ledger', () => {
    const entry = new Entry('a')
    const owner = 'ann'
    Object.assign(entry, { body: '{}', expiry: NOON, owner, bytes: 7, newer: new Entry('b') })
    const copy = entry.copy()
    entry.destroy()
    entry.body = 'changed'
    assert.deepEqual([copy.sid, copy.body, copy.expiry, copy.bytes], ['a', '{}', NOON, 7])
    assert.equal(copy.owner, owner)
    assert.ok([copy.older, copy.newer, copy.sooner, copy.later].every((each) => each === copy))
  })

  it('has an owner by name, one without a name, a client, or none of them', () => {
    const entry = new Entry('a')
    const told = () => [entry.owned, entry.owner, entry.ownerName, entry.client]
    assert.deepEqual(told(), [false, undefined, undefined, undefined])
    entry.assign(content({ owner: 'ann' }), false)
    assert.deepEqual(told(), [true, 'ann', 'ann', undefined])
    entry.assign(content({ owner: true }), false)
    assert.deepEqual(told(), [true, true, undefined, undefined])
    entry.assign(content({ client: 'ann' }), false)
    assert.deepEqual(told(), [false, undefined, undefined, 'ann'])
  })

  it('knows its owner, or its client, from any other', () => {
    const others = [
      content(),
      content({ owner: 'ann' }),
      content({ owner: 'bob' }),
      content({ owner: 'anna' }),
      content({ owner: true }),
      content({ owner: 'true' }),
      content({ client: 'ann' }),
      content({ client: 'bob' }),
    ]
    for (const body of ['', '{"userId":"ann"}', 'bob, anna, true']) {
      for (const [n, theirs] of others.entries()) {
        const entry = new Entry('a')
        entry.assign({ ...theirs, body }, false)
        for (const [m, other] of others.entries()) {
          assert.equal(entry.isHeldBy(other), n === m, `${n} by ${m}`)
          assert.equal(entry.isOwnedBy(other.owner), theirs.owner === other.owner)
        }
      }
    }
  })

  it('keeps its name as its content says, or else finds out how', () => {
    const body = '{"userId":"ann"}'
    const entry = new Entry('a')
    entry.assign(content({ body, owner: 'ann' }), false)
    assert.equal(typeof entry.holder, 'number')
    entry.assign(content({ body, owner: 'ann', holder: 'ann' }), false)
    assert.equal(entry.holder, 'ann')
    assert.equal(entry.ownerName, 'ann')
  })

  it('stays with a holder of several entries for as long as it is the same', () => {
    const holder = new Holder('ann', [])
    const entry = new Entry('a')
    entry.assign(content({ owner: 'ann' }), false)
    entry.holder = holder
    entry.assign(content({ body: 'ann', owner: 'ann' }), true)
    assert.equal(entry.holder, holder)
    assert.deepEqual([entry.body, entry.ownerName], ['ann', 'ann'])
    entry.assign(content({ body: 'bob', owner: 'bob' }), false)
    assert.notEqual(entry.holder, holder)
    assert.equal(entry.ownerName, 'bob')
  })

  it('is a known member only with a name', () => {
    const owners: (Owner | undefined)[] = [undefined, true, 'ann']
    const known = owners.map((owner) => {
      const entry = new Entry('a')
      entry.owner = owner
      entry.known = true
      return entry.known
    })
    assert.deepEqual(known, [false, false, true])
  })
})

describe('a dated entry', () => {
  it('keeps the instant of its first set, where another keeps none', () => {
    const entry = new DatedEntry('a', NOON)
    assert.deepEqual([entry.created, new Entry('a').created], [NOON, 0])
    entry.created = NOON + 0.5
    entry.assign(content({ body: '{}', owner: 'ann' }), false)
    entry.destroy()
    assert.equal(entry.created, NOON + 0.5)
    assert.ok(entry instanceof Entry)
  })
})
