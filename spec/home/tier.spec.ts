/** Of `tier.ts`, `saving.ts`, `near.ts`, `traffic.ts`, `reading.ts` and `directory.ts`, in a `home-store.ts` before a scripted `home.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Departure } from '../../lib/session/told'
import { audit } from '../support/audit'
import { type Data, load, newSession } from '../support/sessions'
import { coreOf } from '../support/store'
import { near, type Process, Tiers, turns } from '../support/tiers'

const INTERLEAVINGS = 5000

async function read({ store }: Process, sid: string): Promise<object | undefined> {
  const session = await store.get(sid)
  if (session === undefined) return undefined
  const { cookie: _, ...data } = session
  return data
}

describe('the text of a session', () => {
  it('is parsed once for a first read, and made once for a save', async () => {
    const tiers = new Tiers()
    const counts = { parse: 0, stringify: 0 }
    const serializer = {
      parse(text: string) {
        counts.parse++
        return JSON.parse(text)
      },
      stringify(session: object) {
        counts.stringify++
        return JSON.stringify(session)
      },
    }
    const a = tiers.process({ serializer })
    tiers.seed('x', { n: 1 })
    const slow = await load(a.store, 'x')
    assert.deepEqual(counts, { parse: 1, stringify: 0 })
    slow.n = 2
    await a.store.set('x', slow)
    assert.deepEqual(counts, { parse: 1, stringify: 1 })
    assert.deepEqual(await read(a, 'x'), { n: 2 })
    assert.equal(tiers.server.find('x')?.text, JSON.stringify(slow))
  })

  it('is kept without its cookie, wherever that stands in it and whatever it holds', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    const cookie = { originalMaxAge: 60_000, expires: null, httpOnly: true, path: '/' }
    const texts = [
      { cookie, n: 1 },
      { cookie },
      { n: 1, cookie },
      { 7: 'first', cookie, n: 1 },
      { cookie: { ...cookie, path: '/"}{,' }, n: 1 },
      { cookie: { ...cookie, path: '/\\' }, n: '"cookie":{' },
      { cookie: { ...cookie, more: { deep: {} } }, n: 1 },
      { cookie: { ...cookie, path: '/\u{1F600}' }, n: 'é' },
      { cookie, n: '\u{1F600}', cookies: { cookie } },
      { cookie: null, n: 1 },
      { n: 1 },
    ].map((session) => JSON.stringify(session))
    texts.push(` ${texts[0]}`, `{"cookie" : ${JSON.stringify(cookie)} , "n":1}`)
    for (const [i, text] of texts.entries()) {
      tiers.server.put(`x${i}`, text, 60_000)
      a.home.settle()
      const { cookie: given, ...data } = JSON.parse(text)
      for (const what of ['as it came', 'as it is kept']) {
        const { cookie: had, ...rest } = (await a.store.get(`x${i}`)) as Data
        assert.deepEqual(rest, data, `${text} ${what}`)
        assert.deepEqual((had as { path?: string } | null)?.path, given?.path, `${text} ${what}`)
      }
      assert.equal(a.home.calls, i + 1)
      audit(coreOf(a.store).ledger)
      const body = coreOf(a.store).ledger.find(`x${i}`)?.body ?? ''
      assert.equal(body, given ? JSON.stringify(data) : text)
    }
  })

  it('is what JSON makes of the session, also of one that makes its own', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    const { cookie } = tiers.session()
    class Own {
      cookie = cookie
      toJSON() {
        return { own: true, cookie }
      }
    }
    const texts = [{ cookie }, { cookie, n: 1 }, { n: 'é"', cookie }, new Own()]
    for (const session of texts) {
      await a.store.set('x', session as unknown as Data)
      const text = tiers.server.find('x')?.text ?? ''
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(session)))
      assert.deepEqual(near(a, 'x'), JSON.parse(text))
    }
  })
})

describe('two processes', () => {
  it('see what the other has written, and hear of it', async () => {
    const tiers = new Tiers()
    const [a, b] = [tiers.process(), tiers.process()]
    await a.store.set('x', tiers.session({ n: 1 }))
    assert.deepEqual(await read(b, 'x'), { n: 1 })
    await b.store.set('x', tiers.session({ n: 2 }))
    await turns()
    assert.deepEqual(await read(a, 'x'), { n: 2 })
    assert.equal(a.store.stats().near?.invalidations, 1)
  })

  it('are each told once of what either has ended, whether it was near or not', async () => {
    const tiers = new Tiers()
    const [a, b] = [tiers.process(), tiers.process()]
    const told: unknown[] = []
    for (const [name, { store }] of Object.entries({ a, b })) {
      store.on('destroy', (sid, { owner, session }: Departure) => {
        told.push(`${name} ${sid} ${owner} ${(session as Data).n}`)
      })
    }
    const ends = {
      near: () => a.store.destroy('near'),
      far: () => a.store.destroy('far'),
      owned: () => a.store.destroyOwner('ann'),
      cleared: () => a.store.clear(),
      twice: () => Promise.all([a.store.destroy('twice'), b.store.destroy('twice')]),
    }
    for (const [sid, end] of Object.entries(ends)) {
      tiers.seed(sid, { n: 1, userId: 'ann' })
      if (sid === 'near') await a.store.get(sid)
      if (sid === 'owned') await a.store.set(sid, tiers.session({ n: 1, userId: 'ann' }))
      await end()
      await turns()
      assert.deepEqual(told.splice(0).sort(), [`a ${sid} ann 1`, `b ${sid} ann 1`])
    }
    await a.store.destroy('none')
    await turns()
    assert.deepEqual(told, [])
  })

  it('are told of one that nobody can read', async () => {
    const tiers = new Tiers()
    const { store } = tiers.process()
    const told: unknown[] = []
    store.on('destroy', (sid, { owner }) => told.push([sid, owner]))
    tiers.server.put('x', '{', 60_000)
    await store.destroy('x')
    assert.deepEqual(told, [['x', undefined]])
  })

  for (const onConflict of ['overwrite', 'merge'] as const) {
    it(`let no slow save bring back what the other has ended (${onConflict})`, async () => {
      const tiers = new Tiers()
      const [a, b] = [tiers.process({ onConflict }), tiers.process({ onConflict })]
      const ends: [string, () => unknown][] = [
        ['destroyed', () => b.store.destroy('x')],
        ['ended with all of its owner', () => b.store.destroyOwner('ann')],
        ['cleared', () => b.store.clear()],
        ['expired', () => tiers.clock.pass(60_000)],
      ]
      for (const [i, [how, end]] of ends.entries()) {
        const { cookie } = tiers.session()
        await a.store.set('x', newSession(a.store, 'x', { userId: 'ann', cookie }))
        const slow = await load(a.store, 'x')
        await end()
        slow.late = true
        slow.cookie.expires = new Date(tiers.clock.now() + 60_000)
        await a.store.set('x', slow)
        await a.store.touch('x', slow)
        assert.equal(tiers.server.find('x'), undefined, how)
        assert.equal(await a.store.get('x'), undefined, how)
        assert.equal(a.store.stats().refused.destroyed, i + 1)
      }
    })
  }

  it('merge what each has changed, and count it once each', async () => {
    const tiers = new Tiers()
    const [a, b] = [1, 2].map(() => tiers.process({ onConflict: 'merge' })) as [Process, Process]
    await a.store.set('x', tiers.session({ both: 0, gone: 1 }))
    const [ours, theirs] = [await load(a.store, 'x'), await load(b.store, 'x')]
    delete ours.gone
    ours.mine = 1
    theirs.theirs = 2
    await a.store.set('x', ours)
    // As if the invalidation were still under way.
    await b.store.set('x', theirs)
    assert.deepEqual(await read(b, 'x'), { both: 0, mine: 1, theirs: 2 })
    ours.mine = 3
    await a.store.set('x', ours)
    assert.deepEqual(await read(a, 'x'), { both: 0, mine: 3, theirs: 2 })
    assert.deepEqual(
      [a, b].map(({ store }) => store.stats().conflicts),
      [1, 1],
    )
  })

  it('take one call for a save that meets no conflict, whatever onConflict says', async () => {
    for (const onConflict of ['overwrite', 'merge'] as const) {
      const tiers = new Tiers()
      const a = tiers.process({ onConflict })
      await a.store.set('x', tiers.session({ n: 1 }))
      const live = await load(a.store, 'x')
      const before = a.home.calls
      live.n = 2
      await a.store.set('x', live)
      assert.equal(a.home.calls, before + 1)
    }
  })

  it('keep nothing of a load that began between two attempts to save', async () => {
    const tiers = new Tiers()
    const a = tiers.process({ onConflict: 'merge' })
    tiers.seed('x', { n: 1 })
    const live = await load(a.store, 'x')
    live.mine = 1
    a.home.held = true
    tiers.write('x', { n: 2 })
    const set = a.store.set('x', live)
    a.home.deliver()
    a.home.arrive(2)
    const early = read(a, 'x')
    await turns()
    a.home.settle()
    await Promise.all([set, early])
    assert.equal(near(a, 'x'), undefined)
    a.home.held = false
    assert.deepEqual(await read(a, 'x'), { n: 2, mine: 1 })
  })

  it('give up a save that others overtake again and again, and say so', async () => {
    const tiers = new Tiers()
    let n = 0
    const overtake = () => tiers.write('x', { n: n++ })
    const a = tiers.process({
      onConflict: (_base, _stored, incoming) => {
        overtake()
        return incoming
      },
    })
    tiers.seed('x', {})
    const live = await load(a.store, 'x')
    overtake()
    await assert.rejects(a.store.set('x', live), { code: 'ECONFLICT' })
    assert.equal(n, 100)
    assert.equal(a.store.stats().conflicts, 1)
  })

  it(`lose no key in ${INTERLEAVINGS} random interleavings of three that merge`, async () => {
    const step = fc.record({ who: fc.nat(2), act: fc.nat(9), key: fc.nat(5) })
    let run = 0
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 4, maxLength: 14 }),
      async (steps) => {
        const tiers = new Tiers()
        const all = [1, 2, 3].map(() => tiers.process({ onConflict: 'merge' }))
        const expected: Record<string, number> = {}
        tiers.seed('x', {})
        const held: (Data | undefined)[] = []
        const saves: Promise<unknown>[] = []
        for (const { home } of all) home.held = true
        const loads = all.map(async (each, i) => {
          held[i] = await load(each.store, 'x')
        })
        for (const { home } of all) home.settle()
        await Promise.all(loads)
        for (const { who, act, key } of steps) {
          const { store, home } = all[who] as Process
          const live = held[who] as Data
          if (act < 4) {
            // Each process has keys of its own: none of them may be lost.
            const name = `${who}-${key}`
            live[name] = expected[name] = ++run
            saves.push(store.set('x', live))
          } else if (act < 7) home.deliver()
          else home.arrive(1 + (act % 3))
          await turns(1)
        }
        for (const { home } of all) home.held = false
        for (let i = 0; i < 3; i++) {
          for (const { home } of all) home.settle()
          await turns(2)
        }
        await Promise.all(saves)
        const { cookie: _, ...stored } = JSON.parse(tiers.server.find('x')?.text ?? '')
        assert.deepEqual(stored, expected)
      },
    )
    await fc.assert(property, { numRuns: INTERLEAVINGS })
  })
})

describe('the owners of several processes', () => {
  it('are asked and signed out everywhere, also from where their sessions are not known', async () => {
    const tiers = new Tiers()
    const [a, b] = [tiers.process(), tiers.process()]
    for (const sid of ['a', 'b', 'c']) await a.store.set(sid, tiers.session({ userId: 'ann' }))
    await a.store.set('d', tiers.session({ userId: 'bob' }))
    assert.deepEqual((await b.store.idsOf('ann')).sort(), ['a', 'b', 'c'])
    assert.equal(await b.store.destroyOwner('ann', { except: 'b' }), 2)
    await turns()
    assert.equal(await a.store.get('a'), undefined)
    assert.deepEqual(await a.store.idsOf('ann'), ['b'])
    assert.deepEqual(await a.store.idsOf('bob'), ['d'])
  })

  it('have what another library wrote while this process holds it, and all once a touch of it is told', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    tiers.seed('x', { userId: 'ann' })
    assert.deepEqual(await a.store.idsOf('ann'), [])
    await a.store.get('x')
    assert.deepEqual(await a.store.idsOf('ann'), ['x'])
    const b = tiers.process()
    assert.deepEqual(await b.store.idsOf('ann'), [])
    await a.store.touch('x', tiers.session({}, 70_000))
    assert.deepEqual(await b.store.idsOf('ann'), ['x'])
  })

  it('have a session only while it is theirs', async () => {
    const tiers = new Tiers()
    const [a, b] = [tiers.process(), tiers.process()]
    await a.store.set('x', tiers.session({ userId: 'ann' }))
    tiers.write('x', { userId: 'bob' })
    await b.store.touch('x', tiers.session({ userId: 'bob' }, 70_000))
    assert.deepEqual(await a.store.idsOf('ann'), [])
    assert.deepEqual(await a.store.idsOf('bob'), ['x'])
    assert.equal(await a.store.destroyOwner('ann'), 0)
    await a.store.destroy('x')
    assert.deepEqual(await b.store.idsOf('bob'), [])
  })
})

describe('a touch', () => {
  const touched = async (ttl: number, after: number | undefined, steps: [number, number][]) => {
    const tiers = new Tiers()
    const a = tiers.process({}, after)
    await a.store.set('x', tiers.session({}, ttl))
    const calls: number[] = []
    for (const [wait, life] of steps) {
      tiers.clock.pass(wait)
      // As each request does.
      const live = await load(a.store, 'x')
      live.cookie = tiers.session({}, life).cookie
      const before = a.home.calls
      await a.store.touch('x', live)
      calls.push(a.home.calls - before)
    }
    return calls
  }

  it('is told once it moves the expiry by a tenth of the ttl', async () => {
    assert.deepEqual(
      await touched(10_000, undefined, [
        [900, 10_000],
        [99, 10_000],
        [1, 10_000],
        [999, 10_000],
      ]),
      [0, 0, 1, 0],
    )
  })

  it('is told after a minute at the most', async () => {
    const day = 86_400_000
    assert.deepEqual(
      await touched(day, undefined, [
        [59_999, day],
        [1, day],
      ]),
      [0, 1],
    )
  })

  it('is told at once when it brings the expiry nearer, or when touchAfter is 0', async () => {
    assert.deepEqual(await touched(60_000, undefined, [[0, 5000]]), [1])
    assert.deepEqual(await touched(60_000, 0, [[1, 60_000]]), [1])
    assert.deepEqual(
      await touched(60_000, 500, [
        [499, 60_000],
        [1, 60_000],
      ]),
      [0, 1],
    )
  })

  it('keeps a session alive as long as requests come, and lets it go no later than it says', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    await a.store.set('x', tiers.session({ n: 1 }, 10_000))
    for (let i = 0; i < 20; i++) {
      tiers.clock.pass(950)
      await a.store.touch('x', tiers.session({}, 10_000))
    }
    assert.deepEqual(await read(a, 'x'), { n: 1 })
    tiers.clock.pass(10_000)
    assert.equal(await a.store.get('x'), undefined)
  })

  it('knows what it loaded, also where the near cache holds nothing', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    await a.store.set('x', tiers.session({ userId: 'ann' }))
    const live = await load(a.store, 'x')
    tiers.write('x', { userId: 'ann' })
    await turns()
    const before = a.home.calls
    await a.store.touch('x', live)
    assert.equal(a.home.calls, before)
  })

  it('of a session that has ended creates nothing and forgets it', async () => {
    const tiers = new Tiers()
    const a = tiers.process({}, 0)
    await a.store.set('x', tiers.session())
    a.home.held = true
    tiers.server.end('x')
    tiers.clock.pass(1)
    const touch = a.store.touch('x', tiers.session())
    a.home.settle()
    await touch
    assert.equal(near(a, 'x'), undefined)
    assert.equal(tiers.server.find('x'), undefined)
  })

  it('with an expiry that is over ends the session', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    await a.store.set('x', tiers.session())
    await a.store.touch('x', tiers.session({}, -1))
    assert.equal(tiers.server.find('x'), undefined)
  })
})

describe('the near cache', () => {
  it('answers a hot session without a call, for a minute', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    await a.store.set('x', tiers.session({ n: 1 }, 3_600_000))
    const { calls } = a.home
    for (let i = 0; i < 59; i++) {
      tiers.clock.pass(1000)
      assert.deepEqual(await read(a, 'x'), { n: 1 })
    }
    assert.equal(a.home.calls, calls)
    tiers.clock.pass(1000)
    assert.deepEqual(await read(a, 'x'), { n: 1 })
    assert.equal(a.home.calls, calls + 1)
    assert.deepEqual(a.store.stats().near, { ...a.store.stats().near, hits: 59, loads: 1 })
  })

  it('holds no more than maxSize, and what it evicts is not gone', async () => {
    const tiers = new Tiers()
    const a = tiers.process({ maxSize: 4000 })
    const text = 'x'.repeat(500)
    for (let n = 0; n < 20; n++) {
      await a.store.set(`x${n}`, tiers.session({ n, text }))
      assert.ok(a.store.stats().bytes <= 4000)
    }
    assert.ok(a.store.stats().sessions < 8)
    assert.equal(await a.store.length(), 20)
    assert.deepEqual(await read(a, 'x0'), { n: 0, text })
  })

  it('leaves what is too large for it to its home, and refuses it only where that is asked for', async () => {
    const tiers = new Tiers()
    const [a, b] = [tiers.process({ maxSize: 2000 }), tiers.process({ maxEntrySize: 2000 })]
    const large = { text: 'x'.repeat(3000) }
    await a.store.set('x', tiers.session(large))
    assert.deepEqual(await read(a, 'x'), large)
    assert.equal(a.store.stats().sessions, 0)
    await assert.rejects(b.store.set('y', tiers.session(large)), { code: 'ESESSIONTOOBIG' })
    assert.equal(tiers.server.find('y'), undefined)
  })

  it('is not filled by what looks at all sessions', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    for (let n = 0; n < 10; n++) tiers.seed(`x${n}`, { n })
    assert.equal(await a.store.length(), 10)
    assert.equal((await a.store.ids()).length, 10)
    assert.equal(Object.keys(await a.store.all()).length, 10)
    assert.equal(a.store.stats().sessions, 0)
  })

  it('tells dispose why a session left it', async () => {
    const told: string[] = []
    const tiers = new Tiers()
    const a = tiers.process({ dispose: (sid, _text, cause) => told.push(`${sid} ${cause}`) })
    for (const sid of ['a', 'b', 'c']) await a.store.set(sid, tiers.session())
    tiers.write('a', {})
    await turns()
    await a.store.destroy('b')
    tiers.clock.pass(60_000)
    await a.store.prune()
    assert.deepEqual(told, ['a invalidate', 'b destroy', 'c expire'])
    assert.equal(coreOf(a.store).ledger.size, 0)
  })

  it('is left out while changes are not told', async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    a.home.listener?.connected(false)
    await a.store.set('x', tiers.session({ n: 1 }))
    await read(a, 'x')
    const { calls } = a.home
    assert.deepEqual(await read(a, 'x'), { n: 1 })
    assert.equal(a.home.calls, calls + 1)
    assert.equal(a.store.stats().sessions, 0)
  })

  it('says that there is nothing to save, and no session in this process to look at', async () => {
    const { store } = new Tiers().process()
    await assert.rejects(store.save(), /sessions are saved when they are set/)
    assert.throws(() => store.sessions, /all\(\) reads them/)
  })

  it("tells express-session of the home's comings and goings", async () => {
    const tiers = new Tiers()
    const a = tiers.process()
    const told: string[] = []
    for (const event of ['connect', 'disconnect']) a.store.on(event, () => told.push(event))
    a.home.lose()
    a.home.regain()
    assert.deepEqual(told, ['disconnect', 'connect'])
  })
})
