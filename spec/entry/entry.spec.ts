import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CookieJar } from '../../lib/entry/cookie'
import { type Content, ENTRY_BYTES, Entry, OWNER_BYTES, Owner, weigh } from '../../lib/entry/entry'
import { NOON } from '../support/time'

const character = fc.constantFrom('a', '7', 'é', '世', '\ud800', '\0')

const content = (given: Partial<Content> = {}): Content => ({
  body: '',
  cookie: undefined,
  expiry: Infinity,
  owner: undefined,
  ...given,
})

describe('weigh', () => {
  const none = weigh('', content())

  it('counts the id, the body and the owner as V8 holds them, and what is around', () => {
    assert.equal(none, ENTRY_BYTES + 16 + 16)
    assert.equal(weigh('x'.repeat(32), content()) - none, 32)
    assert.equal(weigh('', content({ body: 'x'.repeat(800) })) - none, 800)
    assert.equal(weigh('', content({ body: '世'.repeat(800) })) - none, 1600)
    const ann = new Owner('ann-ann-')
    assert.equal(weigh('', content({ owner: ann })) - none, OWNER_BYTES + 16 + 8)
  })

  it('counts nothing for an owner without a name, nor for a cookie that is shared', () => {
    assert.equal(weigh('', content({ owner: new Owner(undefined) })), none)
    const cookie = new CookieJar().keep({ path: '/' }, NOON)
    assert.equal(weigh('', content({ cookie })), none)
  })

  it('counts what a cookie holds for itself', () => {
    const cookie = new CookieJar().keep({ path: 'x'.repeat(1000) }, NOON)
    assert.equal(weigh('', content({ cookie })) - none, cookie.bytes)
  })

  it('is in whole words, and never less for more text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: character }), (sid, more) => {
        const less = weigh(sid, content({ body: sid }))
        const larger = weigh(sid, content({ body: sid + more }))
        assert.ok(larger >= less)
        assert.equal(larger % 8, 0)
      }),
    )
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
    const owner = new Owner('ann')
    Object.assign(entry, { body: '{}', expiry: NOON, owner, bytes: 7, newer: new Entry('b') })
    const copy = entry.copy()
    entry.destroy()
    entry.body = 'changed'
    assert.deepEqual([copy.sid, copy.body, copy.expiry, copy.bytes], ['a', '{}', NOON, 7])
    assert.equal(copy.owner, owner)
    assert.ok([copy.older, copy.newer, copy.sooner, copy.later].every((each) => each === copy))
  })
})
