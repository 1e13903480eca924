/** Of `client.ts`, and of `connection.ts` with several servers: every library's clients, sentinels, a cluster, a server that speaks RESP 2 only. */

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Lembro } from '../../lib/redis/store'
import type { LembroOptions } from '../../lib/settings/options'
import { type ClientKind, clientOf } from '../support/clients'
import { describeContract } from '../support/contract'
import { EXCEPTIONS, TIMED } from '../support/home-exceptions'
import { oldServer } from '../support/old-server'
import { sendPages } from '../support/pages'
import { hasRedis, needsRedis, open, pause, type Scope, until } from '../support/redis'
import { hasMore, rounds } from '../support/rounds'
import { type Data, load, plainSession } from '../support/sessions'
import { cluster, sentinels, single, type Topology } from '../support/topologies'

const PAGES = rounds(50)
const RACES = rounds(200)
const AT_ONCE = 200

type Setting = [ClientKind['library'], () => Promise<Topology>, readonly ('contract' | 'pages')[]]

// From here, so that they end with the file and not with the first spec that uses them.
const once = (start: (t: Scope) => Promise<Topology>) => {
  const started = hasRedis ? start({ after }) : undefined
  started?.catch(() => {})
  return () => started as Promise<Topology>
}
const one = once(single)
const watched = once(sentinels)
const sharded = once(cluster)
const old = once(oldServer)

const SETTINGS: Setting[] = [
  ['redis 5', one, []],
  ['ioredis 6', one, hasMore ? ['contract', 'pages'] : []],
  ['ioredis 5', one, []],
  ['iovalkey', one, []],
  ['redis 6', watched, hasMore ? ['contract', 'pages'] : ['pages']],
  ['ioredis 6', watched, []],
  ['ioredis 5', watched, []],
  ['iovalkey', watched, []],
  ['redis 6', sharded, ['contract', 'pages']],
  ['redis 5', sharded, []],
  ['ioredis 6', sharded, hasMore ? ['contract', 'pages'] : []],
  ['ioredis 5', sharded, []],
  ['iovalkey', sharded, []],
  ['redis 6', old, hasMore ? ['contract', 'pages'] : ['contract']],
]
const NAMES = new Map([
  [one, 'one server'],
  [watched, 'sentinels'],
  [sharded, 'a cluster'],
  [old, 'a server of RESP 2'],
])

const NO_CACHE = 'there is no near cache where Redis can not tell of changes'
const ALONE = {
  'replaces a session, and counts it once': NO_CACHE,
  'takes a new session and a plain one under an id that was destroyed': NO_CACHE,
  'lets the last write win by default': NO_CACHE,
}

const kindOf = (library: ClientKind['library'], { kind, ports }: Topology): ClientKind => ({
  library,
  kind,
  ports,
})
const storeOf = (
  t: Scope,
  library: ClientKind['library'],
  topology: Topology,
  options: object = {},
) => open(t, { client: clientOf(kindOf(library, topology)), ...options })

for (const [library, start, shown] of SETTINGS) {
  const setting = `with ${library} before ${NAMES.get(start)}`

  describe(`lembro/redis ${setting}`, needsRedis, () => {
    it('keeps sessions and owners, and two stores hear of each other', async (t) => {
      const topology = await start()
      await topology.onPrimaries(['FLUSHALL'])
      const [a, b] = [await storeOf(t, library, topology), await storeOf(t, library, topology)]
      for (let n = 0; n < 20; n++) await a.set(`x${n}`, plainSession({ n, userId: `u${n % 3}` }))
      for (let n = 0; n < 20; n++) assert.equal(((await b.get(`x${n}`)) as Data).n, n)
      await a.set('x7', plainSession({ n: -7, userId: 'u1' }))
      await until(async () => ((await b.get('x7')) as Data).n === -7, 'b sees what a wrote')
      assert.equal(await b.length(), 20)
      assert.equal((await b.idsOf('u1')).length, 7)
      assert.equal(await b.destroyOwner('u1'), 7)
      await until(async () => (await a.get('x7')) === undefined, 'a sees the end')
      await a.clear()
      assert.equal(await b.length(), 0)
      const left = await topology.onPrimaries(['DBSIZE'])
      assert.deepEqual(
        left.map(Number),
        left.map(() => 0),
      )
    })

    it('tells each process once that a session was ended', async (t) => {
      const topology = await start()
      const [a, b] = [await storeOf(t, library, topology), await storeOf(t, library, topology)]
      const told: Record<string, string[]> = { a: [], b: [] }
      a.on('destroy', (sid) => told.a?.push(sid))
      b.on('destroy', (sid) => told.b?.push(sid))
      const sids = Array.from({ length: 40 }, (_, n) => `d${n}`)
      for (const sid of sids) await a.set(sid, plainSession({ userId: 'dan' }))
      await a.destroy(sids.slice(0, 10))
      await a.destroyOwner('dan')
      const heard = start === old ? [] : sids
      await until(async () => told.b?.length === heard.length, 'b hears of all')
      await b.get('none')
      assert.deepEqual(told.a?.sort(), [...sids].sort())
      assert.deepEqual(told.b?.sort(), [...heard].sort())
    })

    it('lets no slow save undo a logout, and merges', async (t) => {
      const topology = await start()
      const options = { onConflict: 'merge' }
      const [a, b] = [
        await storeOf(t, library, topology, options),
        await storeOf(t, library, topology, options),
      ]
      await a.set('y', plainSession())
      const [mine, theirs] = [await load(a, 'y'), await load(b, 'y')]
      mine.a = 1
      theirs.b = 1
      await Promise.all([a.set('y', mine), b.set('y', theirs)])
      const { a: one, b: other } = await load(a, 'y')
      assert.deepEqual([one, other], [1, 1])
      const slow = await load(a, 'y')
      await b.destroy('y')
      slow.late = true
      await a.set('y', slow)
      assert.equal(await a.get('y'), undefined)
    })

    it('keeps no stale session in races of a read with another’s write', async (t) => {
      const topology = await start()
      const [store, other] = [
        await storeOf(t, library, topology),
        await storeOf(t, library, topology),
      ]
      await racing(store, other)
    })
  })

  if (hasRedis && shown.includes('contract')) {
    describeContract(
      setting,
      async ({ client: _, ...options }: LembroOptions = {}) => {
        const topology = await start()
        await topology.onPrimaries(['FLUSHALL'])
        return storeOf({ after }, library, topology, options)
      },
      { ...EXCEPTIONS, ...TIMED, ...(start === old ? ALONE : {}) },
    )
  }

  if (shown.includes('pages')) {
    describe(`a page of two requests ${setting}`, needsRedis, () => {
      it('leaves nothing stale', async (t) => {
        const options = { touchAfter: 0 }
        const client = kindOf(library, await start())
        const { stale, late } = await sendPages(t, client, { pages: PAGES, options })
        t.diagnostic(`${PAGES} pages: ${late} seen late, ${stale} stale after 50 ms`)
        assert.equal(stale, 0)
      })
    })
  }
}

async function racing(store: Lembro, other: Lembro): Promise<void> {
  for (let from = 0; from < RACES; from += AT_ONCE) {
    const sids = Array.from({ length: AT_ONCE }, (_, i) => `r${from + i}`)
    await Promise.all(sids.map((sid) => other.set(sid, plainSession({ n: 1 }))))
    await Promise.all(
      sids.flatMap((sid, i) => {
        const write = () => other.set(sid, plainSession({ n: 2 }))
        return i % 2 === 0 ? [store.get(sid), write()] : [write(), store.get(sid)]
      }),
    )
    // Each server has told by then what it had to.
    await Promise.all(sids.map((sid) => store.get(`${sid}-none`)))
    await Promise.all(sids.map((sid) => store.get(`${sid}-none`)))
    for (const sid of sids) assert.equal(((await store.get(sid)) as Data).n, 2, sid)
  }
}

// At the same time, since most of each is waiting for the others to notice.
describe('a failover', { ...needsRedis, concurrency: true }, () => {
  for (const [name, start] of [
    ['sentinels', sentinels],
    ['a cluster', cluster],
  ] as const) {
    it(`behind ${name}, in the middle of writes: nothing old is served, calls fail at once, and it recovers`, async (t) => {
      const topology = await start(t)
      const [a, b] = [await storeOf(t, 'redis 6', topology), await storeOf(t, 'redis 6', topology)]
      let [written, acknowledged, failed, going] = [0, 0, 0, true]
      const writing = async () => {
        while (going) {
          await a.set('x', plainSession({ n: ++written })).then(
            () => {
              acknowledged = written
            },
            (error: { code?: string }) => {
              assert.ok(error.code, String(error))
              failed++
            },
          )
          await pause(2)
        }
      }
      const work = writing()
      await pause(200)
      await topology.failOver('sess:x')
      const before = acknowledged
      assert.ok(failed > 0, 'calls fail before another primary is there')
      await until(() => acknowledged > before + 3, 'writes go on')
      going = false
      await work
      await until(() => b.stats().near?.coherent === true, 'b is told of changes again')
      for (let n = 0; n < 5; n++) {
        await a.set('x', plainSession({ n: -n }))
        await until(async () => ((await b.get('x')) as Data)?.n === -n, 'b sees it')
      }
      t.diagnostic(`${failed} of ${written} writes failed`)
      assert.ok((b.stats().near?.losses ?? 0) > 0)
    })
  }
})

describe('a slot of a cluster that moves', needsRedis, () => {
  it('takes its sessions along, and changes there are told', async (t) => {
    const topology = await sharded()
    await topology.onPrimaries(['FLUSHALL'])
    const [a, b] = [await storeOf(t, 'redis 6', topology), await storeOf(t, 'redis 6', topology)]
    await a.set('m', plainSession({ n: 1 }))
    assert.equal(((await b.get('m')) as Data).n, 1)
    const writing = Array.from({ length: 200 }, async (_, i) => {
      await pause(i)
      await a.set('m', plainSession({ n: i }))
    })
    await topology.moveSlot?.('sess:m')
    await Promise.all(writing)
    await a.set('m', plainSession({ n: 1000 }))
    await until(async () => ((await b.get('m')) as Data).n === 1000, 'b sees it')
    await topology.write('sess:m', JSON.stringify(plainSession({ n: 1001 })))
    await until(async () => ((await b.get('m')) as Data).n === 1001, 'b hears of another’s write')
  })
})

describe('a client of one node of a cluster', needsRedis, () => {
  it('is told so at ready', async (t) => {
    const { ports } = await sharded()
    const client = { library: 'redis 6', kind: 'server', ports: ports.slice(0, 1) } as const
    await assert.rejects(open(t, { client: clientOf(client) }), /it is one node of a cluster/)
  })
})
