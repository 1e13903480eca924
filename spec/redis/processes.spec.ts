import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fork } from '../support/fork'
import { needsRedis, pause, RedisServer } from '../support/redis'
import { rounds } from '../support/rounds'
import { type Data, plainSession } from '../support/sessions'

const RACES = rounds(4000)
const AT_ONCE = 500
const LOGOUTS = 100

describe('several processes on one Redis', needsRedis, () => {
  it('sign out together', async (t) => {
    const server = await RedisServer.start(t)
    const store = await server.store(t)
    const others = await Promise.all([1, 2].map(() => Fork.start(t, server.port)))
    const lags: number[] = []
    for (let n = 0; n < LOGOUTS; n++) {
      const sid = `x${n}`
      await store.set(sid, plainSession({ userId: 'ann' }))
      const gone = others.map((other) => other.watch(sid))
      await pause(3)
      await store.destroy(sid)
      const acknowledged = performance.timeOrigin + performance.now()
      for (const at of await Promise.all(gone)) lags.push(at - acknowledged)
    }
    lags.sort((a, b) => a - b)
    const at = (share: number) => lags[Math.floor(lags.length * share)] as number
    const [p50, p99] = [at(0.5), at(0.99)]
    t.diagnostic(`after the acknowledgement: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`)
  })

  it('lose no key that three of them write into one session at once', async (t) => {
    const server = await RedisServer.start(t)
    const store = await server.store(t)
    const names = ['a', 'b', 'c']
    const forks = await Promise.all(names.map(() => Fork.start(t, server.port)))
    await store.set('x', plainSession())
    const writes = names.map((name, i) => (forks[i] as Fork).write('x', name, 200))
    const conflicts = (await Promise.all(writes)).reduce((sum, each) => sum + each, 0)
    const expected = names.flatMap((name) => Array.from({ length: 200 }, (_, n) => `${name}-${n}`))
    const { cookie: _, ...data } = (await store.get('x')) as Data
    assert.deepEqual(Object.keys(data).sort(), expected.sort())
    t.diagnostic(`${conflicts} of 600 saves met a conflict`)
    assert.ok(conflicts > 0)
  })

  it(`keep no stale session in ${RACES} races of a read with another's write`, async (t) => {
    const server = await RedisServer.start(t)
    const [store, client] = [await server.store(t, { maxSize: '64M' }), await server.connected(t)]
    const text = (n: number) => JSON.stringify(plainSession({ n }))
    for (let from = 0; from < RACES; from += AT_ONCE) {
      const keys = Array.from({ length: AT_ONCE }, (_, i) => `${from + i}`)
      await client.mSet(Object.fromEntries(keys.map((key) => [`sess:${key}`, text(1)])))
      const races = keys.flatMap((key, i) => {
        const write = () => client.set(`sess:${key}`, text(2), { EX: 60 })
        const read = () => store.get(key)
        return i % 2 === 0 ? [read(), write()] : [write(), read()]
      })
      await Promise.all(races)
      // The last word on the store's own connection: what was told before has arrived.
      await store.get('nobody')
      await store.get('nobody')
      for (const key of keys) assert.equal(((await store.get(key)) as Data).n, 2, key)
    }
    const { near } = store.stats()
    t.diagnostic(
      `${near?.invalidations} were told of while the read was under way, or right after it`,
    )
    assert.ok((near?.invalidations ?? 0) > RACES / 100)
  })
})
