import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  badReturn,
  got,
  gotKind,
  toBoolean,
  toFunction,
  toNumber,
  toSession,
} from '../../lib/settings/check'

const having = (then: unknown) => Object.fromEntries([['then', then]])

describe('got', () => {
  const told: [unknown, string][] = [
    [undefined, 'got undefined'],
    [null, 'got null'],
    ['', "got '' (a string)"],
    ['x'.repeat(51), `got '${'x'.repeat(50)}' (a string)`],
    [0, 'got 0 (a number)'],
    [Number.NaN, 'got NaN (a number)'],
    [false, 'got false (a boolean)'],
    [1n, 'got 1 (a bigint)'],
    [Symbol('s'), 'got Symbol(s) (a symbol)'],
    [[], 'got an array'],
    [new Date(), 'got an object'],
    [Object.create(null), 'got an object'],
    [class {}, 'got a function'],
  ]
  for (const [value, expected] of told) {
    it(`tells what came: ${expected}`, () => {
      assert.equal(got(value), expected)
    })
  }

  it('shows nothing of what an object holds', () => {
    assert.doesNotMatch(got({ password: 'secret', toString: () => 'secret' }), /secret/)
  })
})

describe('gotKind', () => {
  const told: [unknown, string][] = [
    [undefined, 'got undefined'],
    [null, 'got null'],
    ['secret', 'got a string'],
    [7, 'got a number'],
    [Symbol('secret'), 'got a symbol'],
    [['secret'], 'got an array'],
    [{ secret: 1 }, 'got an object'],
    [Promise.resolve('secret'), 'got a promise'],
    [having(() => {}), 'got a promise'],
    [having('text'), 'got an object'],
    [() => 'secret', 'got a function'],
  ]
  for (const [value, expected] of told) {
    it(`tells the kind and no content: ${expected}`, () => {
      assert.equal(gotKind(value), expected)
    })
  }
})

describe('badReturn', () => {
  it('hears a promise out that is rejected later', async (t) => {
    const unhandled: unknown[] = []
    const hear = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    t.after(() => process.off('unhandledRejection', hear))
    const error = badReturn('ttl', 'a number', Promise.reject(new Error('secret')))
    assert.equal(error.message, 'ttl: expected the function to return a number; got a promise')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(unhandled, [])
  })
})

describe('toSession', () => {
  it('takes an object, also one that has a text called then', () => {
    for (const session of [{}, having('text')]) assert.equal(toSession(session), session)
  })

  it('refuses the rest in words of its own', () => {
    for (const session of [undefined, null, 'secret', 7, Promise.resolve({})]) {
      assert.throws(() => toSession(session), /^TypeError: session: expected an object; got /)
    }
  })
})

describe('toNumber', () => {
  const range = { least: 2, whole: true, expected: 'two or more' }

  it('gives a number that is within the range', () => {
    assert.equal(toNumber('n', 2, range), 2)
    assert.equal(toNumber('n', Infinity, range), Infinity)
    assert.equal(toNumber('n', 2.5, { ...range, whole: false }), 2.5)
  })

  it('tells a value of the wrong type from one outside of the range', () => {
    const message = (came: string) => `n: expected two or more; got ${came}`
    assert.throws(() => toNumber('n', 1, range), {
      name: 'RangeError',
      message: message('1 (a number)'),
    })
    assert.throws(() => toNumber('n', 2.5, range), {
      name: 'RangeError',
      message: message('2.5 (a number)'),
    })
    assert.throws(() => toNumber('n', '2', range), {
      name: 'TypeError',
      message: message("'2' (a string)"),
    })
    assert.throws(() => toNumber('n', Number.NaN, range), {
      name: 'TypeError',
      message: message('NaN (a number)'),
    })
  })
})

describe('toBoolean', () => {
  it('takes true and false, and nothing that is merely like them; what is not given is false', () => {
    assert.deepEqual([toBoolean('flag', true), toBoolean('flag', false)], [true, false])
    assert.equal(toBoolean('flag', undefined), false)
    for (const value of [0, 1, '', 'true', null, {}]) {
      assert.throws(() => toBoolean('flag', value), /^TypeError: flag: expected true or false; got/)
    }
  })
})

describe('toFunction', () => {
  it('gives back a function, and refuses the rest in words of its own or of the caller', () => {
    assert.equal(toFunction('f', assert), assert)
    assert.throws(() => toFunction('f', 1), /^TypeError: f: expected a function; got 1/)
    assert.throws(() => toFunction('f', {}, 'a friend'), /^TypeError: f: expected a friend; got an/)
  })
})
