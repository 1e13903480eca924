import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import v8 from 'node:v8'
import fc from 'fast-check'
import { CookieJar, expiryOf, type KeptCookie, readableCookie } from '../../lib/entry/cookie'
import { Codec, Entry } from '../../lib/entry/entry'
import { type Data, plainSession, roundTrip } from '../support/sessions'
import { NOON, nextTurn, stopTime } from '../support/time'

const base64 = {
  stringify: (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64'),
  parse: (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()),
}

/** A session in and out again, as a store does it. */
function throughEntry(codec: Codec, jar: CookieJar, session: Data, previous?: KeptCookie): Entry {
  const entry = new Entry('a')
  const cookie = readableCookie(session.cookie)
  entry.body = codec.encode(session, cookie)
  entry.expiry = expiryOf(cookie, NOON) ?? NOON + 86_400_000
  entry.cookie = cookie && jar.keep(cookie, entry.expiry, previous)
  return entry
}

const instant = fc.integer({ min: NOON - 1e9, max: NOON + 1e12 })
const expires = fc.oneof(
  instant.map((ms) => new Date(ms)),
  instant.map((ms) => new Date(ms).toISOString()),
  instant,
  fc.constantFrom(null, undefined, '', 'tomorrow', '2030-01-01', new Date(Number.NaN), 7.5, {}),
)
const attributes = {
  maxAge: fc.option(fc.nat(1e9)),
  path: fc.constantFrom('/', '/there', ''),
  domain: fc.constantFrom('example.com', undefined),
  httpOnly: fc.boolean(),
  secure: fc.constantFrom(true, false, 'auto'),
  sameSite: fc.constantFrom(true, 'lax', 'none', undefined),
  partitioned: fc.boolean(),
  priority: fc.constantFrom('low', 'high', undefined),
}
const ofExpress = fc.record(attributes, { requiredKeys: [], noNullPrototype: true })
const ofAnyone = fc.oneof(
  fc.record(
    { ...attributes, expires, extra: fc.jsonValue(), originalMaxAge: fc.option(fc.nat()) },
    { requiredKeys: [], noNullPrototype: true },
  ),
  fc.jsonValue(),
)
// `toJSON` as a key of plain data is called by no JSON; a cookie of their own may be anything.
const rest = fc.dictionary(
  fc.string().filter((key) => key !== 'cookie' && key !== 'toJSON'),
  fc.oneof(
    fc.jsonValue(),
    fc.constant(undefined),
    instant.map((ms) => new Date(ms)),
  ),
  { noNullPrototype: true },
)

describe('a session that comes out of an entry', () => {
  for (const [name, serializer] of [
    ['JSON', undefined],
    ['a serializer of the user', base64],
  ] as const) {
    it(`is what ${name} makes of the whole, with the cookies of express-session`, (t) => {
      stopTime(t)
      const jar = new CookieJar()
      const codec = new Codec(serializer as never)
      let previous: KeptCookie | undefined
      const property = fc.property(rest, ofExpress, (data, cookie) => {
        const session = plainSession(data, cookie)
        const expected = roundTrip(session)
        const entry = throughEntry(codec, jar, session, previous)
        previous = entry.cookie
        assert.deepEqual(codec.decode(entry), expected)
        const text = codec.serialized(entry)
        assert.deepEqual((serializer ?? JSON).parse(text), expected)
      })
      fc.assert(property, { numRuns: 500 })
    })

    it(`is what ${name} makes of the whole, whatever its cookie is`, () => {
      const jar = new CookieJar()
      const codec = new Codec(serializer as never)
      const property = fc.property(rest, ofAnyone, (data, cookie) => {
        const session = { ...data, cookie } as unknown as Data
        const entry = throughEntry(codec, jar, session)
        assert.deepEqual(codec.decode(entry), roundTrip(session))
      })
      fc.assert(property, { numRuns: 500 })
    })
  }

  it('is fresh to its depths each time', () => {
    const [jar, codec] = [new CookieJar(), new Codec(undefined)]
    const cookie = { path: '/', nested: { deep: [1] } }
    const entry = throughEntry(codec, jar, { cookie, n: { m: 1 } } as unknown as Data)
    type Deep = { cookie: typeof cookie; n: { m: number } }
    const read = () => codec.decode(entry) as unknown as Deep
    const first = read()
    first.cookie.nested.deep.push(2)
    first.cookie.path = '/changed'
    first.n.m = 2
    assert.deepEqual(read(), { cookie: { path: '/', nested: { deep: [1] } }, n: { m: 1 } })
  })

  it('is of another body, where one is given', () => {
    const [jar, codec] = [new CookieJar(), new Codec(undefined)]
    const entry = throughEntry(codec, jar, plainSession({ n: 1 }))
    const other = codec.decode(entry, '{"n":2}') as Data
    assert.equal(other.n, 2)
    assert.deepEqual(other.cookie, codec.decode(entry).cookie)
  })
})

describe('a body', () => {
  it('has no cookie in it where the cookie is kept apart', () => {
    const session = plainSession({ n: 1 })
    const codec = new Codec(undefined)
    assert.equal(codec.encode(session, readableCookie(session.cookie)), '{"n":1}')
    assert.deepEqual(JSON.parse(codec.encode(session, undefined)), roundTrip(session))
  })

  it('weighs what is counted, whatever the texts in the session were cut from', () => {
    const wide = `${'visitor '.repeat(100)}世`.slice(0, -1)
    for (const serializer of [undefined, { stringify: () => wide, parse: JSON.parse }]) {
      const body = new Codec(serializer as never).encode(plainSession({ wide }), undefined)
      assert.equal(v8.serialize(body)[2], '"'.charCodeAt(0))
    }
  })

  it('that is no JSON, or can be none, is told of without a word of it', () => {
    const circle: Record<string, unknown> = {}
    circle['ann@example.com'] = { circle }
    const codec = new Codec(undefined)
    const quotes = new Codec({ stringify: JSON.stringify, parse: () => JSON.parse('secret') })
    const told: [() => unknown, string][] = [
      [
        () => codec.parse('{"password": hunter2}'),
        'SyntaxError: session: its text can not be parsed',
      ],
      [() => quotes.parse('any'), 'SyntaxError: session: its text can not be parsed'],
      [
        () => codec.encode(circle as never, undefined),
        'TypeError: session: expected what JSON can hold; got a circular structure',
      ],
    ]
    for (const [run, words] of told) {
      assert.throws(run, (error: Error) => {
        assert.equal(String(error), words)
        assert.doesNotMatch(inspect(error), /hunter2|secret|example/)
        return true
      })
    }
  })

  it('is no promise of one, in either direction, and nobody has to hear what it fails with', async () => {
    const later = async () => {
      throw new Error('secret')
    }
    const codec = new Codec({ stringify: later, parse: later } as never)
    const words = /^TypeError: serializer\.(stringify|parse): .* to return a s\w+; got a promise$/
    assert.throws(() => codec.encode(plainSession(), undefined), words)
    assert.throws(() => codec.parse('any'), words)
    await nextTurn()
  })

  it('is refused where the serializer gives no text', () => {
    for (const text of [undefined, null, 7, Buffer.from('x'), {}]) {
      const codec = new Codec({ stringify: () => text as never, parse: JSON.parse })
      const message =
        /^TypeError: serializer\.stringify: expected the function to return a string; got/
      assert.throws(() => codec.encode(plainSession(), undefined), message)
    }
  })
})
