/** express-openid-connect over HTTP, with lembro as it is and through `openidStore`. */

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import express, { type Request, type RequestHandler } from 'express'
import { openidStore } from '../../lib/hosts'
import { Lembro } from '../../lib/store'
import { hostedApp, staysOut } from '../support/hosted'
import { Browser, serve } from '../support/http'
import { needsRedis, RedisServer } from '../support/redis'

// Its own types do not compile in CommonJS.
const { auth } = require('express-openid-connect') as { auth(config: object): RequestHandler }

const HOUR = 3_600_000

type Live = Request & { appSession: Record<string, unknown> | undefined }

/** The application, its sessions signed in without a provider: as the callback of one would. */
async function open(t: TestContext, wrap: (store: Lembro) => object, store = new Lembro()) {
  const { handlers, inside, pass } = hostedApp()
  const app = express()
  const claims = Buffer.from(JSON.stringify({ sub: 'ann' })).toString('base64url')
  app.use(
    auth({
      ...{ authRequired: false, issuerBaseURL: 'https://provider.example', clientID: 'shop' },
      ...{ baseURL: 'http://127.0.0.1', secret: 'a secret of thirty-two characters or more' },
      session: {
        store: wrap(store),
        rollingDuration: HOUR / 1000,
        cookie: { secure: false },
      },
    }),
  )
  app.use(async (req, res) => {
    const live = req as Live
    if (req.path === '/sign-in') Object(live.appSession).id_token = `header.${claims}.signature`
    const signOut = async () => {
      live.appSession = undefined
    }
    res.send(await handlers[req.path]?.({ session: () => Object(live.appSession), signOut }))
  })
  const server = await serve(app)
  t.after(() => server.close().then(() => store.close()))
  const browser = new Browser(server.url)
  await browser.get('/sign-in')
  return { store, inside, pass, browser, url: server.url }
}

describe('openidStore', () => {
  it('refuses at once what is no store', () => {
    for (const store of [undefined, null, {}, { get() {}, set() {} }]) {
      assert.throws(
        () => openidStore(store as never),
        /^TypeError: store: expected a store of lembro's/,
      )
    }
  })

  it('keeps a session from request to request, and knows whose it is', async (t) => {
    const { store, browser } = await open(t, openidStore)
    assert.equal((await browser.get('/')).text, 'ann, visit 1')
    assert.equal((await browser.get('/')).text, 'ann, visit 2')
    assert.equal((await store.idsOf('ann')).length, 1)
  })

  it('lets a session expire when the host does', async (t) => {
    const { store, browser } = await open(t, openidStore)
    const [session] = Object.values(await store.all())
    const ends = new Date(`${session?.cookie.expires}`).getTime() - Date.now()
    assert(ends <= HOUR && ends > HOUR - 60_000, `${ends} ms`)
    await browser.get('/sign-out')
    assert.equal(await store.length(), 0)
  })

  it('leaves a user signed out whose slow request ends later', async (t) => {
    const opened = await open(t, openidStore)
    assert.equal(await staysOut(opened), true)
    assert.equal(opened.store.stats().refused.destroyed, 1)
  })

  it('gives nothing for what is no session of the host', async () => {
    const store = new Lembro({ interval: 0 })
    await store.set('a', { cookie: {} } as never)
    assert.equal(await openidStore(store).get('a'), undefined)
    assert.equal(await openidStore(store).get('b'), undefined)
  })
})

describe('openidStore before Redis', needsRedis, () => {
  it('keeps a logout in one process from being undone by a slow request in another', async (t) => {
    const server = await RedisServer.start(t)
    const stores = await Promise.all([1, 2].map(() => server.store(t)))
    const [one, other] = await Promise.all(stores.map((store) => open(t, openidStore, store)))
    assert(one !== undefined && other !== undefined)
    const slow = one.browser.copy(other.url).get('/slow')
    await other.inside
    const old = one.browser.copy(other.url)
    await one.browser.get('/sign-out')
    other.pass()
    assert.equal((await slow).text, 'done')
    assert.equal((await old.get('/')).text, 'nobody, visit 1')
  })
})

describe('a store that is handed to express-openid-connect as it is', () => {
  it('works, but a slow request signs a user back in', async (t) => {
    assert.equal(await staysOut(await open(t, (store) => store)), false)
  })
})
