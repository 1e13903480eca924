import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Store } from 'express-session'
import fc from 'fast-check'
import { Entry } from '../../lib/entry/entry'
import { handOn, isLive, Link, linkOf, stamp } from '../../lib/session/link'
import { Lembro } from '../../lib/store'
import { rounds } from '../support/rounds'
import { type Data, load, newSession, plainSession, request, roundTrip } from '../support/sessions'

const link = (base = '{}') => new Link({ epoch: 0 }, new Entry('a'), base, base)

describe('a link', () => {
  it('is invisible on the object that it is stamped on, frozen ones and those of any class too', () => {
    for (const object of [{}, Object.create(null), new Map(), Object.freeze({ n: 1 })]) {
      const before = JSON.stringify(object)
      const mine = link()
      stamp(object, mine)
      assert.equal(linkOf(object), mine)
      assert.deepEqual(Reflect.ownKeys(object), object && 'n' in object ? ['n'] : [])
      assert.equal(JSON.stringify(object), before)
    }
  })

  it('is replaced by another', () => {
    const [object, first, second] = [{}, link('1'), link('2')]
    for (const each of [first, second]) stamp(object, each)
    assert.equal(linkOf(object), second)
  })

  it('goes over to a shallow copy and to a Proxy, which have the same cookie', () => {
    const [session, mine] = [plainSession({ n: 1 }), link()]
    stamp(session, mine)
    assert.equal(linkOf({ ...session }), mine)
    assert.equal(linkOf(Object.assign(Object.create(session), session)), mine)
    assert.equal(linkOf(new Proxy(session, {})), mine)
  })

  it('does not go over to a deep copy, nor to a copy of what has no cookie', () => {
    const session = { ...plainSession({ n: 1 }) }
    stamp(session, link())
    assert.equal(linkOf(roundTrip(session)), undefined)
    const bare = { n: 1 }
    stamp(bare, link())
    assert.equal(linkOf({ ...bare }), undefined)
  })

  it("is a session's own, whatever became of a copy", () => {
    const session = plainSession({ n: 1 })
    const [mine, theirs] = [link('mine'), link('theirs')]
    stamp(session, mine)
    stamp({ ...session }, theirs)
    assert.equal(linkOf(session), mine)
  })

  it('does not go over to a new live session that is given the cookie of another', () => {
    const store = new Lembro()
    const [old, live] = [newSession(store, 'a'), newSession(store, 'a')]
    stamp(old, link())
    Object.assign(live, { ...old })
    assert.equal(live.cookie, old.cookie)
    assert.equal(linkOf(live), undefined)
    assert.notEqual(linkOf(new Proxy(old, {})), undefined)
  })

  it('is handed on from what was loaded to the live session', () => {
    const [data, live, mine] = [plainSession(), {}, link()]
    stamp(data, mine)
    const { cookie } = data
    const given = handOn(data, () => {
      // As express-session does.
      data.cookie = { ...cookie }
      return live
    })
    assert.equal(given, live)
    assert.equal(linkOf(live), mine)
    assert.equal(linkOf(handOn(plainSession(), () => ({}))), undefined)
  })

  it('is revoked by the end of its entry, or of its epoch', () => {
    const entry = new Entry('a')
    const home = { epoch: 3 }
    const mine = new Link(home, entry, '', '')
    assert.equal(mine.revoked, false)
    home.epoch = 4
    assert.equal(mine.revoked, true)
    home.epoch = 3
    entry.destroy()
    assert.equal(mine.revoked, true)
  })
})

describe('a live session', () => {
  // On whatever day this runs.
  const instant = Date.UTC(9000, 0, 2)
  const date = new Date(instant)
  const texts = [date.toUTCString(), '9000-01-02', date.toISOString()]
  const alike = async (store: Lembro, change: (data: Data) => void) => {
    const [ours, theirs] = [(await store.get('a')) as Data, (await store.get('a')) as Data]
    change(ours)
    change(theirs)
    const { createSession } = Store.prototype
    const expected = createSession.call(store, request('a', store), roundTrip(theirs))
    assert.deepEqual({ ...store.createSession(request('a', store), ours) }, { ...expected })
  }

  it('has the cookie that express-session makes of the text of its expiry, whatever the text and the ttl', async () => {
    for (const expires of [new Date(instant), ...texts, null]) {
      for (const options of [{}, { ttl: 60_000 }]) {
        const store = new Lembro(options)
        await store.set('a', plainSession({}, { expires }))
        await alike(store, () => {})
      }
    }
  })

  it('has what the application made of that text meanwhile', async () => {
    const store = new Lembro()
    await store.set('a', plainSession({}, { expires: new Date(instant) }))
    for (const expires of [...texts.slice(0, 2), new Date(instant + 1).toISOString(), null]) {
      await alike(store, ({ cookie }) => Object.assign(cookie, { expires }))
    }
  })
})

describe('isLive', () => {
  it('knows a live session, of whatever copy, from a plain one', () => {
    const store = new Lembro()
    assert.equal(isLive(newSession(store, 'a')), true)
    assert.equal(isLive({ req: {}, save: () => {} }), true)
    for (const plain of [plainSession(), {}, { req: 1, save: 'x' }, { save: () => {} }]) {
      assert.equal(isLive(plain), false)
    }
  })
})

describe('a request', () => {
  const act = fc.oneof(
    { weight: 3, arbitrary: fc.constant('load' as const) },
    { weight: 4, arbitrary: fc.constant('save' as const) },
    { weight: 1, arbitrary: fc.constant('touch' as const) },
    { weight: 1, arbitrary: fc.constant('destroy' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
    { weight: 1, arbitrary: fc.constant('login' as const) },
  )

  it('that loaded a session brings it back in no order of saves, touches and logouts', async () => {
    const acts = fc.array(fc.tuple(act, fc.nat(9)), { maxLength: 40, size: 'max' })
    const property = fc.asyncProperty(acts, async (acts) => {
      const store = new Lembro({ onConflict: 'merge' })
      const held: { session: Data; life: number }[] = []
      let [lives, life, refused] = [0, 0, 0]
      for (const [act, nth] of acts) {
        const slow = held[nth % Math.max(1, held.length)]
        if (act === 'login') {
          if (life === 0) life = ++lives
          store.set('a', plainSession({ life }))
        } else if (act === 'load' && life !== 0) {
          held.push({ session: await load(store, 'a'), life })
        } else if (act === 'destroy' || act === 'clear') {
          if (act === 'clear') store.clear()
          else store.destroy('a')
          life = 0
        } else if (act === 'touch' && slow !== undefined) {
          store.touch('a', slow.session)
        } else if (act === 'save' && slow !== undefined) {
          slow.session.saved = nth
          store.set('a', slow.session)
          if (slow.life !== life) refused++
        }
        assert.equal(((await store.get('a')) as Data | undefined)?.life, life || undefined)
      }
      assert.equal(store.stats().refused.destroyed, refused)
    })
    await fc.assert(property, { numRuns: rounds(200) })
  })
})
