import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CookieJar } from '../../lib/entry/cookie'
import { type Content, DatedEntry, Entry } from '../../lib/entry/entry'
import { holderRefOf } from '../../lib/entry/holder'
import { ENTRY_BYTES, HOLDER_BYTES, SHARED_BYTES, weigh } from '../../lib/entry/weigh'
import { NOON } from '../support/time'

const character = fc.constantFrom('a', '7', 'é', '世', '\ud800', '\0')

const content = (given: Partial<Content> = {}): Content => ({
  body: '',
  cookie: undefined,
  expiry: Infinity,
  owner: undefined,
  ...given,
})

/** What a content weighs that belongs to that owner, or comes from that client. */
function weightOf(sid: string, given: Partial<Content> = {}): number {
  const { body = '', owner, client } = given
  return weigh(new Entry(sid), content({ ...given, holder: holderRefOf(owner, client, body) }))
}

describe('weigh', () => {
  const none = weightOf('')

  it('counts the id and the body as V8 holds them, and what is around', () => {
    assert.equal(none, ENTRY_BYTES + 16 + 16)
    assert.equal(weightOf('x'.repeat(32)) - none, 32)
    assert.equal(weightOf('', { body: 'x'.repeat(800) }) - none, 800)
    assert.equal(weightOf('', { body: '世'.repeat(800) }) - none, 1600)
  })

  it('counts the name of an owner or a client if the body does not have it', () => {
    for (const kind of ['owner', 'client'] as const) {
      const name = 'ann-ann-'
      assert.equal(weightOf('', { [kind]: name }) - none, HOLDER_BYTES + 16 + 8)
      const body = `{"userId":"${name}"}`
      assert.equal(weightOf('', { body, [kind]: name }) - weightOf('', { body }), HOLDER_BYTES)
    }
  })

  it('counts the list of a holder with several entries, the second of two for both', () => {
    const more = [0, 1, 2, 1000].map((others) => weigh(new Entry(''), content(), others) - none)
    assert.deepEqual(more, [0, 2 * SHARED_BYTES, SHARED_BYTES, SHARED_BYTES])
  })

  it('counts nothing for an owner without a name, nor for a cookie that is shared', () => {
    assert.equal(weightOf('', { owner: true }), none)
    const cookie = new CookieJar().keep({ path: '/' }, NOON)
    assert.equal(weightOf('', { cookie }), none)
  })

  it('counts what a cookie holds for itself', () => {
    const cookie = new CookieJar().keep({ path: 'x'.repeat(1000) }, NOON)
    assert.equal(weightOf('', { cookie }) - none, cookie.bytes)
  })

  it('counts the instant of the first set if that is kept', () => {
    assert.ok(weigh(new DatedEntry('', NOON), content()) >= none + 16)
  })

  it('is in whole words, and never less for more text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: character }), (sid, more) => {
        const less = weightOf(sid, { body: sid })
        const larger = weightOf(sid, { body: sid + more })
        assert.ok(larger >= less)
        assert.equal(larger % 8, 0)
      }),
    )
  })
})
