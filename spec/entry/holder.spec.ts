import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import fc from 'fast-check'
import { Holder, hasName, holderRefOf, nameOf, refTo } from '../../lib/entry/holder'

const FURTHEST = 2 ** 24 - 1

describe('the name of a holder', () => {
  it('is a place in the body if it is found there', () => {
    for (const [name, body] of [
      ['ann', '{"userId":"ann"}'],
      ['7', '{"n":7}'],
      ['世界', '{"userId":"世界"}'],
      ['é', 'é'],
      ['x'.repeat(63), `{"userId":"${'x'.repeat(63)}"}`],
    ] as const) {
      const kept = refTo(name, body)
      assert.equal(typeof kept, 'number')
      assert.equal(nameOf(kept, body), name)
    }
  })

  it('is a text if the body has it not, or only escaped, or if it is empty or too long', () => {
    for (const [name, body] of [
      ['ann', ''],
      ['ann', '{"userId":"bob"}'],
      ['世界', '{"n":1}'],
      ['"ann"\n', JSON.stringify({ userId: '"ann"\n' })],
      ['\ud800', JSON.stringify({ userId: '\ud800' })],
      ['', '{"userId":""}'],
      ['x'.repeat(64), `{"userId":"${'x'.repeat(64)}"}`],
    ] as const) {
      const kept = refTo(name, body)
      assert.equal(kept, name)
      assert.equal(nameOf(kept, body), name)
    }
  })

  it('is found as far into the body as a small integer reaches', () => {
    const name = 'x'.repeat(63)
    const far = `${' '.repeat(FURTHEST)}${name}`
    const kept = refTo(name, far)
    assert.equal(typeof kept, 'number')
    assert.ok((kept as number) < 2 ** 30, 'V8 would put it in a box')
    assert.equal(nameOf(kept, far), name)
    assert.equal(hasName(kept, far, name), true)
    assert.equal(refTo(name, ` ${far}`), name)
    assert.equal(nameOf(refTo('ann', `${' '.repeat(1e6)}ann`), `${' '.repeat(1e6)}ann`), 'ann')
  })

  it('moves with the body, and is looked for first where it was', () => {
    const before = '{"userId":"ann"}'
    const place = refTo('ann', before) as number
    const moved = '{"n":1000,"userId":"ann"}'
    const after = refTo('ann', moved, place)
    assert.notEqual(after, place)
    assert.equal(nameOf(after, moved), 'ann')
    // Of two places the one it had before, so that what follows a change costs no search.
    assert.equal(refTo('ann', '"ann" and "ann"', place), place)
    assert.equal(refTo('ann', 'no one', place), 'ann')
  })

  it('is not copied again if it is a text already, its own or that of a holder', () => {
    const name = 'ann-'.repeat(30)
    const text = refTo(name, '')
    assert.equal(refTo(name.slice(0, 120), '', text), text)
    const holder = new Holder(name)
    assert.equal(holderRefOf(name, undefined, '', holder), name)
    assert.equal(refTo('bob', '', holder), 'bob')
  })

  it('shares nothing with what it was cut from', () => {
    const cut = 'visitor 世'.slice(0, -1)
    const kept = refTo(cut, '{}')
    assert.equal(kept, 'visitor ')
    // As text of one byte a character: V8 tells by the tag.
    assert.equal(v8.serialize(kept)[2], '"'.charCodeAt(0))
  })

  it('gives back what was kept, and is told from any other, whatever the body', () => {
    const unit = fc.constantFrom('a', 'b', 'é', '世', '"', '\\', '\ud800', '\0')
    const text = fc.string({ unit, maxLength: 8 })
    const names = fc.oneof(text, fc.constantFrom('a'.repeat(63), 'a'.repeat(64), 'b'.repeat(65)))
    const bodies = fc.array(fc.tuple(text, names, text), { minLength: 1, maxLength: 5 })
    const property = fc.property(names, names, bodies, fc.boolean(), (name, other, bodies, own) => {
      let former: ReturnType<typeof refTo> | undefined
      for (const [before, middle, after] of bodies) {
        const body = before + (own ? name : middle) + after
        const kept = refTo(name, body, former)
        assert.equal(nameOf(kept, body), name)
        assert.equal(hasName(kept, body, name), true)
        assert.equal(hasName(kept, body, other), other === name)
        assert.equal(hasName(kept, body, undefined), false)
        former = kept
      }
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('a holder', () => {
  it('is the owner, or else the client, or nobody', () => {
    assert.equal(holderRefOf('ann', undefined, ''), 'ann')
    assert.equal(holderRefOf(undefined, '10.0.0.1', ''), '10.0.0.1')
    assert.equal(holderRefOf('ann', '10.0.0.1', ''), 'ann')
    assert.equal(holderRefOf(true, undefined, 'true'), undefined)
    assert.equal(holderRefOf(undefined, undefined, 'undefined'), undefined)
  })

  it('has its name whatever the body', () => {
    const holder = new Holder('ann')
    for (const body of ['', 'bob', 'ann']) {
      assert.equal(nameOf(holder, body), 'ann')
      assert.equal(hasName(holder, body, 'ann'), true)
      assert.equal(hasName(holder, body, 'bob'), false)
    }
  })

  it('is nobody if there is none', () => {
    assert.equal(nameOf(undefined, 'ann'), undefined)
    assert.equal(hasName(undefined, 'ann', undefined), true)
    assert.equal(hasName(undefined, 'ann', 'ann'), false)
  })
})
