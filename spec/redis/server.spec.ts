/** Of `redis-home.ts`, `connection.ts`, `line.ts`, `commands.ts` and `store.ts`, with a real server. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { HomeStore } from '../../lib/home/home-store'
import { homeOf, Lembro } from '../../lib/redis/store'
import type { Departure } from '../../lib/session/told'
import { FakeClock } from '../support/clock'
import { runNode } from '../support/process'
import { needsRedis, open, pause, RedisServer, until } from '../support/redis'
import { type Data, plainSession } from '../support/sessions'
import { nextTurn } from '../support/time'
import { Way } from '../support/way'

type Stored = Data | undefined

describe('in front of a real server, a near cache', needsRedis, () => {
  it('is told of what any client does, and finds nothing after a flush during reads', async (t) => {
    const server = await RedisServer.start(t)
    const [store, client] = [await server.store(t), await server.connected(t)]
    for (let n = 0; n < 500; n++) await store.set(`x${n}`, plainSession({ n }))
    let reading = true
    const readers = [1, 2, 3, 4].map(async (r) => {
      for (let n = r; reading; n++) {
        await store.get(`x${n % 500}`)
        await nextTurn()
      }
    })
    await pause(20)
    await client.flushAll()
    await pause(20)
    reading = false
    await Promise.all(readers)
    for (let n = 0; n < 500; n++) assert.equal(await store.get(`x${n}`), undefined)
    assert.equal(store.stats().sessions, 0)
  })

  it('lets a session go that Redis let expire', async (t) => {
    const server = await RedisServer.start(t)
    const [store, client] = [await server.store(t), await server.connected(t)]
    await store.set('x', plainSession())
    await client.pExpire('sess:x', 30)
    await until(async () => (await store.get('x')) === undefined, 'x has expired')
  })

  it('lets go what Redis evicts', async (t) => {
    const server = await RedisServer.start(t, ['--maxmemory-policy', 'allkeys-lru'])
    const [store, client] = [await server.store(t, { maxSize: '64M' }), await server.connected(t)]
    const text = 'x'.repeat(2000)
    for (let n = 0; n < 1000; n++) await store.set(`x${n}`, plainSession({ n, text }))
    await client.configSet('maxmemory', '2000000')
    await client.set('other', 'y'.repeat(100_000))
    await client.configSet('maxmemory', '0')
    await pause(50)
    const left = new Set(await store.ids())
    assert.ok(left.size < 1000, 'some were evicted')
    for (let n = 0; n < 1000; n++) {
      assert.equal((await store.get(`x${n}`)) !== undefined, left.has(`x${n}`), `x${n}`)
    }
  })

  it('serves nothing old while Redis is killed and restarted under load, and recovers by itself', async (t) => {
    const server = await RedisServer.start(t, ['--appendonly', 'yes', '--appendfsync', 'always'])
    const [a, b] = [await server.store(t), await server.store(t)]
    for (const store of [a, b]) store.on('error', () => {})
    let written = 0
    let [served, failed, stale] = [0, 0, 0]
    let going = true
    await a.set('x', plainSession({ n: 0 }))
    const writer = async () => {
      while (going) {
        const next = written + 1
        try {
          await a.set('x', plainSession({ n: next }))
          written = next
        } catch {
          // It may have been stored or not: the next one goes beyond it either way.
          written = next
          await pause(1)
        }
        await pause(1)
      }
    }
    let acknowledged = 0
    const reader = async () => {
      while (going) {
        // What was acknowledged a while ago: an invalidation may still be under way for a moment.
        const before = acknowledged
        try {
          const n = Number(((await b.get('x')) as Stored)?.n ?? Number.POSITIVE_INFINITY)
          served++
          if (n < before) stale++
        } catch {
          failed++
        }
        await pause(0)
      }
    }
    const watch = async () => {
      while (going) {
        const session = (await a.get('x').catch(() => undefined)) as Stored
        await pause(20)
        if (session !== undefined) acknowledged = Math.max(acknowledged, Number(session.n))
      }
    }
    const work = [writer(), reader(), watch()]
    for (let round = 0; round < 3; round++) {
      const [servedBefore, failedBefore] = [served, failed]
      await until(() => served >= servedBefore + 40, 'it serves')
      await server.kill()
      await until(() => b.stats().near?.coherent === false, 'the loss is known')
      await assert.rejects(b.get('x'), /not connected|closed/)
      await until(() => failed > failedBefore, 'the reader is told')
      await server.start()
      await until(
        () => [a, b].every((store) => store.stats().near?.coherent === true),
        'both are back',
      )
    }
    going = false
    await Promise.all(work)
    t.diagnostic(`${served} served, ${failed} failed fast, ${stale} stale`)
    assert.equal(stale, 0)
    assert.equal(b.stats().near?.losses, 3)
    await a.set('x', plainSession({ n: -1 }))
    await until(async () => ((await b.get('x')) as Stored)?.n === -1, 'b reads what a writes')
  })

  it('knows within 1.5 s that nothing comes through any more', async (t) => {
    const server = await RedisServer.start(t)
    const proxy = await Way.open(t, server.port)
    const socket = { host: '127.0.0.1', port: proxy.port, reconnectStrategy: 50 }
    const clock = new FakeClock()
    const { home, settings, touchAfter } = homeOf({ client: server.client({ socket }) }, clock)
    const store = new HomeStore(home, settings, touchAfter, { clock }, undefined)
    t.after(() => store.close())
    store.on('error', () => {})
    const told: string[] = []
    for (const event of ['disconnect', 'connect']) store.on(event, () => told.push(event))
    const live = () => plainSession({}, { expires: new Date(clock.now() + 60_000) })
    await store.set('x', live())
    const other = await server.connected(t)
    proxy.fallSilent()
    await other.del('sess:x')
    // The next ping is not answered, and until then nobody knows.
    for (const ms of [500, 1000]) {
      assert.notEqual(await store.get('x'), undefined)
      await until(() => clock.armed.includes(ms), `a timer of ${ms} ms`)
      clock.pass(ms)
      clock.settle()
    }
    await assert.rejects(store.get('x'), { code: 'EOFFLINE' })
    proxy.recover()
    await until(() => {
      clock.pass(50)
      return store.stats().near?.coherent === true
    }, 'it is back')
    assert.equal(await store.get('x'), undefined)
    assert.deepEqual(told, ['connect', 'disconnect', 'connect'])
  })

  it('is not mistaken by a process that is busy itself', async (t) => {
    const server = await RedisServer.start(t)
    const store = await server.store(t)
    await pause(520)
    for (let end = performance.now() + 1700; performance.now() < end; );
    await pause(700)
    assert.equal(store.stats().near?.losses, 0)
  })

  it('is left out where CLIENT TRACKING is refused, with one warning', async (t) => {
    const server = await RedisServer.start(t)
    const admin = await server.connected(t)
    await admin.sendCommand([
      'ACL',
      'SETUSER',
      'site',
      'on',
      '>secret',
      '~*',
      '&*',
      '+@all',
      '-client|tracking',
    ])
    const warned: Error[] = []
    const hear = (warning: Error) => warned.push(warning)
    process.on('warning', hear)
    t.after(() => process.off('warning', hear))
    const stores = [1, 2].map(() =>
      open(t, { client: server.client({ username: 'site', password: 'secret' }) }),
    )
    const [a, b] = (await Promise.all(stores)) as [Lembro, Lembro]
    await a.set('x', plainSession({ n: 1 }))
    assert.equal(((await b.get('x')) as Stored)?.n, 1)
    await a.set('x', plainSession({ n: 2 }))
    assert.equal(((await b.get('x')) as Stored)?.n, 2)
    assert.deepEqual(b.stats().near, { ...b.stats().near, hits: 0, loads: 2, coherent: false })
    assert.equal(warned.filter(({ message }) => /CLIENT TRACKING/.test(message)).length, 1)
  })
})

describe('the event of a destroyed session', needsRedis, () => {
  it('has the session, and is of one database and prefix', async (t) => {
    const server = await RedisServer.start(t)
    const settings = [{ database: 0 }, { database: 0 }, { database: 1 }, { prefix: 'other:' }]
    const told: unknown[][] = settings.map(() => [])
    const stores = settings.map(async ({ database, prefix }, i) => {
      const store = await open(t, { client: server.client({ database }), prefix })
      store.on('destroy', (sid, { owner, bytes, session }: Departure) => {
        told[i]?.push(sid, owner, bytes > 100, (session as Data).n)
      })
      return store
    })
    const [a] = (await Promise.all(stores)) as [Lembro]
    await a.set('é\n', plainSession({ n: 'ü', userId: 7 }))
    await a.destroy('é\n')
    const all = ['é\n', '7', true, 'ü']
    await until(async () => told[1]?.length === 4, 'the other process hears of it')
    assert.deepEqual(told, [all, all, [], []])
  })

  it('is sent to none that does not listen', async (t) => {
    const server = await RedisServer.start(t)
    const admin = await server.connected(t)
    const [a, b] = [await server.store(t), await server.store(t)]
    await a.set('x', plainSession({ n: 1 }))
    await a.destroy('x')
    const channels = () => admin.sendCommand(['PUBSUB', 'CHANNELS'])
    assert.deepEqual(await channels(), [])
    const told: unknown[] = []
    b.on('destroy', (sid) => told.push(sid))
    await b.get('none')
    const channel = 'lembro-destroyed:0:sess:'
    assert.deepEqual(await admin.sendCommand(['PUBSUB', 'NUMSUB', channel]), [channel, 1])
    await a.set('y', plainSession({ n: 2 }))
    await a.destroy('y')
    await until(async () => told.length === 1, 'b hears of it')
    assert.deepEqual(told, ['y'])
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await until(async () => b.stats().near?.losses === 1, 'b notices the loss')
    await until(async () => b.stats().near?.coherent === true, 'b is back')
    assert.deepEqual(await admin.sendCommand(['PUBSUB', 'NUMSUB', channel]), [channel, 1])
  })

  it('is left to the process that ended it where the user may use no channel, which is said once', async (t) => {
    const server = await RedisServer.start(t)
    const admin = await server.connected(t)
    const rights = ['on', '>secret', '~*', 'resetchannels', '+@all']
    await admin.sendCommand(['ACL', 'SETUSER', 'site', ...rights])
    const emitted = t.mock.method(process, 'emitWarning', () => {})
    const client = () => server.client({ username: 'site', password: 'secret' })
    const [a, b] = [await open(t, { client: client() }), await open(t, { client: client() })]
    const told: string[] = []
    a.on('destroy', (sid) => told.push(`a ${sid}`))
    b.on('destroy', (sid) => told.push(`b ${sid}`))
    await a.set('x', plainSession())
    await a.destroy('x')
    assert.equal(await b.get('x'), undefined)
    assert.deepEqual(told, ['a x'])
    const said = emitted.mock.calls.map(({ arguments: [message] }) => String(message))
    assert.equal(said.length, 1)
    assert.match(String(said[0]), /refuses SUBSCRIBE .*the event 'destroy' comes only in/)
  })
})

describe('the ready callback', needsRedis, () => {
  const failure = (t: Parameters<typeof open>[0], client: ReturnType<RedisServer['client']>) =>
    new Promise<Error | null>((resolve) => {
      const store = new Lembro({ client }, resolve)
      store.on('error', () => {})
      t.after(() => store.close())
    })

  it('says that the password is wrong', async (t) => {
    const server = await RedisServer.start(t, ['--requirepass', 'secret'])
    const error = await failure(t, server.client({ password: 'guess' }))
    assert.match(String(error), /Redis can't be used: WRONGPASS/)
    assert.doesNotMatch(String(error), /guess/)
  })

  it('says that nobody listens there; later calls fail at once, and all is well once somebody does', async (t) => {
    const server = await RedisServer.start(t)
    await server.kill()
    const client = server.client()
    const error = await new Promise<Error | null>((resolve) => {
      const store = new Lembro({ client }, (failed) => {
        resolve(failed)
        t.after(() => store.close())
      })
      store.on('error', () => {})
      store.once('connect', () => store.set('x', plainSession(), () => store.emit('stored')))
      t.after(() => store.close())
      Object.assign(t, { store })
    })
    const { store } = t as unknown as { store: Lembro }
    assert.match(String(error), /Redis can't be used: .*ECONNREFUSED/)
    await assert.rejects(store.get('x'), { code: 'EOFFLINE' })
    const stored = new Promise((resolve) => store.once('stored', resolve))
    await server.start()
    await stored
    assert.notEqual(await store.get('x'), undefined)
  })

  it('has TLS options passed through, and says what is wrong with TLS', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lembro-tls-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(folder, name)) as [
      string,
      string,
    ]
    const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes']
    const files = ['-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...files], {
      stdio: 'ignore',
    })
    const server = await RedisServer.start(t)
    const pair = { key: readFileSync(key), cert: readFileSync(cert) }
    const proxy = await Way.open(t, server.port, pair)
    const socket = { host: '127.0.0.1', port: proxy.port, tls: true, servername: 'localhost' }
    const store = await open(t, { client: server.client({ socket: { ...socket, ca: pair.cert } }) })
    await store.set('x', plainSession({ n: 1 }))
    assert.equal(((await store.get('x')) as Stored)?.n, 1)
    const untrusted = await failure(t, server.client({ socket }))
    assert.match(String(untrusted), /Redis can't be used: self-signed certificate/)
    const plain = await failure(
      t,
      server.client({ socket: { ...socket, port: server.port, connectTimeout: 300 } }),
    )
    assert.match(String(plain), /Redis can't be used: ./)
  })
})

describe("the application's client", needsRedis, () => {
  it('is neither altered, connected nor closed', async (t) => {
    const server = await RedisServer.start(t)
    const options = { socket: { host: '127.0.0.1', port: server.port }, name: 'site' }
    const client = server.client(options)
    const before = JSON.stringify(client.options)
    const events = client.eventNames().length
    const store = await open(t, { client })
    await store.set('x', plainSession())
    await store.close()
    assert.equal(client.isOpen, false)
    assert.equal(JSON.stringify(client.options), before)
    assert.equal(client.eventNames().length, events)
    await client.connect()
    t.after(() => client.destroy())
    assert.equal(await client.exists('sess:x'), 1)
  })

  it('may have a database, a prefix for all keys, a type mapping and a cache of its own', async (t) => {
    const server = await RedisServer.start(t)
    const client = await server.connected(t, {
      database: 3,
      keyPrefix: 'app:',
      RESP: 3,
      clientSideCache: { ttl: 0, maxEntries: 10 },
      commandOptions: { typeMapping: { 36: Buffer } },
    })
    const store = await open(t, { client })
    await store.set('x', plainSession({ n: 1, userId: 'ann' }))
    const raw = await server.connected(t, { database: 3 })
    assert.deepEqual((await raw.keys('*')).sort(), ['app:lembro-owner:sess:ann', 'app:sess:x'])
    assert.deepEqual(await store.ids(), ['x'])
    assert.deepEqual(await store.idsOf('ann'), ['x'])
    await raw.del('app:sess:x')
    await until(async () => (await store.get('x')) === undefined, 'x is gone')
  })

  it('lets a process end that closes its store', async (t) => {
    const server = await RedisServer.start(t)
    const source = `
      const { createClient } = require('redis')
      const { Lembro } = require('./lib/redis/store')
      const store = new Lembro({ client: createClient({ socket: { port: ${server.port} } }) }, async () => {
        await store.close()
        store.on('error', () => {})
        await store.get('x').catch((error) => console.log(error.code))
      })`
    const { code, out, err } = await runNode(source)
    assert.deepEqual([code, out.trim(), err], [0, 'ECLOSED', ''])
  })
})
