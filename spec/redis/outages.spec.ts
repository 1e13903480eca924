/** Servers that are silent, refuse commands, or go away, and processes that end. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { type Clock, systemClock } from '../../lib/clock'
import { HomeStore } from '../../lib/home/home-store'
import { homeOf } from '../../lib/redis/store'
import { FakeClock } from '../support/clock'
import { runNode } from '../support/process'
import { needsRedis, open, pause, RedisServer, type Scope, until } from '../support/redis'
import { plainSession } from '../support/sessions'
import { Way } from '../support/way'

/** A store, and what its `ready` heard; under a clock of its own, if one is given. */
function opened(t: Scope, client: ReturnType<RedisServer['client']>, clock: Clock = systemClock) {
  let store: HomeStore | undefined
  const ready = new Promise<Error | null>((resolve) => {
    const { home, settings, touchAfter } = homeOf({ client }, clock)
    store = new HomeStore(home, settings, touchAfter, { clock }, resolve)
    store.on('error', () => {})
    t.after(() => store?.close())
  })
  return { store: store as HomeStore, ready }
}

/** Lets the clock move by so many ms once a timer of that length is armed. */
async function passed(clock: FakeClock, ms: number): Promise<void> {
  await until(() => clock.armed.includes(ms), `a timer of ${ms} ms`)
  clock.pass(ms)
  clock.settle()
}

describe('a server that is silent', needsRedis, () => {
  it('from the start is given up after two seconds, and tried again', async (t) => {
    const server = await RedisServer.start(t)
    const proxy = await Way.open(t, server.port)
    proxy.fallSilent()
    const socket = { host: '127.0.0.1', port: proxy.port, reconnectStrategy: 50 }
    const clock = new FakeClock()
    const { store, ready } = opened(t, server.client({ socket }), clock)
    const get = store.get('x')
    await proxy.reached(1)
    await passed(clock, 2000)
    assert.match(String(await ready), /did not answer HELLO for 2000 ms/)
    await assert.rejects(get, { code: 'EOFFLINE' })
    assert.equal(store.stats().near?.connected, false)
    proxy.recover()
    await passed(clock, 50)
    await until(() => store.stats().near?.coherent === true, 'it is back')
    assert.equal(await store.get('x'), undefined)
  })

  it('when it is back from an outage is given up, and a later connection works', async (t) => {
    const server = await RedisServer.start(t)
    const proxy = await Way.open(t, server.port)
    const { store, ready } = opened(t, server.client({ socket: { port: proxy.port } }))
    assert.equal(await ready, null)
    await store.set('x', plainSession())
    proxy.fallSilent()
    await until(() => store.stats().near?.connected === false, 'the silence is known')
    // The first attempts are accepted and never answered.
    await pause(1000)
    proxy.recover()
    await until(() => store.stats().near?.connected === true, 'it is back')
    assert.notEqual(await store.get('x'), undefined)
  })

  it('is not waited for by those whose connection is lost: they fail at once, with a code', async (t) => {
    const server = await RedisServer.start(t)
    const proxy = await Way.open(t, server.port)
    const clock = new FakeClock()
    const { store, ready } = opened(t, server.client({ socket: { port: proxy.port } }), clock)
    await ready
    proxy.fallSilent()
    const underWay = [store.get('x'), store.set('y', plainSession()), store.destroy('z')]
    // The time between two pings, and that for an answer.
    await passed(clock, 500)
    await passed(clock, 1000)
    for (const call of underWay) await assert.rejects(call, { code: 'EOFFLINE' })
    // No time passes: it waits for nothing.
    await assert.rejects(store.get('x'), { code: 'EOFFLINE' })
  })
})

describe('a server that is gone', needsRedis, () => {
  it('fails every method once, with a code, and leaves no rejection that nobody handles', async (t) => {
    const server = await RedisServer.start(t)
    const { store, ready } = opened(t, server.client())
    await ready
    await store.set('x', plainSession({ userId: 'ann' }))
    const loaded = await store.get('x')
    await server.kill()
    await until(() => store.stats().near?.connected === false, 'the loss is known')
    const unhandled: unknown[] = []
    const hear = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', hear)
    t.after(() => process.off('unhandledRejection', hear))
    const calls = [
      () => store.get('x'),
      () => store.set('x', loaded ?? plainSession()),
      () => store.set('y', plainSession({ userId: 'ann' })),
      () => store.touch('y', plainSession()),
      () => store.destroy('x'),
      () => store.destroy(['x', 'y']),
      () => store.clear(),
      () => store.length(),
      () => store.ids(),
      () => store.all(),
      () => store.idsOf('ann'),
      () => store.sessionsOf('ann'),
      () => store.destroyOwner('ann'),
    ]
    for (const call of calls) await assert.rejects(call(), { code: 'EOFFLINE' }, String(call))
    await pause(20)
    assert.deepEqual(unhandled, [])
  })
})

describe('ready says what is missing', needsRedis, () => {
  it('of the rights of a user', async (t) => {
    const server = await RedisServer.start(t)
    const admin = await server.connected(t)
    const rights = ['on', '>secret', '~*', '&*', '+@all', '-eval', '-zadd']
    await admin.sendCommand(['ACL', 'SETUSER', 'site', ...rights])
    const client = server.client({ username: 'site', password: 'secret' })
    const { ready, store } = opened(t, client)
    assert.match(String(await ready), /Redis can't be used: it refuses EVAL, ZADD \(NOPERM/)
    await assert.rejects(store.get('x'), { code: 'EOFFLINE', message: /refuses EVAL/ })
    await admin.sendCommand(['ACL', 'SETUSER', 'site', '+@all'])
    await until(() => store.stats().near?.connected === true, 'it works once that is given')
    await store.set('x', plainSession({ userId: 'ann' }))
  })

  it('is nothing with the rights that docs/redis.md lists', async (t) => {
    const server = await RedisServer.start(t)
    const admin = await server.connected(t)
    const listed = RIGHTS.map((name) => `+${name}`)
    const keys = ['~sess:*', '~lembro-owner:sess:*', '&lembro-destroyed:*']
    await admin.sendCommand([
      'ACL',
      'SETUSER',
      'site',
      'on',
      '>secret',
      ...keys,
      '-@all',
      ...listed,
    ])
    const client = server.client({ username: 'site', password: 'secret', database: 2 })
    const store = await open(t, { client, onConflict: 'merge', touchAfter: 0 })
    await store.set('x', plainSession({ userId: 'ann' }))
    const session = await store.get('x')
    await store.touch('x', plainSession({}, { maxAge: 9_000_000 }))
    await store.set('x', session as never)
    assert.deepEqual(await store.idsOf('ann'), ['x'])
    assert.equal(await store.destroyOwner('ann'), 1)
    await store.clear()
    assert.equal(store.stats().near?.coherent, true)
  })

  it('where there is a replica, and where a primary becomes one', async (t) => {
    const [one, other] = [await RedisServer.start(t), await RedisServer.start(t)]
    const { ready } = opened(t, await replicaOf(other, one))
    assert.match(String(await ready), /it is a replica, which takes no writes/)
    const { store, ready: fine } = opened(t, one.client())
    assert.equal(await fine, null)
    await store.set('x', plainSession())
    const admin = await one.connected(t)
    await admin.sendCommand(['REPLICAOF', '127.0.0.1', String(other.port)])
    await assert.rejects(store.set('x', plainSession()), { code: 'EREDIS', message: /READONLY/ })
    await assert.rejects(store.get('x'), { code: 'EOFFLINE' })
  })

  it('what answers that is no Redis', async (t) => {
    const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    web.listen(0, '127.0.0.1')
    await once(web, 'listening')
    t.after(() => web.close())
    const server = await RedisServer.start(t)
    const { port } = web.address() as AddressInfo
    const { ready } = opened(t, server.client({ socket: { host: '127.0.0.1', port } }))
    assert.match(String(await ready), /does not speak the protocol of Redis/)
  })
})

async function replicaOf(server: RedisServer, of: RedisServer) {
  const client = server.client()
  await client.connect()
  await client.sendCommand(['REPLICAOF', '127.0.0.1', String(of.port)])
  client.destroy()
  return server.client()
}

/** As in docs/redis.md. */
const RIGHTS = [
  ...['get', 'pttl', 'set', 'expire', 'persist', 'exists', 'touch', 'del', 'scan', 'zadd', 'zrem'],
  ...['zrevrange', 'zrangebyscore', 'pexpire', 'eval', 'ping', 'hello', 'select'],
  ...['client|tracking', 'client|setname', 'info', 'publish', 'subscribe'],
]

describe('closing', needsRedis, () => {
  it('lets what is under way end first', async (t) => {
    const server = await RedisServer.start(t)
    const client = await server.connected(t)
    const store = await server.store(t)
    const sets = Array.from({ length: 100 }, (_, n) => store.set(`x${n}`, plainSession()))
    await store.close()
    await Promise.all(sets)
    assert.equal(await client.dbSize(), 100)
  })

  it('during the first connection leaves no socket', async (t) => {
    const sockets = new Set<Socket>()
    const silent = createServer((socket) => {
      sockets.add(socket)
      socket.resume()
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    })
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    t.after(() => silent.close())
    const server = await RedisServer.start(t)
    const { port } = silent.address() as AddressInfo
    // Under a clock that stands still, so that no limit of time ends it instead.
    const client = server.client({ socket: { host: '127.0.0.1', port } })
    const { store } = opened(t, client, new FakeClock())
    await until(() => sockets.size === 1, 'it is accepted')
    await store.close()
    await until(() => sockets.size === 0, 'it is closed')
  })

  it('is not needed for a process to end that has nothing else to do', async (t) => {
    const server = await RedisServer.start(t)
    const source = `
      const { createClient } = require('redis')
      const { Lembro } = require('./lib/redis/store')
      const client = createClient({ socket: { port: ${server.port} } })
      client.connect().then(async () => {
        const store = new Lembro({ client })
        await store.set('x', { cookie: {} })
        console.log((await store.get('x')) !== undefined)
        client.destroy()
      })`
    const { code, out, err } = await runNode(source)
    assert.deepEqual([code, out.trim(), err], [0, 'true', ''])
  })
})
