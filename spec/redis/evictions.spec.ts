/** What a Redis that is full does to sessions and to the lists of owners. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Client, needsRedis, pause, RedisServer, until } from '../support/redis'
import { plainSession } from '../support/sessions'

const TEXT = 'x'.repeat(1000)

/** Strangers, until Redis has evicted so many. */
async function flood(client: Client, evictions: number, between: () => Promise<unknown>) {
  for (let n = 0; ; n++) {
    const strangers = Array.from({ length: 200 }, (_, i) =>
      client.set(`sess:s${n}-${i}`, TEXT, { EX: 3600 }),
    )
    await Promise.all(strangers)
    await between()
    const [, count] = /evicted_keys:(\d+)/.exec(await client.info('stats')) ?? []
    if (Number(count) >= evictions) return
  }
}

describe('a Redis that evicts', needsRedis, () => {
  for (const policy of ['volatile-lru', 'allkeys-lru']) {
    it(`keeps members whom the near cache serves (${policy})`, async (t) => {
      const server = await RedisServer.start(t, [
        '--maxmemory-policy',
        policy,
        '--maxmemory',
        '6mb',
      ])
      const [store, client] = [await server.store(t, { maxSize: '64M' }), await server.connected(t)]
      const members = Array.from({ length: 100 }, (_, n) => `m${n}`)
      for (const sid of members) await store.set(sid, plainSession({ userId: sid, text: TEXT }))
      const { loads = 0 } = store.stats().near ?? {}
      // Each comes about once a second, and a stranger lives for some seconds.
      await flood(client, 6000, async () => {
        for (const sid of members) await store.get(sid)
        await pause(130)
      })
      const there = await client.exists(members.map((sid) => `sess:${sid}`))
      t.diagnostic(`${there} of 100 members are there`)
      assert.ok(there >= 97, `${there}`)
      const { hits = 0, loads: after = 0 } = store.stats().near ?? {}
      assert.ok(hits > 10 * (after - loads), 'the near cache served them')
    })
  }

  it('signs out everywhere though the list of the owner was evicted', async (t) => {
    const server = await RedisServer.start(t, [
      '--maxmemory-policy',
      'allkeys-lru',
      '--maxmemory',
      '100mb',
    ])
    const [a, b, client] = [await server.store(t), await server.store(t), await server.connected(t)]
    for (let n = 0; n < 13; n++) await a.set(`x${n}`, plainSession({ userId: 'ann' }))
    for (let n = 0; n < 500; n++) await a.set(`y${n}`, plainSession({ userId: `u${n}` }))
    await client.del('lembro-owner:sess:ann')
    // A later sign-in begins a list anew, with one session in it.
    await a.set('x13', plainSession({ userId: 'ann' }))
    assert.equal((await b.idsOf('ann')).length, 14)
    assert.equal(await b.destroyOwner('ann', { except: 'x0' }), 13)
    assert.deepEqual(await b.idsOf('ann'), ['x0'])
    assert.equal(await b.length(), 501)
  })

  it('costs no scan where nothing is evicted', async (t) => {
    const server = await RedisServer.start(t)
    const [a, client] = [await server.store(t), await server.connected(t)]
    await a.set('x', plainSession({ userId: 'ann' }))
    const scans = async () =>
      /cmdstat_scan:calls=(\d+)/.exec(await client.info('commandstats'))?.[1]
    const before = await scans()
    assert.equal(await a.destroyOwner('ann'), 1)
    assert.equal(await scans(), before)
  })
})

describe('a Redis that is full and evicts nothing', needsRedis, () => {
  it('still takes a touch of an owner’s session', async (t) => {
    const server = await RedisServer.start(t)
    const [store, client] = [await server.store(t, { touchAfter: 0 }), await server.connected(t)]
    await store.set('x', plainSession({ userId: 'ann' }, { maxAge: 60_000 }))
    await client.configSet('maxmemory', '100000')
    await assert.rejects(store.set('y', plainSession()), { code: 'EREDIS', message: /^OOM/ })
    await store.touch('x', plainSession({}, { maxAge: 7_200_000 }))
    assert.ok((await client.ttl('sess:x')) > 7100)
    // The list must not be over before its session is.
    assert.equal(await client.ttl('lembro-owner:sess:ann'), -1)
    await client.configSet('maxmemory', '0')
    assert.equal(await store.destroyOwner('ann'), 1)
    await until(
      async () => (await client.exists('lembro-owner:sess:ann')) === 0,
      'the list is gone',
    )
  })
})
