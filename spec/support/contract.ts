/** What every lembro shows, in whatever setting it runs. */

import assert from 'node:assert/strict'
import { describe, it as show } from 'node:test'
import type { Clock } from '../../lib/clock'
import type { LembroOptions } from '../../lib/settings/options'
import type { LembroStore } from '../../lib/store'
import { type Data, load, newSession, plainSession, roundTrip, slicedSid } from './sessions'
import { NOON, nextTurn, stopTime } from './time'

/** Makes a store that is ready, whose time is the system's unless a clock is given. The suite closes it. */
export type Make = (options?: LembroOptions, clock?: Clock) => Promise<LembroStore>

type It = typeof show

/** `exceptions`: what a setting can't show, by the name of the spec, and why. */
export function describeContract(
  setting: string,
  make: Make,
  exceptions: Readonly<Record<string, string>> = {},
): void {
  const met = new Set<string>()
  const it = ((name: string, run: () => Promise<void>) => {
    if (name in exceptions) met.add(name)
    else show(name, run)
  }) as unknown as It
  describe(`a store ${setting}`, () => {
    describeVerbs(make, it)
    describeExpiry(make, it)
    describeFaults(make, it)
    describeLinks(make, it)
    show('makes no exception of what nobody asks for', () => {
      assert.deepEqual(
        Object.keys(exceptions).filter((name) => !met.has(name)),
        [],
      )
    })
  })
}

function describeVerbs(make: Make, it: It): void {
  it('gives undefined for a session that is not there', async () => {
    await using store = await make()
    assert.equal(await store.get('absent'), undefined)
  })

  it('gives back what JSON makes of a session, a fresh object each time', async () => {
    await using store = await make()
    const session = plainSession({
      when: new Date(NOON),
      nested: { a: [1, 'é', '世'] },
      no: undefined,
    })
    await store.set('a', session)
    const [first, second] = [await store.get('a'), await store.get('a')]
    assert.deepEqual(first, roundTrip(session))
    assert.deepEqual(second, first)
    assert.notEqual(second, first)
    assert.notEqual(second?.cookie, first?.cookie)
  })

  it('calls back once, later, with null for no error', async () => {
    await using store = await make()
    const calls: unknown[][] = []
    await new Promise<void>((resolve) => {
      const note =
        (name: string) =>
        (...args: unknown[]) => {
          if (calls.push([name, ...args]) === 6) resolve()
        }
      store.set('a', plainSession(), note('set'))
      store.touch('a', plainSession(), note('touch'))
      store.get('absent', note('get'))
      store.destroy('a', note('destroy'))
      store.clear(note('clear'))
      store.length(note('length'))
      assert.deepEqual(calls, [])
    })
    await nextTurn()
    // Where a change is acknowledged late, a read that came after it may be answered sooner.
    assert.deepEqual(calls.sort(), [
      ['clear', null, undefined],
      ['destroy', null, undefined],
      ['get', null, undefined],
      ['length', null, 0],
      ['set', null, undefined],
      ['touch', null, undefined],
    ])
  })

  it('replaces a session, and counts it once', async () => {
    await using store = await make()
    await store.set('a', plainSession({ n: 1 }))
    await store.set('a', plainSession({ n: 2 }))
    assert.equal(((await store.get('a')) as Data).n, 2)
    assert.equal(await store.length(), 1)
    assert.equal(store.stats().sessions, 1)
  })

  it('touches the cookie and the expiry, never the body', async () => {
    await using store = await make()
    await store.set('a', plainSession({ n: 1 }, { maxAge: 1000 }))
    const later = plainSession({ n: 2 }, { maxAge: 5000, path: '/other' })
    await store.touch('a', later)
    const stored = (await store.get('a')) as Data
    assert.equal(stored.n, 1)
    assert.deepEqual(stored.cookie, roundTrip(later.cookie))
  })

  it('creates nothing by a touch', async () => {
    await using store = await make()
    await store.touch('absent', plainSession())
    assert.equal(await store.length(), 0)
  })

  it('destroys one, several, or an absent session', async () => {
    await using store = await make()
    for (const sid of ['a', 'b', 'c', 'd']) await store.set(sid, plainSession())
    await store.destroy('a')
    await store.destroy(['b', 'c'])
    await store.destroy('absent')
    assert.deepEqual(await store.ids(), ['d'])
    assert.equal(store.stats().destroyed, 3)
  })

  it('clears all', async () => {
    await using store = await make()
    for (const sid of ['a', 'b']) await store.set(sid, plainSession({ userId: sid }))
    await store.clear()
    assert.equal(await store.length(), 0)
    assert.equal(store.stats().bytes, 0)
    assert.deepEqual(await store.idsOf('a'), [])
  })

  it('gives all by id in an object without a prototype, and their ids, newest first', async () => {
    await using store = await make()
    for (const sid of ['a', 'b', 'c']) await store.set(sid, plainSession({ sid }))
    await store.touch('a', plainSession())
    const all = await store.all()
    assert.equal(Object.getPrototypeOf(all), null)
    assert.deepEqual(Object.keys(all).sort(), ['a', 'b', 'c'])
    assert.equal((all.b as Data).sid, 'b')
    assert.deepEqual(await store.ids(), ['a', 'c', 'b'])
  })

  for (const sid of ['__proto__', 'constructor', '', 'x'.repeat(10_000), '世界', '\ud800', '1']) {
    it(`takes ${JSON.stringify(sid.slice(0, 20))} for an id like any other`, async () => {
      await using store = await make()
      await store.set(sid, plainSession({ mine: true }))
      assert.equal(((await store.get(slicedSid(sid))) as Data).mine, true)
      assert.deepEqual(Object.keys(await store.all()), [sid])
      assert.deepEqual(await store.ids(), [sid])
      await store.destroy(slicedSid(sid))
      assert.equal(await store.get(sid), undefined)
    })
  }

  it('takes a number for an id, as its text', async () => {
    await using store = await make()
    await store.set(7, plainSession({ n: 7 }))
    assert.equal(((await store.get('7')) as Data).n, 7)
  })

  for (const malformed of [
    {},
    { foo: 1 },
    { cookie: null },
    { cookie: 'crumbs' },
    { cookie: [1] },
  ]) {
    it(`gives back ${JSON.stringify(malformed)} as it came`, async () => {
      await using store = await make()
      await store.set('a', malformed as unknown as Data)
      assert.deepEqual(await store.get('a'), malformed)
    })
  }

  it('stores what an object makes of itself for JSON', async () => {
    await using store = await make()
    class Account {
      cookie = plainSession().cookie
      toJSON() {
        return { cookie: this.cookie, made: 'by itself' }
      }
    }
    const account = new Account()
    await store.set('a', account as never)
    assert.deepEqual(await store.get('a'), roundTrip(account))
  })

  it('keeps keys such as __proto__ as data', async () => {
    await using store = await make()
    const session = JSON.parse('{"cookie":{"path":"/"},"__proto__":{"admin":true},"constructor":1}')
    await store.set('a', session)
    const stored = (await store.get('a')) as Data
    assert.deepEqual(Object.keys(stored).sort(), ['__proto__', 'constructor', 'cookie'])
    assert.equal((stored as { admin?: unknown }).admin, undefined)
  })

  it('closes again and again, and fails after that', async () => {
    const store = await make()
    await store.close()
    await store.close()
    await assert.rejects(store.get('a'), { code: 'ECLOSED' })
  })
}

function describeExpiry(make: Make, it: It): void {
  it('expires a session when its cookie says so, whatever the timer does', async (t) => {
    const time = stopTime(t)
    await using store = await make({ interval: false }, time.clock)
    await store.set('a', plainSession({}, { maxAge: 1000 }))
    time.pass(999)
    assert.notEqual(await store.get('a'), undefined)
    time.pass(1)
    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.length(), 0)
    assert.deepEqual(await store.ids(), [])
    assert.equal(store.stats().expired, 1)
  })

  it('counts no expired session, though nobody asked for it', async (t) => {
    const time = stopTime(t)
    await using store = await make({ interval: false }, time.clock)
    await store.set('a', plainSession({}, { maxAge: 1000 }))
    await store.set('b', plainSession({}, { maxAge: 9000 }))
    time.pass(1000)
    assert.deepEqual(Object.keys(await store.all()), ['b'])
    assert.deepEqual(await store.ids(), ['b'])
    assert.equal(await store.length(), 1)
  })

  it('keeps a session without an expiry of its own for a day', async (t) => {
    const time = stopTime(t)
    await using store = await make({}, time.clock)
    await store.set('a', plainSession({}, {}))
    assert.equal((await store.get('a'))?.cookie.expires, null)
    time.pass(86_400_000 - 1)
    assert.notEqual(await store.get('a'), undefined)
    time.pass(1)
    assert.equal(await store.get('a'), undefined)
  })

  it('lets a touch prolong a session', async (t) => {
    const time = stopTime(t)
    await using store = await make({}, time.clock)
    await store.set('a', plainSession({}, { maxAge: 1000 }))
    time.pass(900)
    await store.touch('a', plainSession({}, { maxAge: 1000 }))
    time.pass(900)
    assert.notEqual(await store.get('a'), undefined)
    time.pass(100)
    assert.equal(await store.get('a'), undefined)
  })

  const expired: [string, object][] = [
    ['maxAge 0', { maxAge: 0 }],
    ['a past Date', { expires: new Date(NOON - 1) }],
    ['a past ISO text', { expires: new Date(NOON - 1).toISOString() }],
    ['a past number', { expires: NOON - 1 }],
  ]
  for (const [what, cookie] of expired) {
    it(`takes ${what} for expired at once`, async (t) => {
      const time = stopTime(t)
      await using store = await make({}, time.clock)
      await store.set('a', plainSession())
      await store.set('a', { cookie } as unknown as Data)
      assert.equal(await store.get('a'), undefined)
      assert.equal(store.stats().bytes, 0)
    })
  }

  for (const nonsense of ['tomorrow', {}, true, new Date(Number.NaN)]) {
    it(`takes ${JSON.stringify(nonsense)} for no expiry of its own`, async (t) => {
      const time = stopTime(t)
      await using store = await make({}, time.clock)
      await store.set('a', { cookie: { path: '/', expires: nonsense } } as unknown as Data)
      time.pass(86_400_000 - 1)
      assert.notEqual(await store.get('a'), undefined)
      time.pass(1)
      assert.equal(await store.get('a'), undefined)
    })
  }

  it('lets ttl win over the cookie', async (t) => {
    const time = stopTime(t)
    await using store = await make({ ttl: 500 }, time.clock)
    const session = plainSession({}, { maxAge: 60_000 })
    await store.set('a', session)
    assert.deepEqual((await store.get('a'))?.cookie, roundTrip(session.cookie))
    time.pass(500)
    assert.equal(await store.get('a'), undefined)
  })

  it('asks a ttl function with the options, the session and the id', async (t) => {
    const time = stopTime(t)
    const asked: unknown[] = []
    const ttl: LembroOptions['ttl'] = (options, session, sid) => {
      asked.push([options.ttl !== undefined, (session as Data).n, sid])
      return sid === 'short' ? 10 : 1000
    }
    await using store = await make({ ttl }, time.clock)
    await store.set('short', plainSession({ n: 1 }))
    await store.set('long', plainSession({ n: 2 }))
    assert.deepEqual(asked, [
      [true, 1, 'short'],
      [true, 2, 'long'],
    ])
    time.pass(10)
    assert.deepEqual(await store.ids(), ['long'])
  })

  it('ends a session at its absoluteTtl, however active', async (t) => {
    const time = stopTime(t)
    await using store = await make({ absoluteTtl: 2000, onConflict: 'merge' }, time.clock)
    await store.set('a', newSession(store, 'a'))
    for (const n of [1, 2, 3]) {
      time.pass(500)
      const live = await load(store, 'a')
      live.n = n
      await store.set('a', live)
      await store.touch('a', plainSession({}, { maxAge: 60_000 }))
    }
    time.pass(499)
    assert.equal(((await store.get('a')) as Data).n, 3)
    time.pass(1)
    assert.equal(await store.get('a'), undefined)
  })

  it('leaves the expiry as it was set with disableTouch', async (t) => {
    const time = stopTime(t)
    await using store = await make({ disableTouch: true }, time.clock)
    const session = plainSession({}, { maxAge: 1000 })
    await store.set('a', session)
    const cookie = roundTrip(session.cookie)
    time.pass(900)
    await store.touch('a', plainSession({}, { maxAge: 1000 }))
    assert.deepEqual((await store.get('a'))?.cookie, cookie)
    time.pass(100)
    assert.equal(await store.get('a'), undefined)
  })

  it('gives a stale session once, where it may', async (t) => {
    const time = stopTime(t)
    await using store = await make({ stale: true }, time.clock)
    await store.set('a', plainSession({ n: 1 }, { maxAge: 100 }))
    time.pass(100)
    assert.equal(((await store.get('a')) as Data).n, 1)
    assert.equal(await store.get('a'), undefined)
  })
}

function describeFaults(make: Make, it: It): void {
  const circular = plainSession()
  circular.self = circular
  const unfit: [string, unknown, RegExp][] = [
    ['a circular session', circular, /circular/],
    ['a BigInt', plainSession({ big: 1n }), /BigInt/],
    ['undefined', undefined, /session: expected an object; got undefined/],
    ['a number', 7, /session: expected an object; got a number/],
    ['a promise', Promise.resolve(plainSession()), /session: expected an object; got a promise/],
    ['a text that is no session', '"secret"', /session: expected an object; got a string/],
    [
      'a text that is no JSON',
      '{"name": secret',
      /^SyntaxError: session: its text can not be parsed$/,
    ],
    ['a session that throws', plainSession({ bad: { toJSON: () => assert.fail('no') } }), /no/],
  ]
  for (const [what, session, message] of unfit) {
    it(`refuses ${what}, and keeps the stored one`, async () => {
      await using store = await make()
      const heard: Error[] = []
      store.on('error', (error) => heard.push(error))
      await store.set('a', plainSession({ n: 1 }))
      await assert.rejects(store.set('a', session as Data), message)
      assert.equal(((await store.get('a')) as Data).n, 1)
      await nextTurn()
      assert.equal(heard.length, 1)
    })
  }

  it('refuses a session without an id, which strangers would share', async () => {
    await using store = await make()
    await assert.rejects(store.set(undefined as unknown as string, plainSession()), /sid: expected/)
    assert.equal(await store.get(undefined as unknown as string), undefined)
    await store.destroy(undefined as unknown as string)
  })

  it('refuses what can be no id, with the same words in each verb', async () => {
    await using store = await make()
    const weird = [null, Symbol('secret'), {}, Object.create(null), [['a']], true, () => {}]
    for (const sid of weird as string[]) {
      const refused = { name: 'TypeError', message: /^sid: expected a string; got an? \w+$|null$/ }
      await assert.rejects(store.get(sid), refused)
      await assert.rejects(store.set(sid, plainSession()), refused)
      await assert.rejects(store.touch(sid, plainSession()), refused)
      await assert.rejects(store.destroy(sid), refused)
    }
    assert.equal(await store.length(), 0)
  })

  it('refuses a touch without a session', async () => {
    await using store = await make()
    await store.set('a', plainSession({ n: 1 }))
    for (const session of ['secret', null, undefined, 7] as unknown as Data[]) {
      const message = /^session: expected an object; got (a \w+|null|undefined)$/
      await assert.rejects(store.touch('a', session), { name: 'TypeError', message })
    }
    assert.equal(((await store.get('a')) as Data).n, 1)
  })

  it('refuses a session larger than maxEntrySize, and evicts nothing for it', async () => {
    await using store = await make({ maxSize: 10_000, maxEntrySize: 2000 })
    await store.set('a', plainSession({ n: 1 }))
    await store.set('b', plainSession({ n: 1 }))
    const big = plainSession({ text: 'x'.repeat(3000) })
    await assert.rejects(store.set('a', big), { code: 'ESESSIONTOOBIG', name: 'RangeError' })
    assert.equal(((await store.get('a')) as Data).n, 1)
    assert.deepEqual(store.stats().refused, { tooBig: 1, destroyed: 0 })
    assert.equal(await store.length(), 2)
  })

  it('names the option that a session is too large for, the one that was set', async () => {
    const big = plainSession({ text: 'x'.repeat(30_000) })
    for (const [option, options] of [
      ['maxSize', { maxSize: 10_000 }],
      ['maxSize', { maxSize: 10_000, maxEntrySize: '1M' }],
      ['maxEntrySize', { maxSize: 90_000, maxEntrySize: 20_000 }],
      ['maxEntrySize', { maxEntrySize: 20_000 }],
    ] as const) {
      await using store = await make(options)
      const message = new RegExp(`is larger than ${option}, `)
      await assert.rejects(store.set('a', big), { code: 'ESESSIONTOOBIG', message })
    }
  })

  it('hears a failure at the callback and at the listeners, once each', async () => {
    await using store = await make()
    const heard: unknown[] = []
    store.on('error', (error) => heard.push(error))
    const failed = await new Promise((resolve) => store.set('a', circular, resolve))
    await nextTurn()
    assert.ok(failed instanceof TypeError)
    assert.deepEqual(heard, [failed])
  })

  it('lets on, once and emit reach each other, and gives the store back', async () => {
    await using store = await make()
    const heard: string[] = []
    const returned = store
      .on('disconnect', () => heard.push('on'))
      .once('connect', () => heard.push('once'))
    store.emit('disconnect')
    store.emit('connect')
    store.emit('connect')
    assert.equal(returned, store)
    assert.deepEqual(heard, ['on', 'once'])
  })
}

function describeLinks(make: Make, it: It): void {
  const endings: [string, (store: LembroStore) => Promise<unknown>][] = [
    ['destroyed', (store) => store.destroy('a')],
    ['cleared', (store) => store.clear()],
    ['ended by destroyOwner', (store) => store.destroyOwner('ann')],
  ]
  for (const [ended, end] of endings) {
    it(`does not let a slow request bring back a session that was ${ended}`, async () => {
      await using store = await make()
      await store.set('a', newSession(store, 'a', { userId: 'ann' }))
      const slow = await load(store, 'a')
      await end(store)
      slow.late = true
      await store.set('a', slow)
      await store.touch('a', slow)
      assert.equal(await store.get('a'), undefined)
      assert.deepEqual(store.stats().refused, { tooBig: 0, destroyed: 1 })
    })
  }

  it('does not let a slow request bring back a session that had expired when its owner was ended', async (t) => {
    const time = stopTime(t)
    await using store = await make({}, time.clock)
    await store.set('a', newSession(store, 'a', { userId: 'ann' }))
    const slow = await load(store, 'a')
    time.pass(60_001)
    assert.equal(await store.destroyOwner('ann'), 0)
    slow.cookie.maxAge = 60_000
    await store.set('a', slow)
    assert.equal(await store.get('a'), undefined)
    assert.equal(store.stats().refused.destroyed, 1)
  })

  it('does not let a slow request bring back what was evicted and then signed out', async () => {
    await using store = await make()
    const ends: [string, (other: Data) => Promise<unknown>][] = [
      ['by its id', () => store.destroy('a')],
      ['with all of its owner', () => store.destroyOwner('ann')],
    ]
    for (const [how, signOut] of ends) {
      await store.set('a', newSession(store, 'a', { userId: 'ann' }))
      const [slow, other] = [await load(store, 'a'), await load(store, 'a')]
      await store.set('b', newSession(store, 'b', { userId: 'bob' }))
      await store.reduce(1)
      await store.destroy('b')
      assert.equal(await store.get('a'), undefined, 'it is evicted')
      await signOut(other)
      await store.set('a', slow)
      assert.equal(await store.get('a'), undefined, how)
    }
    assert.equal(store.stats().refused.destroyed, 2)
  })

  it('saves a session that was only evicted while its request ran', async () => {
    await using store = await make()
    await store.set('a', newSession(store, 'a', { n: 1 }))
    const slow = await load(store, 'a')
    await store.set('b', newSession(store, 'b'))
    await store.reduce(1)
    await store.set('a', slow)
    assert.equal(((await store.get('a')) as Data).n, 1)
    await store.destroy('a')
    await store.set('a', slow)
    assert.equal(await store.get('a'), undefined)
  })

  it('refuses a destroyOwner whose options it can not read, and signs nobody out', async () => {
    await using store = await make()
    store.on('error', () => {})
    await store.set('a', plainSession({ userId: 'ann' }))
    for (const options of [{ except: 1 }, ['a'], 'a', { exclude: 'a' }]) {
      await assert.rejects(store.destroyOwner('ann', options as object), TypeError)
    }
    assert.equal((await store.idsOf('ann')).length, 1)
    assert.equal(await store.destroyOwner('ann', { except: 'a' }), 0)
  })

  it('does not let the request that made a session bring it back', async () => {
    await using store = await make()
    const live = newSession(store, 'a')
    await store.set('a', live)
    await store.destroy('a')
    await store.set('a', live)
    assert.equal(await store.get('a'), undefined)
  })

  it('does not let the request that made a session bring it back, if it was evicted before it was destroyed', async () => {
    await using store = await make()
    const live = newSession(store, 'a', { userId: 'ann' })
    await store.set('a', live)
    await store.set('b', newSession(store, 'b', { userId: 'bob' }))
    await store.reduce(1)
    await store.destroy('a')
    await store.set('a', live)
    assert.equal(await store.get('a'), undefined)
  })

  it('takes a new session and a plain one under an id that was destroyed', async () => {
    await using store = await make()
    await store.set('a', newSession(store, 'a'))
    const slow = await load(store, 'a')
    await store.destroy('a')
    await store.set('a', newSession(store, 'a', { n: 2 }))
    await store.set('a', slow)
    assert.equal(((await store.get('a')) as Data).n, 2)
    await store.destroy('a')
    await store.set('a', plainSession({ n: 3 }))
    assert.equal(((await store.get('a')) as Data).n, 3)
  })

  it('does not let what a get gave bring a session back, nor a shallow copy or a Proxy of it', async () => {
    await using store = await make()
    for (const change of [
      (data: Data) => data,
      (data: Data) => ({ ...data, n: 1 }),
      (data: Data) => new Proxy(data, {}),
    ]) {
      await store.set('a', plainSession())
      const [plain, live] = [(await store.get('a')) as Data, await load(store, 'a')]
      await store.destroy('a')
      for (const held of [plain, live]) await store.set('a', change(held))
      assert.equal(await store.get('a'), undefined)
    }
    assert.equal(store.stats().refused.destroyed, 6)
  })

  it('stores what a get gave, changed, as often as it is set', async () => {
    await using store = await make()
    await store.set('a', plainSession())
    const data = (await store.get('a')) as Data
    for (const n of [1, 2]) {
      data.n = n
      await store.set('a', data)
      assert.equal(((await store.get('a')) as Data).n, n)
    }
    await store.set('b', data)
    assert.equal(((await store.get('b')) as Data).n, 2)
    assert.equal(store.stats().conflicts, 0)
  })

  it('keeps a logout although the live session was stored elsewhere too, under another id or in another store', async () => {
    await using store = await make()
    await using other = await make()
    const ways: [string, (live: Data) => Promise<unknown>][] = [
      ['under another id', (live) => store.set('backup', live)],
      ['in another store', (live) => other.set('a', live)],
    ]
    for (const [how, storeElsewhere] of ways) {
      await store.set('a', newSession(store, 'a'))
      const slow = await load(store, 'a')
      await storeElsewhere(slow)
      await store.destroy('a')
      await store.set('a', slow)
      assert.equal(await store.get('a'), undefined, how)
    }
  })

  it('takes a new live session that has the id and the cookie of a destroyed one', async () => {
    await using store = await make()
    await store.set('a', newSession(store, 'a', { n: 1 }))
    const old = { ...(await load(store, 'a')) }
    await store.destroy('a')
    const fresh = Object.assign(newSession(store, 'a'), old, { n: 2 })
    await store.set('a', fresh)
    assert.equal(((await store.get('a')) as Data | undefined)?.n, 2)
    await store.set('a', fresh)
    await store.destroy('a')
    await store.set('a', fresh)
    assert.equal(await store.get('a'), undefined)
  })

  it('saves one session twice in a request', async () => {
    await using store = await make({ onConflict: 'merge' })
    await store.set('a', newSession(store, 'a', { n: 1 }))
    const live = await load(store, 'a')
    live.n = 2
    await store.set('a', live)
    live.n = 3
    await store.set('a', live)
    assert.equal(((await store.get('a')) as Data).n, 3)
    assert.equal(store.stats().conflicts, 0)
  })

  it('merges what two requests changed, and counts it', async () => {
    await using store = await make({ onConflict: 'merge' })
    await store.set('a', newSession(store, 'a', { gone: 1, both: 0, kept: 'k' }))
    const [one, other] = [await load(store, 'a'), await load(store, 'a')]
    one.mine = 1
    one.both = 1
    one.gone = undefined
    other.theirs = 2
    other.both = 2
    other.gone = 3
    await store.set('a', one)
    await store.set('a', other)
    const { cookie, ...merged } = (await store.get('a')) as Data
    assert.deepEqual(merged, { both: 2, kept: 'k', mine: 1, theirs: 2 })
    assert.equal(typeof cookie.expires, 'string')
    assert.equal(store.stats().conflicts, 1)
  })

  it('keeps what others wrote when a merged session is saved again', async () => {
    await using store = await make({ onConflict: 'merge' })
    await store.set('a', newSession(store, 'a'))
    const [one, other] = [await load(store, 'a'), await load(store, 'a')]
    one.mine = 1
    await store.set('a', one)
    other.theirs = 2
    await store.set('a', other)
    other.theirs = 3
    await store.set('a', other)
    const { cookie: _, ...merged } = (await store.get('a')) as Data
    assert.deepEqual(merged, { mine: 1, theirs: 3 })
    assert.equal(store.stats().conflicts, 1)
  })

  it('merges what a serializer of the user makes, and JSON does not', async () => {
    const kinds = (_: string, value: unknown) =>
      value instanceof Map ? { pairs: [...value] } : value
    const serializer = {
      stringify: (session: object) => JSON.stringify(session, kinds),
      parse: (text: string) =>
        JSON.parse(text, (_, value) => (value?.pairs ? new Map(value.pairs) : value)),
    }
    await using store = await make({ onConflict: 'merge', serializer })
    await store.set('a', newSession(store, 'a', { cart: new Map() }))
    const [one, two] = [await load(store, 'a'), await load(store, 'a')]
    ;(one.cart as unknown as Map<string, number>).set('shoe', 1)
    two.n = 1
    await store.set('a', two)
    await store.set('a', one)
    const { cart, n } = (await store.get('a')) as Data
    assert.deepEqual({ cart, n }, { cart: new Map([['shoe', 1]]), n: 1 })
  })

  it('lets a function decide between two writes', async () => {
    const asked: unknown[] = []
    await using store = await make({
      onConflict: (base, stored, incoming) => {
        asked.push([base, stored, incoming].map((session) => (session as Data).n))
        return { ...incoming, n: 99 } as Data
      },
    })
    await store.set('a', newSession(store, 'a', { n: 0 }))
    const [one, other] = [await load(store, 'a'), await load(store, 'a')]
    one.n = 1
    other.n = 2
    await store.set('a', one)
    await store.set('a', other)
    assert.deepEqual(asked, [[0, 1, 2]])
    assert.equal(((await store.get('a')) as Data).n, 99)
  })

  it('fails where that function throws or gives no session, and keeps the stored one', async () => {
    for (const onConflict of [
      () => assert.fail('no'),
      () => Promise.resolve() as unknown as Data,
    ]) {
      await using store = await make({ onConflict })
      await store.set('a', newSession(store, 'a', { n: 0 }))
      const [one, other] = [await load(store, 'a'), await load(store, 'a')]
      one.n = 1
      other.n = 2
      await store.set('a', one)
      await assert.rejects(store.set('a', other), /no|onConflict: expected/)
      assert.equal(((await store.get('a')) as Data).n, 1)
    }
  })

  it('lets the last write win by default', async () => {
    await using store = await make()
    await store.set('a', newSession(store, 'a'))
    const [one, other] = [await load(store, 'a'), await load(store, 'a')]
    one.mine = 1
    other.theirs = 2
    await store.set('a', one)
    await store.set('a', other)
    const { cookie: _, ...stored } = (await store.get('a')) as Data
    assert.deepEqual(stored, { theirs: 2 })
    assert.equal(store.stats().conflicts, 1)
  })

  it('lists and ends the sessions of one owner', async () => {
    await using store = await make()
    for (const sid of ['a', 'b', 'c']) await store.set(sid, plainSession({ userId: 'ann' }))
    await store.set('d', plainSession({ passport: { user: 7 } }))
    await store.touch('a', plainSession())
    assert.deepEqual(await store.idsOf('ann'), ['a', 'c', 'b'])
    assert.deepEqual(await store.idsOf(7), ['d'])
    assert.deepEqual(await store.idsOf('nobody'), [])
    assert.equal(await store.destroyOwner('ann', { except: 'b' }), 2)
    assert.deepEqual(await store.idsOf('ann'), ['b'])
    assert.equal(await store.length(), 2)
    await assert.rejects(store.destroyOwner(undefined as unknown as string), /owner: expected/)
  })

  it('tells an owner of their sessions, without an id, and ends the one that is chosen', async () => {
    const described: unknown[] = []
    const describe = (req: object) => {
      described.push(req)
      return { agent: Object(req).agent }
    }
    await using store = await make({ describe, ttl: 60_000 })
    const signIn = (sid: string, agent: string) => {
      const session = newSession(store, sid, { userId: 'ann' })
      Object.assign(Object(session).req, { agent })
      return store.set(sid, session)
    }
    await signIn('secret-a', 'Firefox')
    await signIn('secret-b', 'Safari')
    await store.set('secret-c', plainSession({ userId: 'bob' }))
    const told = await store.sessionsOf('ann', { current: 'secret-b' })
    assert.doesNotMatch(JSON.stringify(told), /secret/)
    const [here] = told.filter(({ current }) => current)
    const [there] = told.filter(({ current }) => !current)
    assert(here !== undefined && there !== undefined && told.length === 2)
    assert.deepEqual([here.device, there.device], [{ agent: 'Safari' }, { agent: 'Firefox' }])
    for (const { created, lastUsed } of told) {
      for (const at of [created, lastUsed]) assert(Math.abs(Date.now() - Number(at)) < 30_000)
    }
    const again = await load(store, 'secret-a')
    again.visits = 2
    await store.set('secret-a', again)
    assert.equal(described.length, 2)
    const slow = await load(store, 'secret-a')
    assert.equal(await store.destroyOwner('bob', { only: there.handle }), 0)
    assert.equal(await store.destroyOwner('ann', { only: there.handle }), 1)
    assert.equal(await store.destroyOwner('ann', { only: there.handle }), 0)
    slow.late = true
    await store.set('secret-a', slow)
    assert.deepEqual(await store.idsOf('ann'), ['secret-b'])
    assert.deepEqual(
      (await store.sessionsOf('ann')).map(({ handle, current }) => [handle, current]),
      [[here.handle, false]],
    )
    await assert.rejects(store.sessionsOf('ann', { currnt: 'a' } as object), /no option 'currnt'/)
    await assert.rejects(store.destroyOwner('ann', { only: 'a', except: 'b' }), /not both/)
  })

  it('keeps no more sessions of one owner than maxPerOwner', async () => {
    await using store = await make({ maxPerOwner: 2 })
    for (const sid of ['a', 'b']) await store.set(sid, newSession(store, sid, { userId: 'ann' }))
    const slow = await load(store, 'a')
    await store.set('c', plainSession({ userId: 'ann' }))
    assert.deepEqual(await store.idsOf('ann'), ['c', 'b'])
    assert.deepEqual(store.stats().evicted, { anonymous: 0, owned: 0, members: 0, perOwner: 1 })
    slow.late = true
    await store.set('a', slow)
    assert.deepEqual(await store.idsOf('ann'), ['c', 'b'])
  })
}
