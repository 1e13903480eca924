/** Of `store.ts`, `session-store.ts` and `core.ts`: a whole store. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import session from 'express-session'
import { Lembro, toSid } from '../lib/store'
import { describeContract } from './support/contract'
import { newSaveFile } from './support/folder'
import { runNode } from './support/process'
import { open } from './support/saving'
import { type Data, load, newSession, plainSession, roundTrip, slicedSid } from './support/sessions'
import { storeAt } from './support/store'
import { nextTurn, stopTime } from './support/time'

describeContract('in memory', async (options, clock) =>
  clock === undefined ? new Lembro(options) : storeAt(clock, options),
)

describe('toSid', () => {
  it('takes texts and numbers', () => {
    assert.deepEqual(['a', '', 7].map(toSid), ['a', '', '7'])
  })

  it('refuses the rest in words of its own', () => {
    const others = [undefined, null, {}, Object.create(null), [], Symbol('s'), true, () => {}]
    for (const sid of others) {
      assert.throws(() => toSid(sid), /^TypeError: sid: expected a string; got /)
    }
  })
})

describe('the constructor', () => {
  it('calls ready once the store can be used, later, with or without options', async () => {
    for (const args of [[], [{ maxSize: '1M' }], [null]] as [][]) {
      let returned = false
      await new Promise<void>((resolve) => {
        new Lembro(...args, (error: Error | null) => {
          assert.equal(error, null)
          assert.equal(returned, true)
          resolve()
        })
        returned = true
      })
    }
  })

  it("shows the options completed, and leaves the caller's alone", () => {
    const given = Object.freeze({ maxSize: '512k', checkPeriod: 1000, dispose: null, max: 0 })
    const { options } = new Lembro(given)
    assert.deepEqual(options, { ...given, maxSize: 512 * 1024, interval: 1000 })
    assert.deepEqual(new Lembro().options, {
      maxSize: 4 * 1024 ** 2,
      interval: 360_000,
      max: Infinity,
    })
  })

  it('refuses a ready that is no function', () => {
    for (const ready of ['yes', 7, {}, true]) {
      const message = /^ready: expected a function; got /
      assert.throws(() => new Lembro({}, ready as never), { name: 'TypeError', message })
    }
    new Lembro({}, null as never)
  })

  it('is a Store of express-session', () => {
    assert.ok(new Lembro() instanceof session.Store)
  })
})

describe('set', () => {
  it('has taken effect when it returns, as touch and destroy have', async () => {
    const store = new Lembro()
    store.set('a', plainSession({ n: 1 }))
    const read = store.get('a')
    store.destroy('a')
    assert.equal(((await read) as Data).n, 1)
    assert.equal(await store.get('a'), undefined)
  })

  it('keeps the total true while one session is overwritten 100,000 times', async () => {
    const store = new Lembro({ maxSize: '64K' })
    store.set('a', plainSession({ text: 'x' }))
    const { bytes } = store.stats()
    for (let n = 1; n <= 100_000; n++)
      store.set('a', plainSession({ text: 'x'.repeat(n % 500) }), undefined)
    store.set('a', plainSession({ text: 'x' }))
    assert.equal(store.stats().bytes, bytes)
    for (let n = 0; n < 1000; n++) store.set(`b${n}`, plainSession({ text: 'x'.repeat(500) }))
    assert.ok(store.stats().bytes <= 64 * 1024)
    await nextTurn()
  })

  it('takes text for a session that is serialised already, as express-lembro does', async () => {
    const store = new Lembro()
    await store.set('a', JSON.stringify(plainSession({ n: 1 })) as unknown as Data)
    assert.equal(((await store.get('a')) as Data).n, 1)
  })

  it('makes room before it stores: the budget holds at every moment, for listeners too', async () => {
    const store = new Lembro({ maxSize: 20_000 })
    let heard = 0
    const check = () =>
      assert.ok(store.stats().bytes <= 20_000, `${++heard}: ${store.stats().bytes}`)
    for (const event of ['evict', 'reduce']) store.on(event, check)
    store.on('error', (error) => assert.fail(error))
    for (let n = 0; n < 500; n++) {
      store.set(`s${n}`, plainSession({ text: 'x'.repeat(n % 700) }))
      check()
    }
    await nextTurn()
    assert.ok(store.stats().evicted.anonymous > 0)
  })

  it('trims to 75% once full, oldest first, by the time it returns', async (t) => {
    // Stopped, so that the trim is done within its first slice on a slow machine too.
    const store = storeAt(stopTime(t).clock, { maxSize: 10_000 })
    store.set('s0', plainSession())
    const weight = store.stats().bytes
    const room = Math.floor(10_000 / weight)
    for (let n = 1; n < room; n++) store.set(`s${n}`, plainSession())
    assert.equal(store.stats().sessions, room)
    store.set('last', plainSession())
    const kept = Math.floor(7500 / weight)
    assert.equal(store.stats().sessions, kept)
    const newest = Array.from({ length: kept - 1 }, (_, i) => `s${room - 1 - i}`)
    assert.deepEqual(await store.ids(), ['last', ...newest])
  })

  it('lets an expired session go before any live one', async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { max: 3, interval: false })
    store.set('oldest', plainSession())
    store.set('brief', plainSession({}, { maxAge: 10 }))
    store.set('newer', plainSession())
    time.pass(10)
    store.set('newest', plainSession())
    assert.deepEqual(await store.ids(), ['newest', 'newer', 'oldest'])
    const { anonymous, owned } = store.stats().evicted
    assert.deepEqual([anonymous, owned], [0, 0])
  })

  it('counts a cookie that grew, and makes room for it', async () => {
    const store = new Lembro({ maxSize: 8000 })
    for (let n = 0; n < 20; n++) store.set(`s${n}`, plainSession())
    const { bytes } = store.stats()
    await store.touch('s19', plainSession({}, { path: `/${'x'.repeat(1000)}` }))
    assert.ok(store.stats().bytes >= bytes + 1000 || store.stats().evicted.anonymous > 0)
    await store.touch('s19', plainSession({}, { path: `/${'x'.repeat(2000)}` }))
    assert.ok(store.stats().bytes <= 8000)
    await assert.rejects(store.touch('s19', plainSession({}, { path: `/${'x'.repeat(9000)}` })), {
      code: 'ESESSIONTOOBIG',
    })
    assert.equal((await store.get('s19'))?.cookie.path?.length, 2001)
  })
})

describe('touch', () => {
  it('of a session of one store leaves it alone in another, as set and destroy do', async () => {
    const one = new Lembro()
    const other = new Lembro()
    await one.set('a', newSession(one, 'a', { n: 1 }))
    const loaded = await load(one, 'a')
    await other.touch('a', loaded)
    assert.equal(other.stats().sessions, 0)
    await other.set('a', loaded)
    await other.touch('a', loaded)
    await other.destroy('a')
    assert.equal(((await one.get('a')) as Data | undefined)?.n, 1)
    assert.deepEqual([one.stats().sessions, other.stats().sessions], [1, 0])
  })

  it('neither parses nor serialises the body, with a serializer of the user either', async () => {
    const calls: string[] = []
    const serializer = {
      stringify: (value: Data) => {
        calls.push('stringify')
        return JSON.stringify(value)
      },
      parse: (text: string) => {
        calls.push('parse')
        return JSON.parse(text)
      },
    }
    const store = new Lembro({ serializer: serializer as never })
    await store.set('a', plainSession({ n: 1 }))
    const prolonged = plainSession({}, { maxAge: 90_000 })
    await store.touch('a', prolonged)
    assert.deepEqual(calls, ['stringify'])
    const read = (await store.get('a')) as Data
    assert.deepEqual([read.n, read.cookie], [1, roundTrip(prolonged.cookie)])
    assert.deepEqual(calls, ['stringify', 'parse'])
  })

  it('makes a session the newest, which get alone does not', async () => {
    const store = new Lembro({ max: 2 })
    store.set('a', plainSession())
    store.set('b', plainSession())
    await store.get('a')
    assert.deepEqual(await store.ids(), ['b', 'a'])
    await store.touch(slicedSid('a'), plainSession())
    store.set('c', plainSession())
    assert.deepEqual(await store.ids(), ['c', 'a'])
  })
})

describe('a serializer of the user', () => {
  it('receives and gives back the whole session', async () => {
    const store = new Lembro({
      serializer: {
        stringify: (value) => Buffer.from(JSON.stringify(value)).toString('base64'),
        parse: (text) => JSON.parse(Buffer.from(text, 'base64').toString()),
      },
    })
    const whole = plainSession({ n: 1 })
    await store.set('a', whole)
    assert.deepEqual(await store.get('a'), roundTrip(whole))
    const [text] = Object.values(store.sessions)
    assert.deepEqual(JSON.parse(Buffer.from(text ?? '', 'base64').toString()), roundTrip(whole))
  })

  it('may give what is frozen', async () => {
    const parse = (text: string) => Object.freeze(JSON.parse(text))
    const store = new Lembro({ serializer: { stringify: JSON.stringify, parse } })
    store.set('a', plainSession({ n: 1 }))
    assert.equal(((await store.get('a')) as Data).n, 1)
  })

  it('may throw in either direction, or give no text', async () => {
    const broken = { stringify: () => 'x', parse: () => assert.fail('cannot read') }
    const store = new Lembro({ serializer: broken as never })
    await store.set('a', plainSession())
    await assert.rejects(store.get('a'), /cannot read/)
    await assert.rejects(store.all(), /cannot read/)
    const mute = { stringify: () => undefined, parse: JSON.parse }
    await assert.rejects(
      new Lembro({ serializer: mute as never }).set('a', plainSession()),
      /serializer.stringify: expected the function to return a string; got undefined/,
    )
  })
})

describe('dispose', () => {
  const causes = (options: object = {}) => {
    const gone: [string, string][] = []
    const dispose = (sid: string, text: string, cause: string) => {
      assert.equal(typeof JSON.parse(text).cookie, 'object')
      gone.push([sid, cause])
    }
    return { gone, store: new Lembro({ dispose, max: 3, interval: false, ...options }) }
  }

  it('hears of every session that goes, and why, but of no touch', async (t) => {
    const time = stopTime(t)
    const { gone, store } = causes()
    for (const sid of ['a', 'b', 'c', 'd']) store.set(sid, plainSession())
    store.set('b', plainSession({ n: 2 }, { maxAge: 10 }))
    store.touch('c', plainSession())
    store.destroy('d')
    time.pass(10)
    store.get('b')
    assert.deepEqual(gone, [
      ['a', 'evict'],
      ['b', 'replace'],
      ['d', 'destroy'],
      ['b', 'expire'],
    ])
    await store.clear()
    await nextTurn()
    assert.deepEqual(gone.slice(4), [['c', 'clear']])
  })

  it('hears of no replacement with noDisposeOnSet', () => {
    const { gone, store } = causes({ noDisposeOnSet: true })
    store.set('a', plainSession())
    store.set('a', plainSession())
    store.destroy('a')
    assert.deepEqual(gone, [['a', 'destroy']])
  })

  it('is called after the session is gone, and may put it back', async () => {
    const store: Lembro = new Lembro({
      max: 2,
      dispose: (sid, text, cause) => {
        if (cause === 'evict') store.set(sid, JSON.parse(text))
      },
    })
    for (const sid of ['a', 'b', 'c']) store.set(sid, plainSession())
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    assert.equal(await store.length(), 2)
    await store.close()
  })

  it('may reject, or throw what is no error: that ends no process either', async () => {
    const deaths = [
      () => Promise.reject(new Error('late')),
      () => {
        throw Object.create(null)
      },
    ]
    for (const dispose of deaths) {
      const store = new Lembro({ dispose })
      const heard: Error[] = []
      store.on('error', (error) => heard.push(error))
      for (const sid of ['a', 'b']) {
        store.set(sid, plainSession())
        store.destroy(sid)
      }
      await nextTurn()
      await nextTurn()
      assert.equal(heard.length, 2)
      assert.ok(heard.every((error) => error instanceof Error))
    }
  })

  it('may throw: the store goes on, and the error listeners hear', async () => {
    const store = new Lembro({ dispose: () => assert.fail('dispose failed') })
    const heard: Error[] = []
    store.on('error', (error) => heard.push(error))
    await store.set('a', plainSession())
    await store.destroy('a')
    await nextTurn()
    assert.deepEqual(
      heard.map((error) => error.message),
      ['dispose failed'],
    )
  })
})

describe('events', () => {
  it("tell of evictions and expiries with the session, by 'evict' and 'expire'", async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { max: 1 })
    const heard: unknown[] = []
    for (const event of ['evict', 'expire']) {
      store.on(event, (sid, { owner, bytes, session }) =>
        heard.push([event, sid, owner, bytes > 0, session.n]),
      )
    }
    store.set('a', plainSession({ n: 1, userId: 'ann' }))
    store.set('b', plainSession({ n: 2 }, { maxAge: 10 }))
    time.pass(10)
    await store.prune()
    assert.deepEqual(heard, [
      ['evict', 'a', 'ann', true, 1],
      ['expire', 'b', undefined, true, 2],
    ])
  })

  it('whose listener throws harm no verb', async () => {
    const store = new Lembro({ max: 1 })
    const heard: Error[] = []
    store.on('error', (error) => heard.push(error))
    store.on('evict', () => assert.fail('listener failed'))
    await store.set('a', plainSession())
    await store.set('b', plainSession())
    await nextTurn()
    assert.deepEqual(
      heard.map((error) => error.message),
      ['listener failed'],
    )
    assert.deepEqual(await store.ids(), ['b'])
  })
})

describe('reduce', () => {
  const filled = () => {
    const store = new Lembro({ maxSize: 40_000 })
    for (let n = 0; n < 80; n++) store.set(`s${n}`, plainSession())
    return store
  }

  for (const [to, goal] of [
    [undefined, 30_000],
    ['25%', 10_000],
    [5000, 5000],
    ['2K', 2048],
  ] as const) {
    it(`trims to ${to ?? '75%'} and reports it`, async () => {
      const store = filled()
      const before = store.stats()
      const report = await store.reduce(to)
      const after = store.stats()
      assert.ok(after.bytes <= goal)
      assert.equal(report.from, before.bytes)
      assert.equal(report.to, after.bytes)
      assert.equal(report.evicted, before.sessions - after.sessions)
      assert.equal(after.lastReduce, report)
    })
  }

  it('takes a callback, and tells its listeners', async () => {
    const store = filled()
    const heard: unknown[] = []
    store.on('reduce', (report) => heard.push(report))
    const report = await new Promise((resolve) => store.reduce((_, value) => resolve(value)))
    assert.deepEqual(heard, [report])
    assert.equal(store.stats().reduces, 1)
  })

  it('by a listener that hears of a reduce does not begin within that one', async () => {
    const store = filled()
    let depth = 0
    await new Promise<void>((resolve) => {
      store.on('reduce', () => {
        depth++
        assert.equal(depth, 1)
        if (store.stats().reduces < 20) store.reduce()
        else resolve()
        depth--
      })
      store.on('error', (error) => assert.fail(error))
      store.reduce()
    })
  })

  it('keeps one session, whatever it weighs', async () => {
    const store = filled()
    await store.reduce(1)
    assert.deepEqual(await store.ids(), ['s79'])
  })

  for (const to of [0, -1, Number.NaN, 'abc', '1,5M', {}, '150%']) {
    it(`refuses ${JSON.stringify(to)}`, async () => {
      await assert.rejects(filled().reduce(to as never), /to: expected a number of bytes/)
    })
  }
})

describe('ids and all', () => {
  it('give what there is after a clear that comes while they gather', async () => {
    const store = new Lembro({ maxSize: Infinity })
    for (let n = 0; n < 50_000; n++) store.set(`old-${n}`, { cookie: {} } as Data)
    const gathering = Promise.all([store.ids(), store.all()])
    store.clear()
    store.set('new', plainSession())
    const [ids, all] = await gathering
    assert.deepEqual(ids, ['new'])
    assert.deepEqual(Object.keys(all), ['new'])
  })
})

describe('the purge', () => {
  it('removes the expired though nobody listens, at every interval', async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { interval: 1000 })
    for (let n = 0; n < 100; n++) store.set(`s${n}`, plainSession({}, { maxAge: 500 + n }))
    store.set('stays', plainSession())
    time.pass(1000)
    assert.deepEqual([store.stats().sessions, store.stats().expired], [1, 100])
    store.set('b', plainSession({}, { maxAge: 10 }))
    time.pass(1000)
    assert.equal(store.stats().sessions, 1)
  })

  it('can be stopped, started, and done at once', async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { checkPeriod: 1000 })
    store.stopInterval()
    store.set('a', plainSession({}, { maxAge: 10 }))
    time.pass(5000)
    assert.equal(store.stats().sessions, 1)
    await store.prune()
    assert.equal(store.stats().sessions, 0)
    store.startInterval()
    store.set('b', plainSession({}, { maxAge: 10 }))
    time.pass(1000)
    assert.equal(store.stats().sessions, 0)
  })

  it("stops by express-lembro's switch too", (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { interval: 1000 })
    store.advanced.stop = true
    store.set('a', plainSession({}, { maxAge: 10 }))
    time.pass(5000)
    assert.deepEqual([store.advanced.stop, store.stats().sessions], [true, 1])
    store.advanced.stop = false
    time.pass(1000)
    assert.equal(store.stats().sessions, 0)
  })

  it('never sweeps at once, however long the interval', async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { interval: 2 ** 31 + 1 })
    store.set('a', plainSession({}, { maxAge: 10 }))
    time.pass(100_000)
    assert.equal(store.stats().sessions, 1)
  })

  it('keeps nothing of the request in which its timer was set, and calls nobody back in another', async () => {
    const requests = new AsyncLocalStorage<string>()
    const store = new Lembro({ interval: 5 })
    const expired = new Promise((resolve) => {
      store.on('expire', () => resolve(requests.getStore()))
    })
    // Long enough for a slow machine, where one that has expired already would not be stored. The store's own timer keeps nothing alive.
    const alive = setInterval(() => {}, 1000)
    requests.run('first', () => store.set('a', plainSession({}, { maxAge: 500 })))
    assert.equal(await expired, undefined)
    clearInterval(alive)
    const own = new Promise((resolve) => {
      requests.run('one', () => store.prune())
      requests.run('other', () => store.length(() => resolve(requests.getStore())))
    })
    assert.equal(await own, 'other')
  })

  it('keeps no process alive', async () => {
    const { code } = await runNode(`
      const { Lembro } = require('./lib/store')
      new Lembro({ interval: 36e5 }).set('a', { cookie: { maxAge: 36e5 } })
    `)
    assert.equal(code, 0)
  })
})

describe('stats', () => {
  it('is a frozen snapshot that tells what happened', async () => {
    const store = new Lembro({ max: 2 })
    store.set('a', plainSession())
    const before = store.stats()
    store.set('b', plainSession({ userId: 'ann' }))
    store.set('c', plainSession({ userId: 'bob' }))
    await store.get('b')
    await store.get('a')
    await store.touch('b', plainSession())
    await store.destroy('b')
    const { bytes, lastPurge, ...after } = store.stats()
    assert.ok(
      Object.isFrozen(before) && Object.isFrozen(after.evicted) && Object.isFrozen(after.refused),
    )
    assert.equal(before.sets, 1)
    assert.ok(bytes > 0 && bytes < before.bytes * 2)
    assert.equal(lastPurge, null)
    assert.deepEqual(after, {
      sessions: 1,
      anonymous: 0,
      owned: 1,
      newcomers: 1,
      members: 0,
      maxBytes: 4 * 1024 ** 2,
      hits: 1,
      misses: 1,
      sets: 3,
      touches: 1,
      destroyed: 1,
      expired: 0,
      evicted: { anonymous: 1, owned: 0, members: 0, perOwner: 0 },
      lastEvicted: { anonymous: 0, owned: null },
      refused: { tooBig: 0, destroyed: 0 },
      conflicts: 0,
      reduces: 0,
      lastReduce: null,
    })
  })
})

describe('an owner option', () => {
  it('that throws or gives something odd makes the session anonymous, and is reported once', async () => {
    for (const owner of [() => assert.fail('odd'), () => ({}) as never, () => Number.NaN]) {
      const store = new Lembro({ owner })
      const heard: Error[] = []
      store.on('error', (error) => heard.push(error))
      for (const sid of ['a', 'b']) await store.set(sid, plainSession({ userId: sid }))
      await nextTurn()
      assert.equal(heard.length, 1)
      assert.deepEqual([store.stats().anonymous, store.stats().owned], [2, 0])
    }
  })

  it('that is false makes eviction plain oldest first', async () => {
    const store = new Lembro({ owner: false, max: 2 })
    store.set('member', plainSession({ userId: 'ann' }))
    for (const sid of ['a', 'b']) store.set(sid, plainSession())
    assert.deepEqual(await store.ids(), ['b', 'a'])
  })

  it('sees a session move between the lanes as it signs in and out', async () => {
    const store = new Lembro()
    const lanes = () => [store.stats().anonymous, store.stats().owned]
    store.set('a', newSession(store, 'a'))
    const anonymous = [lanes(), store.stats().bytes]
    const live = await load(store, 'a')
    live.user = { name: 'has no id' }
    store.set('a', live)
    assert.deepEqual(lanes(), [0, 1])
    live.user = undefined
    store.set('a', live)
    assert.deepEqual([lanes(), store.stats().bytes], anonymous)
  })
})

describe('a failure that nobody awaits', () => {
  it('ends no process, heard or not: without a listener it is a warning, once for each code', async () => {
    const { code, err } = await runNode(`
      const { Lembro } = require('./lib/store')
      const store = new Lembro({ maxEntrySize: 500 })
      for (let n = 0; n < 3; n++) store.set('a', { cookie: {}, text: 'x'.repeat(1000) })
    `)
    assert.equal(code, 0)
    assert.equal(err.match(/LEMBRO_FAULT/g)?.length, 1)
    assert.match(err, /larger than maxEntrySize/)
  })
})

describe('a store that is printed', () => {
  it('shows its counts, no session and no key', async () => {
    const saveKeys = ['a secret that is long enough']
    const { store } = await open({ saveFile: newSaveFile(), saveKeys })
    await store.set('the-sid', plainSession({ name: 'the-content', userId: 'the-owner' }))
    const options = { getters: true, showHidden: true, depth: 9 }
    for (const print of [inspect(store, options), inspect({ req: { store } }, options)]) {
      assert.match(print, /LembroStore \{/)
      assert.match(print, /sessions: 1,/)
      assert.doesNotMatch(print, /the-sid|the-content|the-owner|long enough/)
    }
    await store.close()
  })
})

describe('a function of the application that gives a promise', () => {
  const rejected = async () => {
    throw new Error('secret')
  }
  const options: [string, object][] = [
    ['ttl', { ttl: rejected }],
    ['serializer.stringify', { serializer: { stringify: rejected, parse: JSON.parse } }],
    ['serializer.parse', { serializer: { stringify: JSON.stringify, parse: rejected } }],
    ['owner', { owner: rejected }],
    ['onConflict', { onConflict: rejected }],
  ]
  for (const [name, option] of options) {
    it(`is told of by name, and ends no process when that is rejected: ${name}`, async () => {
      const store = new Lembro(option)
      const heard: Error[] = []
      store.on('error', (error) => heard.push(error))
      const fail = (error: unknown) => assert.ok(error instanceof TypeError)
      await store.set('a', newSession(store, 'a', { n: 0 })).catch(fail)
      const loaded = await Promise.all([load(store, 'a'), load(store, 'a')]).catch(() => [])
      for (const [n, one] of loaded.entries()) {
        await store.set('a', Object.assign(one, { n: n + 1 })).catch(fail)
      }
      await nextTurn()
      const words = /^TypeError: ([\w.]+): expected the function to return .*; got a promise$/
      assert.ok(heard.length > 0)
      for (const error of heard) assert.equal(words.exec(String(error))?.[1], name)
    })
  }
})

describe('DEBUG=lembro', () => {
  it('tells of a reduce in readable sizes, and never an id or what is in a session', async () => {
    const { code, err } = await runNode(
      `
      const { Lembro } = require('./lib/store')
      const store = new Lembro({ maxSize: '10K' })
      for (let n = 0; n < 50; n++) store.set('secret-sid-' + n, { cookie: {}, secret: 'text' })
      `,
      { DEBUG: 'lembro' },
    )
    assert.equal(code, 0)
    assert.match(err, /lembro reduce: [\d.]+K to [\d.]+K, \d+ evicted in \d+ ms/)
    assert.doesNotMatch(err, /secret/)
  })
})

describe('a process', () => {
  it('goes on whatever a listener of the application throws or rejects with', async () => {
    const { code, out, err } = await runNode(`
      const { Lembro } = require('./lib/store')
      const store = new Lembro({ max: 1, interval: false })
      for (const event of ['evict', 'expire', 'reduce', 'error']) {
        store.on(event, async () => { throw new Error('rejected in ' + event) })
        store.on(event, () => { throw new Error('thrown in ' + event) })
      }
      const session = (data, maxAge = 60000) => ({ cookie: { maxAge }, ...data })
      store.set('a', session(), () => {})
      store.set('b', session(), () => {})
      store.reduce(1, () => {})
      store.set('c', session({ big: 1n }), () => {})
      store.set('d', session({}, -1), () => {})
      setTimeout(async () => console.log('still serving', await store.length()), 50)
    `)
    assert.equal(code, 0, err)
    assert.equal(out, 'still serving 1\n')
  })
})
