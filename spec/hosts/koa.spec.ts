/** koa-session over HTTP, with lembro as it is and through `koaStore`. Of `koa.ts`, `hosted.ts`, `index.ts` and `index.mts`. */

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import Koa from 'koa'
import session from 'koa-session'
import { koaStore } from '../../lib/hosts'
import { Lembro } from '../../lib/store'
import { hostedApp, mergesVisits, staysOut, staysOutAcross } from '../support/hosted'
import { Browser, serve } from '../support/http'
import { needsRedis, RedisServer } from '../support/redis'
import { NOON } from '../support/time'

const MINUTE = 60_000
/** koa-session keeps a session so much longer in its store than in the browser. */
const LONGER = 10_000

type Options = Partial<Parameters<typeof session>[0]>

async function open(t: TestContext, options: (store: Lembro) => Options, store = new Lembro()) {
  const { handlers, inside, pass } = hostedApp()
  const app = new Koa()
  app.keys = ['a key']
  app.use(session({ maxAge: MINUTE, ...options(store) } as Parameters<typeof session>[0], app))
  app.use(async (ctx) => {
    if (ctx.path === '/renew') await ctx.session?.regenerate()
    const signOut = async () => {
      ctx.session = null
    }
    ctx.body = await handlers[ctx.path]?.({ session: () => Object(ctx.session), signOut })
  })
  const server = await serve(app.callback())
  t.after(() => server.close())
  const { url } = server
  const browser = new Browser(url)
  await browser.get('/sign-in')
  return { store, inside, pass, browser, url }
}

const hosted = (store: Lembro): Options => ({ store: koaStore(store) })
const plain = (store: Lembro): Options => ({ store: store as never })

/** Whether a user who signs out is still signed out when a slow request has ended. */
async function staysSignedOut(t: TestContext, options: (store: Lembro) => Options) {
  const opened = await open(t, options)
  return { store: opened.store, staysOut: await staysOut(opened) }
}

describe('koaStore', () => {
  it('refuses at once what is no store', () => {
    for (const store of [undefined, null, {}, { get() {}, set() {} }]) {
      assert.throws(
        () => koaStore(store as never),
        /^TypeError: store: expected a store of lembro's/,
      )
    }
  })

  it('refuses a koa-session that hands no context over, at once', async () => {
    const ofKoa = koaStore(new Lembro({ interval: 0 }))
    const said = {
      name: 'TypeError',
      message: /^koaStore: .* from version 6\.1 on; got undefined$/,
    }
    for (const call of [undefined, { rolling: true }]) {
      await assert.rejects(() => ofKoa.get('a', MINUTE, call as never), said)
      await assert.rejects(() => ofKoa.set('a', {}, MINUTE, call as never), said)
    }
  })

  it('takes a maxAge without an end, or past what a Date can be, as never', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOON })
    const store = new Lembro({ interval: 0 })
    t.after(() => store.close())
    const ofKoa = koaStore(store)
    for (const maxAge of [Infinity, 1e18]) {
      await ofKoa.set('a', { n: 1 }, maxAge, { ctx: {} })
      t.mock.timers.tick(100 * 365 * 86_400_000)
      assert.deepEqual(await ofKoa.get('a', maxAge, { ctx: {} }), { n: 1 })
    }
    await ofKoa.set('a', { n: 1 }, -Infinity, { ctx: {} })
    assert.equal(await ofKoa.get('a', 1, { ctx: {} }), undefined)
  })

  it('keeps a session from request to request, and knows whose it is', async (t) => {
    const { store, browser } = await open(t, hosted)
    assert.equal((await browser.get('/')).text, 'ann, visit 1')
    assert.equal((await browser.get('/')).text, 'ann, visit 2')
    assert.equal((await store.idsOf('ann')).length, 1)
  })

  it('lets a session expire when Koa does, whatever the ttl of others', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOON })
    const { store, browser } = await open(t, hosted)
    await browser.get('/')
    t.mock.timers.tick(MINUTE + LONGER - 1)
    assert.equal(await store.length(), 1)
    t.mock.timers.tick(1)
    assert.equal(await store.length(), 0)
  })

  it("keeps one of maxAge 'session' for the ttl of the store", async (t) => {
    const store = new Lembro({ ttl: 5 * MINUTE })
    t.mock.timers.enable({ apis: ['Date'], now: NOON })
    await open(t, (given) => ({ ...hosted(given), maxAge: 'session' }), store)
    t.mock.timers.tick(5 * MINUTE - 1)
    assert.equal(await store.length(), 1)
    t.mock.timers.tick(1)
    assert.equal(await store.length(), 0)
  })

  it('shows the application no cookie that Koa has not', async (t) => {
    const { store, browser } = await open(t, hosted)
    await browser.get('/')
    const [sid = ''] = await store.ids()
    const ctx = {}
    const found = Object(await koaStore(store).get(sid, MINUTE, { ctx }))
    assert.deepEqual(Object.keys(found), ['userId', 'visits', '_expire', '_maxAge'])
  })

  it('begins a session anew under another id when Koa does', async (t) => {
    const { store, browser } = await open(t, hosted)
    const [old] = await store.ids()
    await browser.get('/renew')
    const [sid, ...others] = await store.ids()
    assert.notEqual(sid, old)
    assert.deepEqual(others, [])
    assert.equal((await browser.get('/')).text, 'ann, visit 1')
  })

  it('leaves a user signed out whose slow request ends later', async (t) => {
    const { store, staysOut } = await staysSignedOut(t, hosted)
    assert.equal(staysOut, true)
    assert.equal(store.stats().refused.destroyed, 1)
  })

  it('keeps nothing that the application has deleted', async (t) => {
    const { store, browser } = await open(t, hosted)
    await browser.get('/forget')
    assert.equal((await browser.get('/')).text, 'nobody, visit 1')
    assert.deepEqual(await store.idsOf('ann'), [])
  })

  it('merges what two requests change, as between requests of Express', async (t) => {
    const merging = new Lembro({ onConflict: 'merge' })
    await mergesVisits(await open(t, hosted, merging), merging)
  })
})

describe('koaStore before Redis', needsRedis, () => {
  it('keeps a logout in one process from being undone by a slow request in another', async (t) => {
    const server = await RedisServer.start(t)
    const stores = await Promise.all([1, 2].map(() => server.store(t)))
    const [one, other] = await Promise.all(stores.map((store) => open(t, hosted, store)))
    assert(one !== undefined && other !== undefined)
    await staysOutAcross(one, other)
  })
})

describe('a store that is handed to koa-session as it is', () => {
  it('works, but knows nothing of its maxAge', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: NOON })
    const { store, browser } = await open(t, plain)
    assert.equal((await browser.get('/')).text, 'ann, visit 1')
    t.mock.timers.tick(MINUTE + LONGER)
    assert.equal(await store.length(), 1)
  })

  it('has a slow request sign a user back in', async (t) => {
    const { staysOut } = await staysSignedOut(t, plain)
    assert.equal(staysOut, false)
  })
})
