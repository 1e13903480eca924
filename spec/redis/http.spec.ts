import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createApp } from '../../examples/shop/app'
import { Browser, serve } from '../support/http'
import { needsRedis, RedisServer, type Scope, until } from '../support/redis'
import { Site } from '../support/site'

async function twoSites(t: Scope) {
  const server = await RedisServer.start(t)
  const stores = await Promise.all([1, 2].map(() => server.store(t, { onConflict: 'merge' })))
  const sites = await Promise.all(
    stores.map((store) =>
      Site.open(store, (live) => {
        live.late = true
      }),
    ),
  )
  for (const site of sites) t.after(() => site.close())
  return sites as [Site, Site]
}

describe('two express-session sites on one Redis', needsRedis, () => {
  for (const path of ['/slow', '/slow/key']) {
    it(`keep a logout in one from being undone by a slow ${path} in the other`, async (t) => {
      const [one, other] = await twoSites(t)
      const browser = one.browser()
      await browser.post('/sign-in', { name: 'ann' })
      const letThrough = await other.slow(browser.copy(other.url), path)
      const before = browser.copy()
      await browser.post('/sign-out')
      assert.equal((await letThrough()).text, 'done')
      for (const site of [one, other]) {
        assert.deepEqual(JSON.parse((await before.copy(site.url).get('/session')).text), {})
      }
    })
  }

  it('keep what slow requests in both write into one session', async (t) => {
    const [one, other] = await twoSites(t)
    const browser = one.browser()
    await browser.post('/sign-in', { name: 'ann' })
    const passes = [
      await one.slow(browser, '/slow/here'),
      await other.slow(browser.copy(other.url), '/slow/there'),
    ]
    await Promise.all(passes.map((pass) => pass()))
    const { text } = await browser.get('/session')
    assert.deepEqual(JSON.parse(text), { userId: 'ann', here: true, there: true })
  })
})

describe("the example's shop", needsRedis, () => {
  it('says that it can not look people up while Redis is down, and goes on after that', async (t) => {
    const server = await RedisServer.start(t)
    const store = await server.store(t)
    const site = await serve(createApp(store as never, 'secret'))
    t.after(() => site.close())
    const browser = new Browser(site.url)
    assert.equal((await browser.get('/')).status, 200)
    await server.kill()
    await until(() => store.stats().near?.connected === false, 'the loss is known')
    const { status, text } = await browser.get('/')
    assert.equal(status, 503)
    assert.match(text, /try again in a moment/)
    await server.start()
    await until(() => store.stats().near?.connected === true, 'Redis is back')
    assert.equal((await browser.get('/')).status, 200)
  })
})
