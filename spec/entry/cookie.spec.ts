import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CookieJar, expiryOf, type KeptCookie, readableCookie } from '../../lib/entry/cookie'
import { type Data, plainSession, roundTrip } from '../support/sessions'
import { NOON, stopTime } from '../support/time'

const express = (options: object) =>
  readableCookie(plainSession({}, options).cookie) as Record<string, unknown>

describe('a cookie jar', () => {
  it('keeps one copy of the attributes that sessions share, and no instant that is their expiry', (t) => {
    const time = stopTime(t)
    const jar = new CookieJar()
    const first = jar.keep(express({ maxAge: 1000 }), NOON + 1000)
    time.pass(500)
    const second = jar.keep(express({ maxAge: 1000 }), NOON + 1500, first)
    const plain = jar.keep(roundTrip(express({ maxAge: 1000 })), NOON + 1500)
    assert.equal(second, first)
    assert.equal(plain, first)
    assert.equal(first.bytes, 0)
    assert.equal(first.read(NOON + 1500).expires, new Date(NOON + 1500).toISOString())
  })

  it('tells apart what differs in any attribute', (t) => {
    stopTime(t)
    const base = { maxAge: 1000, path: '/', httpOnly: true }
    const others = [
      { maxAge: 2000 },
      { maxAge: null },
      { path: '/there' },
      { httpOnly: false },
      { secure: true },
      { secure: 'auto' },
      { sameSite: 'lax' },
      { domain: 'example.com' },
      { partitioned: true },
      { priority: 'high' },
    ]
    for (const other of others) {
      const jar = new CookieJar()
      let previous: KeptCookie | undefined
      for (const options of [base, { ...base, ...other }, base]) {
        const cookie = express(options)
        const expiry = expiryOf(cookie, NOON) ?? NOON
        const kept = jar.keep(cookie, expiry, previous)
        assert.deepEqual(kept.read(expiry), roundTrip(plainSession({}, options)).cookie)
        previous = kept
      }
    }
  })

  it('tells an empty text for expires from an instant that is left out', () => {
    const jar = new CookieJar()
    const expires = new Date(NOON)
    assert.deepEqual(jar.keep({ expires }, NOON).read(NOON), { expires: expires.toISOString() })
    assert.deepEqual(jar.keep({ expires: '' }, NOON).read(NOON), { expires: '' })
    assert.deepEqual(jar.keep({ expires }, NOON).read(NOON), { expires: expires.toISOString() })
  })

  it('keeps and counts an instant that is not the expiry, as where a ttl wins', (t) => {
    stopTime(t)
    const kept = new CookieJar().keep(express({ maxAge: 1000 }), NOON + 77)
    assert.ok(kept.bytes > 0)
    assert.equal(kept.read(NOON + 77).expires, new Date(NOON + 1000).toISOString())
  })

  it('counts the text of attributes that one entry alone has, as V8 holds it', () => {
    const jar = new CookieJar()
    for (let n = 0; n < 256; n++) jar.keep({ path: `/${n}` }, NOON)
    const bytes = (cookie: object) => jar.keep(cookie as never, NOON).bytes
    const [none, few] = [bytes({}), bytes({ domain: '' })]
    assert.equal(few, none + 8)
    assert.equal(bytes({ domain: 'x'.repeat(400) }), few + 400)
    assert.equal(bytes({ domain: '世'.repeat(400) }), few + 800 + 16)
    assert.ok(bytes({ nested: { deep: ['x'.repeat(5000)] } }) > none + 5000)
  })

  it('gives back what it does not share as it came, and what is nested, fresh each time', () => {
    const jar = new CookieJar()
    const long = { path: `/${'x'.repeat(5000)}`, secure: true }
    const nested = { path: '/', more: { deep: [1] } }
    const odd = JSON.parse('{"path":"/","__proto__":{"a":1}}')
    for (const cookie of [long, nested, odd]) {
      const kept = jar.keep(cookie, NOON)
      const [one, other] = [kept.read(NOON), kept.read(NOON)]
      assert.deepEqual([one, other], [cookie, cookie])
      one.path = '/there'
      Object(one.more).deep = []
      assert.deepEqual(kept.read(NOON), cookie)
    }
  })

  it('counts attributes that are too long to be shared, all of them', () => {
    const jar = new CookieJar()
    const path = `/${'x'.repeat(5000)}`
    const [one, other] = [jar.keep({ path }, NOON), jar.keep({ path }, NOON)]
    assert.ok(one.bytes > 5000)
    assert.notEqual(other, one)
  })

  it('shares no more than so many, whoever makes them up, and counts the rest', () => {
    const jar = new CookieJar()
    const bytes = Array.from({ length: 3000 }, (_, n) => jar.keep({ path: `/${n}` }, NOON).bytes)
    assert.equal(bytes.filter((each) => each === 0).length, 256)
    assert.ok(bytes.slice(256).every((each) => each > 150))
  })
})

describe('readableCookie', () => {
  it('reads one of express-session, a plain one, and one that has a JSON of its own', () => {
    const { cookie } = plainSession()
    assert.equal(readableCookie(cookie), cookie)
    const plain = { path: '/' }
    assert.equal(readableCookie(plain), plain)
    assert.equal(readableCookie({ toJSON: () => plain }), plain)
  })

  it('reads nothing else, and the session is then kept as it came', () => {
    for (const cookie of [undefined, null, 'text', 7, true, [], [1], { toJSON: () => 'text' }]) {
      assert.equal(readableCookie(cookie), undefined)
    }
  })
})

describe('the expiry of a cookie', () => {
  const told: [string, unknown, number | undefined][] = [
    ['a Date', { expires: new Date(NOON + 5) }, NOON + 5],
    ['an ISO text', { expires: new Date(NOON + 5).toISOString() }, NOON + 5],
    ['a text as in HTTP', { expires: 'Thu, 01 Jan 2026 12:00:05 GMT' }, NOON + 5000],
    ['a number', { expires: NOON + 5.9 }, NOON + 5],
    ['expires before maxAge', { expires: NOON + 5, maxAge: 9 }, NOON + 5],
    ['maxAge alone', { maxAge: 9.9 }, NOON + 9],
    ['maxAge where expires is nonsense', { expires: 'tomorrow', maxAge: 9 }, NOON + 9],
    ['maxAge 0', { maxAge: 0 }, NOON],
    ['none', {}, undefined],
    ['null', { expires: null }, undefined],
    ['an invalid Date', { expires: new Date(Number.NaN) }, undefined],
    ['nonsense', { expires: {}, maxAge: 'long' }, undefined],
    ['NaN', { expires: Number.NaN, maxAge: Number.NaN }, undefined],
    ['no cookie', undefined, undefined],
  ]
  for (const [what, cookie, expiry] of told) {
    it(`is told by ${what}`, () => {
      assert.equal(expiryOf(cookie as Data, NOON), expiry)
    })
  }
})
