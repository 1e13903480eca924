import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { needsRedis, pause, RedisServer, type Scope, until } from '../support/redis'
import { load, plainSession } from '../support/sessions'

const ANN = 'lembro-owner:sess:ann'

async function opened(t: Scope) {
  const server = await RedisServer.start(t)
  const [client, a, b] = [await server.connected(t), await server.store(t), await server.store(t)]
  return { server, client, a, b, list: () => client.zRange(ANN, 0, -1) }
}

describe("an owner's list in Redis", needsRedis, () => {
  it('loses a session that is destroyed, and goes with the last', async (t) => {
    const { client, a, list } = await opened(t)
    for (const sid of ['x', 'y']) await a.set(sid, plainSession({ userId: 'ann' }))
    assert.deepEqual(await list(), ['x', 'y'])
    await a.destroy('x')
    assert.deepEqual(await list(), ['y'])
    await a.destroyOwner('ann')
    assert.equal(await client.exists(ANN), 0)
  })

  it('loses a session that its owner signs out of without ending it', async (t) => {
    const { a, list } = await opened(t)
    await a.set('x', plainSession({ userId: 'ann' }))
    const live = await load(a, 'x')
    delete live.userId
    await a.set('x', live)
    assert.deepEqual(await list(), [])
  })

  it('lives a fifth longer than the longest of its sessions, and no longer', async (t) => {
    const { client, a } = await opened(t)
    await a.set('x', plainSession({ userId: 'ann' }, { maxAge: 3_600_000 }))
    await a.set('y', plainSession({ userId: 'ann' }, { maxAge: 60_000 }))
    assert.ok(Math.abs((await client.ttl(ANN)) - 1.2 * 3600) <= 1)
    await a.touch('x', plainSession({}, { maxAge: 7_200_000 }))
    assert.ok(Math.abs((await client.ttl(ANN)) - 1.2 * 7200) <= 1)
    await a.set('z', plainSession({ userId: 'ann' }, { maxAge: 50 }))
    const alone = plainSession({ userId: 'bob' }, { maxAge: 500 })
    await a.set('w', alone)
    await pause(1100)
    assert.equal(await client.exists('lembro-owner:sess:bob'), 0)
  })

  it('keeps a session that another process has prolonged, whatever the list said', async (t) => {
    const { client, a, b, list } = await opened(t)
    await a.set('x', plainSession({ userId: 'ann' }, { maxAge: 900 }))
    await a.set('y', plainSession({ userId: 'ann' }, { maxAge: 900 }))
    await client.expire('sess:x', 60)
    await client.expire(ANN, 60)
    await pause(1100)
    assert.deepEqual(await b.idsOf('ann'), ['x'])
    await b.set('z', plainSession({ userId: 'ann' }))
    assert.deepEqual((await list()).sort(), ['x', 'z'])
    assert.equal(await b.destroyOwner('ann'), 2)
  })

  it('signs out hundreds of sessions, and only those', async (t) => {
    const { a, b } = await opened(t)
    const sets = []
    for (let n = 0; n < 700; n++) {
      sets.push(a.set(`x${n}`, plainSession({ userId: n % 7 === 0 ? 'bob' : 'ann' })))
    }
    await Promise.all(sets)
    assert.equal((await b.idsOf('ann')).length, 600)
    assert.equal(await b.destroyOwner('ann', { except: 'x1' }), 599)
    assert.equal(await a.length(), 101)
    assert.equal(await a.idsOf('bob').then((ids) => ids.length), 100)
  })
})

describe('all sessions in Redis', needsRedis, () => {
  it('are those with the prefix, whatever else is there, and are found without KEYS', async (t) => {
    const { server, client, a } = await opened(t)
    const odd = await server.store(t, { prefix: 's[1]*:' })
    await client.mSet({ other: '1', 's1x:': '2', sess: '3' })
    for (const sid of ['x', 'y']) await a.set(sid, plainSession({ userId: 'ann' }))
    await odd.set('z', plainSession())
    assert.deepEqual((await a.ids()).sort(), ['x', 'y'])
    assert.deepEqual(await odd.ids(), ['z'])
    assert.deepEqual(Object.keys(await a.all()).sort(), ['x', 'y'])
    await a.clear()
    assert.deepEqual([await a.length(), await odd.length()], [0, 1])
    assert.equal(await client.exists(['other', 's1x:', 'sess']), 3)
    assert.equal(a.stats().destroyed, 2)
    const calls = await client.info('commandstats')
    assert.doesNotMatch(calls, /cmdstat_keys/)
  })
})

describe('the calls of one process', needsRedis, () => {
  it('take effect in their order, also where Redis has forgotten the scripts', async (t) => {
    const { client, server } = await opened(t)
    const store = await server.store(t)
    for (let n = 0; n < 3; n++) {
      await store.set('x', plainSession({ userId: 'ann' }))
      const live = await load(store, 'x')
      live.n = n
      await client.scriptFlush()
      const [, , read, , then] = await Promise.all([
        store.set('x', live),
        store.destroy('x'),
        store.get('x'),
        store.set('x', plainSession({ userId: 'ann', n })),
        store.get('x'),
      ])
      assert.equal(read, undefined)
      assert.equal((then as { n?: number } | undefined)?.n, n)
    }
  })
})

describe('the lists of owners', needsRedis, () => {
  it('keep nothing of what another process ended, whoever read it', async (t) => {
    const { client, a, b, list } = await opened(t)
    const forever = { expires: null }
    for (const sid of ['v', 'w', 'x', 'y', 'z']) {
      await a.set(sid, plainSession({ userId: 'ann' }, forever))
    }
    await b.destroy('x')
    assert.deepEqual(await list(), ['v', 'w', 'y', 'z'])
    await client.del('sess:w')
    assert.equal(await b.destroyOwner('ann', { except: 'y' }), 2)
    assert.deepEqual(await list(), ['y'])
    await a.clear()
    assert.deepEqual(await client.keys('*'), [])
  })

  it('lose what has expired once the owner signs in again', async (t) => {
    const { a, list } = await opened(t)
    for (let n = 0; n < 5; n++)
      await a.set(`x${n}`, plainSession({ userId: 'ann' }, { maxAge: 50 }))
    await a.set('y', plainSession({ userId: 'ann' }))
    await pause(1100)
    await a.set('z', plainSession({ userId: 'ann' }))
    await until(async () => (await list()).length === 2, 'only the live are listed')
  })

  it('are not written again while a session is known to be listed', async (t) => {
    const { client, a } = await opened(t)
    await a.set('x', plainSession({ userId: 'ann' }))
    const live = await load(a, 'x')
    await client.configResetStat()
    for (let n = 0; n < 50; n++) {
      live.n = n
      await a.set('x', live)
      await a.get('x')
    }
    const stats = await client.info('commandstats')
    assert.match(stats, /cmdstat_set:calls=50,/)
    assert.doesNotMatch(stats, /cmdstat_(zadd|eval)/)
  })

  it('do not stop for a text that nobody can read', async (t) => {
    const { client, a, b } = await opened(t)
    const errors: string[] = []
    b.on('error', ({ message }) => errors.push(message))
    for (const sid of ['x', 'y', 'z']) await a.set(sid, plainSession({ userId: 'ann' }))
    await client.set('sess:y', '{"userId":"ann"')
    assert.deepEqual(Object.keys(await b.all()).sort(), ['x', 'z'])
    assert.equal(await b.destroyOwner('ann'), 3)
    assert.equal(await client.dbSize(), 0)
    assert.equal(errors.length, 1)
  })
})
