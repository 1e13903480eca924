import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Content, Entry, keepable, LastingEntry } from '../../lib/entry/entry'
import { Holder } from '../../lib/entry/holder'
import { content } from '../support/ledger'
import { NOON } from '../support/time'

/** The last instant that a Date can be. */
const LAST_EXPIRY = 8.64e15

const OWNED = { isOwned: true, isMembers: false }
const STRANGERS = { isOwned: false, isMembers: false }

/** An entry with that content, in the lane that it belongs to. */
function entryOf(given: Content, sid = 'a'): Entry {
  const entry = new Entry(sid)
  entry.assign(given, false)
  entry.lane = given.owner === undefined ? STRANGERS : OWNED
  return entry
}

describe('the expiry of an entry', () => {
  const expiryAfter = (expiry: number) => {
    const entry = new Entry('a')
    entry.expiry = expiry
    return entry.expiry
  }

  it('is never until there is one', () => {
    assert.equal(new Entry('a').expiry, Infinity)
  })

  it('is any ms from 1970 to the last one, or never', () => {
    const instants = [0, 1, 2 ** 30 - 1, 2 ** 30, 2 ** 31, NOON, Date.UTC(2038, 0, 19, 3, 14, 8)]
    const last = Date.UTC(9999, 0, 1)
    for (const ms of [...instants, last, LAST_EXPIRY - 1, LAST_EXPIRY, Infinity]) {
      assert.equal(expiryAfter(ms), ms)
    }
    const property = fc.property(
      fc.maxSafeInteger().map((ms) => Math.abs(ms) % LAST_EXPIRY),
      (ms) => {
        assert.equal(expiryAfter(ms), ms)
      },
    )
    fc.assert(property)
  })

  it('is never if it is later, and 1970 if it is earlier', () => {
    for (const ms of [LAST_EXPIRY + 1, 1e16, Number.MAX_VALUE]) {
      assert.equal(expiryAfter(ms), Infinity)
    }
    for (const ms of [-1, -0.5, -1e13, -Infinity]) assert.equal(expiryAfter(ms), 0)
  })

  it('is kept as `keepable` tells, in whole ms, so that nothing lives a ms too long', () => {
    const any = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ noNaN: true, min: -10, max: LAST_EXPIRY + 10 }),
      fc.integer({ min: -10, max: 10 }).map((ms) => LAST_EXPIRY + ms),
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

describe('an entry', () => {
  it('is destroyed for good only when it is told so', () => {
    const entry = new Entry('a')
    assert.equal(entry.destroyed, false)
    entry.destroy()
    assert.equal(entry.destroyed, true)
  })

  it('has a copy that keeps what it was, in no ledger', () => {
    const owner = 'ann'
    const entry = entryOf(content({ body: '{}', owner }))
    Object.assign(entry, { expiry: NOON, bytes: 7, used: 9, since: 4, newer: new Entry('b') })
    const copy = entry.copy()
    entry.destroy()
    entry.body = 'changed'
    assert.deepEqual([copy.sid, copy.body, copy.expiry, copy.bytes], ['a', '{}', NOON, 7])
    assert.deepEqual([copy.owner, copy.used, copy.age], [owner, 9, 5])
    assert.ok([copy.older, copy.newer, copy.sooner, copy.later].every((each) => each === copy))
  })

  it('has an owner by name, one without a name, a client, or none of them', () => {
    const told = (given: Partial<Content>) => {
      const { owned, owner, ownerName, holderName } = entryOf(content(given))
      return [owned, owner, ownerName, holderName]
    }
    assert.deepEqual(told({}), [false, undefined, undefined, undefined])
    assert.deepEqual(told({ owner: 'ann' }), [true, 'ann', 'ann', 'ann'])
    assert.deepEqual(told({ owner: true }), [true, true, undefined, undefined])
    assert.deepEqual(told({ client: 'ann' }), [false, undefined, undefined, 'ann'])
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
        const entry = entryOf({ ...theirs, body })
        for (const [m, other] of others.entries()) {
          assert.equal(entry.isHeldBy(other), n === m, `${n} by ${m}`)
          assert.equal(entry.isOwnedBy(other.owner), theirs.owner === other.owner)
        }
      }
    }
  })

  it('keeps the place of its name in the body, or else the name', () => {
    const holderOf = (body: string) => entryOf(content({ body, owner: 'ann' })).holder
    assert.equal(typeof holderOf('{"userId":"ann"}'), 'number')
    assert.equal(holderOf('{}'), 'ann')
  })

  it('stays with a holder of several entries for as long as it is the same', () => {
    const holder = new Holder<Entry>('ann')
    const entry = entryOf(content({ owner: 'ann' }))
    entry.holder = holder
    entry.assign(content({ body: 'ann', owner: 'ann' }), true)
    assert.equal(entry.holder, holder)
    assert.deepEqual([entry.body, entry.ownerName], ['ann', 'ann'])
    entry.assign(content({ body: 'bob', owner: 'bob' }), false)
    assert.notEqual(entry.holder, holder)
    assert.equal(entry.ownerName, 'bob')
  })
})

describe('a lasting entry', () => {
  it('keeps the instant of its first set and the key of its row, where another keeps none', () => {
    const entry = new LastingEntry('a', NOON)
    const plain = new Entry('a')
    assert.deepEqual([entry.created, entry.row, plain.created, plain.row], [NOON, 0, 0, 0])
    entry.created = NOON + 0.5
    entry.row = 7
    entry.assign(content({ body: '{}', owner: 'ann' }), false)
    entry.destroy()
    assert.deepEqual([entry.created, entry.row], [NOON + 0.5, 7])
    assert.ok(entry instanceof Entry)
  })
})
