import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import { flat, narrowed, textBytes } from '../../lib/entry/weigh'

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
