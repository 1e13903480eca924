/** Of `options.ts`, `client.ts`, `index.ts` and `index.mts`; the packed package is tried in `packed/`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import session from 'express-session'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { Cluster as ValkeyCluster, Redis as ValkeyRedis } from 'iovalkey'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import * as redis5 from 'redis5'
import inMemory from '../../lib'
import lembro from '../../lib/redis'
import { type LembroRedisOptions, parseRedisOptions } from '../../lib/redis/options'
import { Lembro } from '../../lib/redis/store'

const client = createClient()
const parse = (options: object) =>
  parseRedisOptions({ client, ...options } as unknown as LembroRedisOptions)

describe('the options of lembro/redis', () => {
  it('have the defaults of connect-redis, and the others of any lembro', () => {
    const { prefix, touchAfter, route, settings } = parse({
      maxSize: '64M',
      onConflict: 'merge',
    })
    assert.deepEqual([prefix, touchAfter, route.keyPrefix], ['sess:', undefined, ''])
    assert.deepEqual([settings.maxBytes, settings.onConflict], [64 * 1024 ** 2, 'merge'])
  })

  const unfit: [string, unknown, RegExp][] = [
    [
      'saveFile',
      'sessions.db',
      /saveFile: lembro\/redis has no such option, since sessions are saved by Redis/,
    ],
    ['savePeriod', 1000, /savePeriod: .* saved by Redis/],
    ['saveKeys', ['a secret of many letters'], /saveKeys: .* not encrypted/],
    ['absoluteTtl', 1000, /absoluteTtl: .* when a session began/],
    ['maxPerOwner', 2, /maxPerOwner: .* no process knows of all/],
    ['stale', true, /stale: .* Redis drops/],
    ['noDisposeOnSet', true, /noDisposeOnSet: .* near cache/],
  ]
  for (const [name, value, message] of unfit) {
    it(`refuse ${name}, and say why; not where it says nothing`, () => {
      assert.throws(() => parse({ [name]: value }), { name: 'TypeError', message })
      for (const nothing of [undefined, null, false, Number.POSITIVE_INFINITY]) {
        assert.doesNotThrow(() => parse({ [name]: nothing }), /no such option/)
      }
    })
  }

  it('refuse what is no client, and say what came', () => {
    const old = {
      duplicate() {},
      sendCommand() {},
      options: {},
      constructor: { name: 'RedisClient' },
    }
    const strange: [unknown, RegExp][] = [
      [undefined, /client: expected what createClient .* of 'redis' 5 .*; got undefined/],
      [{}, /client: expected .* got an object/],
      ['redis://secret@host', /client: expected/],
      [createClientPool(), /got a pool/],
      [
        redis5.createSentinel({
          name: 'main',
          sentinelRootNodes: [{ host: 'localhost', port: 1 }],
        }),
        /got a sentinel of 'redis' 5/,
      ],
      [old, /got a client of an older version of 'redis'/],
    ]
    for (const [given, message] of strange) {
      assert.throws(() => parse({ client: given }), { name: 'TypeError', message })
    }
    assert.throws(() => new Lembro(undefined as never), /options: expected an object with a client/)
  })

  it('have types that take the same clients as the code', () => {
    const [name, sentinelRootNodes, rootNodes] = [
      'x',
      [{ host: 'a', port: 1 }],
      [{ url: 'redis://a' }],
    ]
    const lazyConnect = true
    const idle: LembroRedisOptions['client'][] = [
      ...[
        createClient(),
        createCluster({ rootNodes }),
        createSentinel({ name, sentinelRootNodes }),
      ],
      ...[redis5.createClient(), redis5.createCluster({ rootNodes })],
      ...[
        new Redis({ lazyConnect }),
        new Redis5({ lazyConnect }),
        new ValkeyRedis({ lazyConnect }),
      ],
      ...[Cluster, Cluster5, ValkeyCluster].map((Client) => new Client([], { lazyConnect })),
    ]
    for (const client of idle) assert.doesNotThrow(() => parseRedisOptions({ client }))
    // @ts-expect-error: it keeps its options to itself
    const sentinel: LembroRedisOptions['client'] = redis5.createSentinel({
      name,
      sentinelRootNodes,
    })
    // @ts-expect-error: lembro takes one connection
    const pool: LembroRedisOptions['client'] = createClientPool()
    for (const client of [sentinel, pool])
      assert.throws(() => parseRedisOptions({ client }), TypeError)
  })

  it('refuse a prefix that keys of other things may begin with', () => {
    for (const prefix of ['', 'l', 'lembro-owner:']) {
      assert.throws(() => parse({ prefix }), { name: 'RangeError', message: /^prefix: expected/ })
    }
    assert.throws(() => parse({ prefix: 7 }), { name: 'TypeError', message: /got 7/ })
    assert.equal(parse({ prefix: 'lembro:' }).prefix, 'lembro:')
  })

  it('refuse a touchAfter that is no time', () => {
    assert.throws(() => parse({ touchAfter: -1 }), /touchAfter: expected a number of ms/)
    assert.throws(() => parse({ touchAfter: '1m' }), /touchAfter: expected a number of ms/)
    assert.equal(parse({ touchAfter: 0 }).touchAfter, 0)
  })

  it('leave the object of the caller alone', () => {
    const options = Object.freeze({ client, touchAfter: 5 })
    assert.equal(parse(options).touchAfter, 5)
    assert.deepEqual(Object.keys(options), ['client', 'touchAfter'])
  })
})

describe('the forms of lembro/redis', () => {
  it('are those of lembro: the class, the factory, the module itself', () => {
    assert.equal(lembro(session), Lembro)
    assert.equal(lembro.Lembro, Lembro)
    assert.equal(lembro.default, lembro)
    assert.throws(() => lembro({}), /lembro\(session\): expected what express-session exports/)
    class Session {}
    const other = {
      Store: class {
        createSession() {
          return new Session()
        }
      },
    }
    const Bound = lembro(other as never)
    assert.notEqual(Bound, Lembro)
    assert.ok(Bound.prototype instanceof Lembro)
    assert.ok(Lembro.prototype instanceof session.Store)
    assert.notEqual(inMemory.Lembro as unknown, Lembro)
  })
})
