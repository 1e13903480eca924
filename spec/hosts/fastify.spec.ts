/** @fastify/session over HTTP, with lembro as it is and through `fastifyStore`. */

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import cookie from '@fastify/cookie'
import session, { type FastifySessionOptions } from '@fastify/session'
import fastify from 'fastify'
import { fastifyStore } from '../../lib/hosts'
import { Lembro } from '../../lib/store'
import { hostedApp, mergesVisits, staysOut, staysOutAcross } from '../support/hosted'
import { Browser } from '../support/http'
import { needsRedis, RedisServer } from '../support/redis'

type SessionStore = NonNullable<FastifySessionOptions['store']>

async function open(
  t: TestContext,
  adapt: (store: Lembro) => SessionStore,
  options: Partial<FastifySessionOptions> = {},
  store = new Lembro({ interval: 0 }),
) {
  const { handlers, inside, pass } = hostedApp()
  const app = fastify()
  app.register(cookie)
  const secret = 'x'.repeat(32)
  app.register(session, {
    ...{ secret, cookie: { secure: false }, saveUninitialized: false, store: adapt(store) },
    ...options,
  })
  for (const [path, handler] of Object.entries(handlers)) {
    app.get(path, (request) =>
      handler({ session: () => Object(request.session), signOut: () => request.session.destroy() }),
    )
  }
  app.get('/keys', async (request) => JSON.stringify(request.session))
  app.get('/reload', async (request) => {
    await request.session.reload()
    return handlers['/slow']?.({ session: () => Object(request.session), signOut: async () => {} })
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.after(() => app.close())
  const browser = new Browser(url)
  await browser.get('/sign-in')
  return { store, inside, pass, browser, url }
}

const hosted = (store: Lembro): SessionStore => fastifyStore(store)
const plain = (store: Lembro): SessionStore => store as never

/** Whether a user who signs out is still signed out when a slow request has ended. */
async function staysSignedOut(
  t: TestContext,
  adapt: (store: Lembro) => SessionStore,
  path = '/slow',
  options: Partial<FastifySessionOptions> = {},
) {
  const opened = await open(t, adapt, options)
  return { store: opened.store, staysOut: await staysOut(opened, path) }
}

describe('fastifyStore', () => {
  it('refuses at once what is no store', () => {
    for (const store of [undefined, null, {}, { get() {}, set() {} }]) {
      assert.throws(
        () => fastifyStore(store as never),
        /^TypeError: store: expected a store of lembro's/,
      )
    }
  })

  it('keeps a session from request to request, and knows whose it is', async (t) => {
    const { store, browser } = await open(t, hosted)
    assert.equal((await browser.get('/')).text, 'ann, visit 1')
    assert.equal((await browser.get('/')).text, 'ann, visit 2')
    assert.equal((await store.idsOf('ann')).length, 1)
  })

  const settings: Record<string, Partial<FastifySessionOptions>> = {
    'as it is': {},
    'with a maxAge': { cookie: { secure: false, maxAge: 60_000 } },
    'that saves only what has changed': { rolling: false },
    'that saves new sessions': { saveUninitialized: true },
  }
  for (const [what, options] of Object.entries(settings)) {
    it(`leaves a user signed out whose slow request ends later, with Fastify ${what}`, async (t) => {
      const { store, staysOut } = await staysSignedOut(t, hosted, '/slow', options)
      assert.equal(staysOut, true)
      assert.equal(store.stats().refused.destroyed, 1)
    })
  }

  it('does so too if the slow request has loaded its session anew', async (t) => {
    assert.equal((await staysSignedOut(t, hosted, '/reload')).staysOut, true)
  })

  it('is in nothing that is stored or sent, and makes no session look changed', async (t) => {
    const { store, browser } = await open(t, hosted, { rolling: false })
    const before = store.stats().sets
    assert.deepEqual(Object.keys(JSON.parse((await browser.get('/keys')).text)), [
      'cookie',
      'userId',
    ])
    assert.equal(store.stats().sets, before)
    await browser.get('/')
    const [kept] = Object.values(await store.all())
    assert.deepEqual(Object.keys(Object(kept)), ['userId', 'visits', 'cookie'])
  })

  it('keeps nothing that the application has deleted', async (t) => {
    const { store, browser } = await open(t, hosted)
    await browser.get('/forget')
    assert.equal((await browser.get('/')).text, 'nobody, visit 1')
    assert.deepEqual(await store.idsOf('ann'), [])
  })

  it('merges what two requests change, as between requests of Express', async (t) => {
    const merging = new Lembro({ onConflict: 'merge', interval: 0 })
    await mergesVisits(await open(t, hosted, {}, merging), merging)
  })

  it('tells Fastify of what fails', async (t) => {
    const { store, browser } = await open(t, hosted)
    await store.close()
    assert.equal((await browser.get('/')).status, 500)
  })
})

describe('fastifyStore before Redis', needsRedis, () => {
  it('keeps a logout in one process from being undone by a slow request in another', async (t) => {
    const server = await RedisServer.start(t)
    const stores = await Promise.all([1, 2].map(() => server.store(t)))
    const [one, other] = await Promise.all(stores.map((store) => open(t, hosted, {}, store)))
    assert(one !== undefined && other !== undefined)
    await staysOutAcross(one, other)
  })
})

describe('a store that is handed to @fastify/session as it is', () => {
  it('has a slow request sign a user back in', async (t) => {
    assert.equal((await staysSignedOut(t, plain)).staysOut, false)
  })
})
