import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import fc from 'fast-check'
import { CookieJar } from '../../lib/entry/cookie'
import { type Content, Entry, LastingEntry } from '../../lib/entry/entry'
import { holderRefOf } from '../../lib/entry/holder'
import {
  ENTRY_BYTES,
  flat,
  HOLDER_BYTES,
  narrowed,
  SHARED_BYTES,
  textBytes,
  weigh,
} from '../../lib/entry/weigh'
import { content } from '../support/ledger'
import { NOON } from '../support/time'

const character = fc.constantFrom('a', '7', 'é', '世', '\ud800', '\0')

/** What a content weighs that belongs to that owner, or comes from that client. */
function weightOf(sid: string, given: Partial<Content> = {}): number {
  const { body = '', owner, client } = given
  return weigh(new Entry(sid), content(given), holderRefOf(owner, client, body))
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
    const more = [0, 1, 2, 1000].map(
      (others) => weigh(new Entry(''), content(), undefined, others) - none,
    )
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
    assert.ok(weigh(new LastingEntry('', NOON), content()) >= none + 16)
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

describe('textBytes', () => {
  it('counts one byte a character for Latin-1 text', () => {
    assert.equal(textBytes('é'.repeat(800)), 16 + 800)
  })

  it('counts two bytes a character as soon as one is beyond Latin-1', () => {
    assert.equal(textBytes(`${'e'.repeat(799)}€`), 16 + 1600)
  })

  it('rounds up to a word', () => {
    assert.equal(textBytes('a'), 24)
  })
})

/** Whether V8 holds a text at one byte a character: it serializes texts as it holds them. */
function isNarrow(text: string): boolean {
  const ONE_BYTE = '"'.charCodeAt(0)
  return v8.serialize(text)[2] === ONE_BYTE
}

/** Latin-1 text that V8 holds at two bytes a character, since it is cut from one that needs them. */
function cutFromWide(text: string): string {
  return `${text}世`.slice(0, -1)
}

for (const [name, copy] of Object.entries({ flat, narrowed })) {
  describe(name, () => {
    for (const text of ['', 'a', 'abc', 'é', '€uro', '\ud800 alone', '__proto__', '\0']) {
      it(`gives back ${JSON.stringify(text)} as it is`, () => {
        assert.equal(copy(text), text)
      })
    }

    it('gives back texts of any length, whatever went before', () => {
      for (const length of [65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000]) {
        for (const character of ['é', '世']) {
          const text = character.repeat(length)
          assert.equal(copy(text), text)
        }
        assert.equal(copy('ab'), 'ab')
      }
    })

    it('keeps text at one byte a character when that is enough, whatever it was cut from', () => {
      const wide = cutFromWide('visitor'.repeat(10))
      assert.equal(isNarrow(wide), false)
      assert.equal(isNarrow(copy(wide)), true)
      assert.equal(isNarrow(copy('visitor')), true)
      assert.equal(isNarrow(copy('visitor €')), false)
    })
  })
}
