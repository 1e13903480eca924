import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { SessionOptions } from 'express-session'
import { Lembro } from '../../lib/store'
import type { Browser } from '../support/http'
import { plainSession } from '../support/sessions'
import { type Late, type Live, Site } from '../support/site'

async function open(t: TestContext, late: Late, options?: Partial<SessionOptions>) {
  const store = new Lembro({ interval: 0 })
  const site = await Site.open(store, late, options)
  t.after(() => site.close())
  const browser = site.browser()
  await browser.post('/sign-in', { name: 'ann' })
  return { store, site, browser }
}

async function session(browser: Browser): Promise<Record<string, unknown>> {
  return JSON.parse((await browser.get('/session')).text)
}

const change: Late = (live) => {
  live.late = Number(live.late ?? 0) + 1
}

const endings: Record<string, (store: Lembro, browser: Browser) => Promise<unknown>> = {
  'signs out': (_, browser) => browser.post('/sign-out'),
  'signs in anew': (_, browser) => browser.post('/sign-in', { name: 'bob' }),
  'is ended by clear': (store) => store.clear(),
  'is ended by destroyOwner': (store) => store.destroyOwner('ann'),
}

describe('a slow request, of someone who meanwhile', () => {
  for (const [ending, end] of Object.entries(endings)) {
    it(`${ending}, gets its answer, and the old cookie stays signed out`, async (t) => {
      const { store, site, browser } = await open(t, change)
      const old = browser.copy()
      const pass = await site.slow(browser)
      await end(store, browser)
      const { status, text } = await pass()
      assert.deepEqual({ status, text }, { status: 200, text: 'done' })
      assert.deepEqual(await session(old), {})
      assert.equal(store.stats().refused.destroyed, 1)
    })
  }

  const lates: Record<string, Late> = {
    'changes nothing': () => {},
    'saves by itself, twice': async (live) => {
      for (let n = 0; n < 2; n++) {
        live.n = n
        await new Promise((resolve) => live.save(resolve))
      }
    },
    'touches and changes': (live) => change(live.touch() as never),
  }
  for (const [what, late] of Object.entries(lates)) {
    for (const options of [{}, { resave: true }, { rolling: true }, { saveUninitialized: true }]) {
      const setting = JSON.stringify(options)
      it(`signs out, stays signed out when it ${what} with ${setting}`, async (t) => {
        const { site, browser } = await open(t, late, options)
        const old = browser.copy()
        const pass = await site.slow(browser)
        await browser.post('/sign-out')
        assert.equal((await pass()).status, 200)
        assert.deepEqual(await session(old), {})
      })
    }
  }

  it('signs out hears of it when it reloads its session', async (t) => {
    let error: Error | undefined
    const reload: Late = (live) =>
      new Promise<void>((resolve) => {
        live.reload((thrown: Error | undefined) => {
          error = thrown
          resolve()
        })
      })
    const { site, browser } = await open(t, reload)
    const pass = await site.slow(browser)
    await browser.post('/sign-out')
    await pass()
    assert.match(String(error?.message), /failed to load session/)
    assert.deepEqual(await session(browser), {})
  })
})

describe('a slow request whose session was not destroyed', () => {
  it('is saved when the session was evicted or expired meanwhile', async (t) => {
    const { store, site, browser } = await open(t, change)
    const sid = sidOf(browser)
    const evict = async () => {
      await store.set('other', plainSession({ userId: 'bob' }))
      await store.reduce(1)
    }
    const expire = () => store.touch(sid, plainSession({}, { expires: new Date(0) }))
    for (const [times, leave] of [evict, expire].entries()) {
      const pass = await site.slow(browser)
      await leave()
      assert.equal(await store.get(sid), undefined)
      await pass()
      assert.deepEqual(await session(browser), { userId: 'ann', late: times + 1 })
    }
    assert.equal(store.stats().refused.destroyed, 0)
  })

  it('reloads what another request has written, and saves on top of it', async (t) => {
    const reload: Late = (live) =>
      new Promise<void>((resolve, reject) => {
        live.reload((error: Error | undefined) => {
          if (error) return reject(error)
          // The session that express-session has put in the place of this one.
          change((live.req as { session: Live }).session)
          resolve()
        })
      })
    const { site, browser } = await open(t, reload)
    const pass = await site.slow(browser)
    await browser.get('/visit')
    await pass()
    assert.deepEqual(await session(browser), { userId: 'ann', visits: 1, late: 1 })
  })

  it('can come back under the same id, where ids follow from the person', async (t) => {
    const options = { genid: () => 'ann-of-all-people' }
    const { store, site, browser } = await open(t, change, options)
    const pass = await site.slow(browser)
    await browser.post('/sign-out')
    await browser.post('/sign-in', { name: 'ann again' })
    await pass()
    assert.deepEqual(await session(browser), { userId: 'ann again' })
    assert.equal(store.stats().refused.destroyed, 1)
  })
})

function sidOf(browser: Browser): string {
  const cookie = decodeURIComponent(browser.cookies.get('connect.sid') ?? '')
  return cookie.slice(2, cookie.lastIndexOf('.'))
}
