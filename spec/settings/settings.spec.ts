/** Of `settings.ts`, `options.ts` and `saving.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import type { LembroOptions } from '../../lib/settings/options'
import { defaultOwner } from '../../lib/settings/owner'
import { parseOptions, type Settings } from '../../lib/settings/settings'
import { runNode } from '../support/process'

type Bad = [value: unknown, error: typeof Error, came: string]
interface Expectation {
  readonly expected: string
  readonly values: readonly Bad[]
}

const nothing: Bad = [null, TypeError, 'got null']
const text: Bad = ['abc', TypeError, "got 'abc' (a string)"]
const object: Bad = [{}, TypeError, 'got an object']
const array: Bad = [[1], TypeError, 'got an array']
const yes: Bad = [true, TypeError, 'got true (a boolean)']
const callable: Bad = [() => {}, TypeError, 'got a function']
const big: Bad = [10n, TypeError, 'got 10 (a bigint)']
const symbol: Bad = [Symbol('s'), TypeError, 'got Symbol(s) (a symbol)']
const digits: Bad = ['10', TypeError, "got '10' (a string)"]
const notANumber: Bad = [Number.NaN, TypeError, 'got NaN (a number)']
const negative: Bad = [-1, RangeError, 'got -1 (a number)']
const lessThanNothing: Bad = [-Infinity, RangeError, 'got -Infinity (a number)']
const zero: Bad = [0, RangeError, 'got 0 (a number)']
const half: Bad = [0.5, RangeError, 'got 0.5 (a number)']
const broken: Bad = [1.5, RangeError, 'got 1.5 (a number)']

const sizes: Bad[] = [
  ...['-3K', '', ' ', 'M', '4MM', '4T', '1e3', '0x10', '٤M', '%', '-5%', '1,5M', '.5M', '4iB'].map(
    (size): Bad => [size, TypeError, `got '${size}' (a string)`],
  ),
  ...['0', '0K', '0%', '101%', '1000%'].map(
    (size): Bad => [size, RangeError, `got '${size}' (a string)`],
  ),
  ['x'.repeat(80), TypeError, `got '${'x'.repeat(50)}' (a string)`],
  [Number.NaN, RangeError, 'got NaN (a number)'],
  ...[text, nothing, object, array, yes, callable, big, symbol],
  ...[negative, lessThanNothing, zero, half],
]
const size = (share: string) =>
  `a number of bytes above 0, a size such as '512K', '4M' or '1G', a share of ${share} such as '25%', or Infinity`
const notNumbers = [text, digits, object, array, yes, callable, big, symbol, notANumber]
const notFlags: Bad[] = [text, ['true', TypeError, "got 'true' (a string)"], object, callable]
const truthy: Bad[] = [
  [1, TypeError, 'got 1 (a number)'],
  [0, TypeError, 'got 0 (a number)'],
]

/** Every option, what is expected of it, and what is refused. */
const REFUSED: Record<string, Expectation> = {
  maxSize: { expected: size("V8's heap limit"), values: sizes },
  maxEntrySize: { expected: size('maxSize'), values: sizes },
  interval: {
    expected: 'a number of ms, or 0 or false for no timer',
    values: [...notNumbers, nothing, negative, lessThanNothing],
  },
  checkPeriod: {
    expected: 'a number of ms, or 0 or false for no timer',
    values: [...notNumbers, negative, lessThanNothing],
  },
  max: {
    expected: 'a whole number of sessions, or Infinity',
    values: [...notNumbers, negative, lessThanNothing, half, broken],
  },
  ttl: {
    expected: 'a number of ms above 0, Infinity, or a function (options, session, sid) => ms',
    values: [
      ...notNumbers.filter((bad) => bad !== callable),
      ...[negative, lessThanNothing, zero, half],
    ],
  },
  absoluteTtl: {
    expected: 'a number of ms above 0, or Infinity',
    values: [...notNumbers, nothing, negative, lessThanNothing, zero, half],
  },
  maxPerOwner: {
    expected: 'a whole number of at least 1, or Infinity',
    values: [...notNumbers, nothing, negative, lessThanNothing, zero, half, broken],
  },
  disableTouch: { expected: 'true or false', values: [...notFlags, ...truthy, nothing] },
  noDisposeOnSet: { expected: 'true or false', values: [...notFlags, ...truthy] },
  stale: { expected: 'true or false', values: [...notFlags, ...truthy] },
  owner: {
    expected: 'a function (session) => id, true or nothing; or false',
    values: [text, digits, object, array, yes, nothing, ...truthy],
  },
  client: {
    expected: 'a function (req) => string, or nothing',
    values: [text, digits, object, array, yes, ...truthy],
  },
  onConflict: {
    expected: "'overwrite', 'merge', or a function (base, stored, incoming) => session",
    values: [text, ['Merge', TypeError, "got 'Merge' (a string)"], object, yes, nothing, ...truthy],
  },
  dispose: { expected: 'a function', values: [text, object, array, yes, ...truthy] },
  serializer: {
    expected: 'an object with the functions stringify and parse',
    values: [
      ...[text, object, array, yes, callable, ...truthy],
      [{ stringify: String }, TypeError, 'got an object'],
      [{ parse: JSON.parse, stringify: true }, TypeError, 'got an object'],
    ],
  },
  saveFile: {
    expected: 'the path of a file',
    values: [['', TypeError, "got '' (a string)"], object, array, yes, callable, ...truthy],
  },
  savePeriod: {
    expected: 'a number of ms, 0 to wait for the disk, or Infinity or false for no timer',
    values: [...notNumbers, negative, lessThanNothing],
  },
  saveKeys: {
    expected:
      'an array of keys, the current first, each of 32 bytes or a text of at least 16 characters',
    values: [
      ['a secret that is long enough', TypeError, 'got a string'],
      [Buffer.from('a secret of thirty-two bytes, 32'), TypeError, 'got an object'],
      [7, TypeError, 'got a number'],
      ...[object, callable],
      [[], RangeError, 'got none'],
      [[7], TypeError, 'got one that is neither bytes nor text'],
      [['too short'], RangeError, 'got one of 9'],
      [[new Uint8Array(32), new Uint8Array(16)], RangeError, 'got one of 16'],
    ],
  },
}

const parse = (options: object): Settings => parseOptions(options as LembroOptions)

describe('a bad option', () => {
  for (const [option, { expected, values }] of Object.entries(REFUSED)) {
    it(`is refused by name, with what was expected and what came: ${option}`, () => {
      for (const [value, ExpectedError, came] of values) {
        const given = Object.freeze({ [option]: value })
        assert.throws(
          () => parse(given),
          (error: Error) => {
            assert.equal(error.message, `${option}: expected ${expected}; ${came}`)
            assert.equal(error.constructor, ExpectedError)
            return true
          },
        )
      }
    })
  }

  it('is refused where the options are no object at all', () => {
    for (const [options, , came] of [text, array, yes, nothing, ...truthy]) {
      const message = `options: expected an object; ${came}`
      assert.throws(() => parse(options as object), { name: 'TypeError', message })
    }
  })
})

describe('options', () => {
  const MEGABYTE = 1024 ** 2
  const heapLimit = v8.getHeapStatistics().heap_size_limit

  it('have defaults', () => {
    assert.deepEqual(parse({}), {
      maxBytes: 4 * MEGABYTE,
      maxEntryBytes: 4 * MEGABYTE,
      maxSessions: Infinity,
      interval: 360_000,
      ttl: undefined,
      absoluteTtl: Infinity,
      disableTouch: false,
      owner: defaultOwner,
      client: undefined,
      database: undefined,
      describe: undefined,
      maxPerOwner: Infinity,
      onConflict: 'overwrite',
      dispose: undefined,
      noDisposeOnSet: false,
      stale: false,
      serializer: undefined,
      saveFile: undefined,
      savePeriod: 1000,
      saveKeys: undefined,
      given: { maxSize: 4 * MEGABYTE, interval: 360_000, max: Infinity },
    })
  })

  it('that are undefined count as not given, each of them', () => {
    const blank = Object.fromEntries(Object.keys(REFUSED).map((name) => [name, undefined]))
    const { given: _, ...settings } = parse(blank)
    const { given: __, ...defaults } = parse({})
    assert.deepEqual(settings, defaults)
  })

  it('of memorystore count as not given where they are null', () => {
    const names = ['checkPeriod', 'max', 'ttl', 'dispose', 'noDisposeOnSet', 'stale', 'serializer']
    names.push('saveFile', 'savePeriod', 'saveKeys')
    const { given: _, ...settings } = parse(Object.fromEntries(names.map((name) => [name, null])))
    const { given: __, ...defaults } = parse({})
    assert.deepEqual(settings, defaults)
  })

  it("leave the caller's object as it is, frozen to its depths", () => {
    const serializer = Object.freeze({ stringify: JSON.stringify, parse: JSON.parse })
    const before = { maxSize: '1M', checkPeriod: 10, max: 0, ttl: null, stale: null, serializer }
    const options = Object.freeze({ ...before })
    const { given } = parse(options)
    assert.deepEqual(options, before)
    assert.notEqual(given, options)
    assert.ok(Object.isFrozen(given))
    assert.deepEqual(given, { ...before, maxSize: MEGABYTE, interval: 10 })
  })

  const read: [object, Partial<Settings>][] = [
    [{ maxSize: 264 }, { maxBytes: 264, maxEntryBytes: 264 }],
    [{ maxSize: 1234.9 }, { maxBytes: 1234 }],
    [{ maxSize: '1.5M' }, { maxBytes: 1.5 * MEGABYTE }],
    [{ maxSize: '4MiB' }, { maxBytes: 4 * MEGABYTE }],
    [{ maxSize: '10 MB' }, { maxBytes: 10 * MEGABYTE }],
    [{ maxSize: '512K' }, { maxBytes: 512 * 1024 }],
    [{ maxSize: '8mb' }, { maxBytes: 8 * MEGABYTE }],
    [{ maxSize: ' 8M ' }, { maxBytes: 8 * MEGABYTE }],
    [{ maxSize: '700' }, { maxBytes: 700 }],
    [{ maxSize: '25%' }, { maxBytes: Math.floor(heapLimit / 4) }],
    [{ maxSize: ' 2.5 % ' }, { maxBytes: Math.floor(heapLimit / 40) }],
    [{ maxSize: Infinity }, { maxBytes: Infinity, maxEntryBytes: Infinity }],
    [{ maxSize: '1M', maxEntrySize: '50%' }, { maxEntryBytes: MEGABYTE / 2 }],
    [{ maxSize: '1M', maxEntrySize: '2M' }, { maxEntryBytes: MEGABYTE }],
    [{ maxSize: '1M', maxEntrySize: Infinity }, { maxEntryBytes: MEGABYTE }],
    [{ maxEntrySize: 100 }, { maxEntryBytes: 100 }],
    [{ interval: 0 }, { interval: Infinity }],
    [{ interval: false }, { interval: Infinity }],
    [{ interval: Infinity }, { interval: Infinity }],
    [{ checkPeriod: 1000 }, { interval: 1000 }],
    [{ checkPeriod: false }, { interval: Infinity }],
    [{ checkPeriod: 0 }, { interval: Infinity }],
    [{ interval: 1000, checkPeriod: 1000 }, { interval: 1000 }],
    [{ interval: 0, checkPeriod: false }, { interval: Infinity }],
    [{ max: 0 }, { maxSessions: Infinity }],
    [{ max: 7 }, { maxSessions: 7 }],
    [{ ttl: 1.5 }, { ttl: 1.5 }],
    [{ ttl: Infinity }, { ttl: Infinity }],
    [{ owner: false }, { owner: undefined }],
    [{ onConflict: 'merge' }, { onConflict: 'merge' }],
    [
      { saveFile: 'f', savePeriod: 0 },
      { saveFile: 'f', savePeriod: 0 },
    ],
    [{ savePeriod: false }, { savePeriod: Infinity }],
    [{ savePeriod: Infinity }, { savePeriod: Infinity }],
  ]
  for (const [options, expected] of read) {
    it(`are read: ${Object.entries(options).map(([name, value]) => `${name} ${value}`)}`, () => {
      const settings = parse(options)
      const names = Object.keys(expected) as (keyof Settings)[]
      assert.deepEqual(Object.fromEntries(names.map((name) => [name, settings[name]])), expected)
    })
  }
})

describe('a client of Redis', () => {
  it('given to a store in memory points to lembro/redis', () => {
    const client = { sendCommand() {}, connect() {} } as never
    const expected =
      /^client: .*; got an object\. For sessions in Redis, take Lembro from 'lembro\/redis'$/
    assert.throws(() => parseOptions({ client }), { name: 'TypeError', message: expected })
    assert.throws(() => parseOptions({ client: {} as never }), { message: /; got an object$/ })
  })
})

describe('a warning', () => {
  const parsed = (...options: string[]) =>
    runNode(`
      const { parseOptions } = require('./lib/settings/settings')
      ${options.map((each) => `parseOptions(${each})`).join('\n')}
    `)
  const warnings = (err: string) => err.match(/LembroWarning/g)?.length ?? 0

  it('names all unknown options at once, and those that were probably meant', async () => {
    const { code, err } = await parsed('{ maxsize: 1, maxAge: 2 }')
    assert.equal(code, 0)
    assert.match(err, /\[LEMBRO_UNKNOWN_OPTION\] LembroWarning: lembro does not have the option/)
    assert.match(
      err,
      /options, which are ignored: 'maxsize' \(did you mean 'maxSize'\?\), 'maxAge'\n/,
    )
    assert.equal(warnings(err), 1)
  })

  it('tells a ttl that can only be seconds, and none that can be ms', async () => {
    const { err } = await parsed('{ ttl: 86400 }')
    assert.match(
      err,
      /\[LEMBRO_SECONDS\].*ttl is 86400, in ms: 86\.4 s\. Did you mean 86400 s, which is 86400000\?/,
    )
    const seconds = [1800, 3600, 7200, 604_800, 1_209_600, 2_592_000, 31_536_000]
    for (const ttl of seconds)
      assert.equal(warnings((await parsed(`{ absoluteTtl: ${ttl} }`)).err), 1)
    const ms = [1, 50, 500, 1000, 1500, 5000, 36_000, 60_000, 90_000, 900_000, 86_400_000, Infinity]
    assert.equal(warnings((await parsed(...ms.map((ttl) => `{ ttl: ${ttl} }`))).err), 0)
  })

  it('is given once for the same unknown options', async () => {
    const { err } = await parsed('{ maxsize: 1 }', '{ maxsize: 3 }')
    assert.match(err, /lembro does not have the option, which is ignored: 'maxsize' \(did you/)
    assert.equal(warnings(err), 1)
  })

  it('is not given for the options that a store of another kind adds', async () => {
    const { err } = await parsed("{ prefix: 'x' }, ['maxSize', 'prefix']")
    assert.equal(warnings(err), 0)
  })

  it('tells of keys without a file to encrypt', async () => {
    const { code, err } = await parsed("{ saveKeys: ['0123456789abcdef'] }")
    assert.equal(code, 0)
    assert.match(
      err,
      /\[LEMBRO_UNUSED_OPTION\] LembroWarning: saveKeys is given without a saveFile/,
    )
    assert.doesNotMatch(err, /0123456789abcdef/)
  })

  it('tells once that interval counts when checkPeriod, its other name, says something else', async () => {
    const { err } = await parsed(
      '{ interval: 0, checkPeriod: 1000 }',
      '{ interval: 5, checkPeriod: 6 }',
    )
    assert.match(err, /interval is 0, and checkPeriod, another name for it, is 1000: 0 is used/)
    assert.equal(warnings(err), 1)
  })

  it('tells once of a budget for a few sessions, and what was probably meant', async () => {
    const { code, err } = await parsed('{ maxSize: 512 }', '{ maxSize: 512 }')
    assert.equal(code, 0)
    assert.match(err, /\[LEMBRO_SMALL_BUDGET\] LembroWarning: maxSize is 512B, room for a few/)
    assert.match(err, /a few sessions only\. Did you mean '512M'\?/)
    assert.equal(warnings(err), 1)
  })

  it('tells once of a budget that the heap is too small for, and how to raise the limit', async () => {
    const { code, err } = await parsed("{ maxSize: '61%' }", "{ maxSize: '70%' }")
    assert.equal(code, 0)
    assert.match(err, /\[LEMBRO_LARGE_BUDGET\] LembroWarning: maxSize is [\d.]+[MG], more than 60%/)
    assert.match(err, /the heap limit of [\d.]+[MG]: raise it with --max-old-space-size/)
    assert.equal(warnings(err), 1)
  })

  it('is not given for what is known and fits', async () => {
    const known = Object.keys(REFUSED).map((name) => `${name}: undefined`)
    const { err } = await parsed(
      "{ maxSize: '59%' }",
      '{ maxSize: Infinity }',
      "{ maxSize: '8K' }",
      '{ interval: 1000, checkPeriod: 1000 }',
      '{ interval: 0, checkPeriod: false }',
      `{ ${known} }`,
    )
    assert.doesNotMatch(err, /Warning/)
  })
})
