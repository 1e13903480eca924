import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flat, textBytes } from '../../lib/entry/text'

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

describe('flat', () => {
  for (const text of ['', 'abc', 'é', '€uro', '\ud800 alone', '__proto__']) {
    it(`gives back ${JSON.stringify(text)} as it is`, () => {
      assert.equal(flat(text), text)
    })
  }
})
