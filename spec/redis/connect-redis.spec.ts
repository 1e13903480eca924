import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RedisStore } from 'connect-redis'
import { needsRedis, RedisServer, type Scope } from '../support/redis'
import { type Data, load, newSession, plainSession, roundTrip } from '../support/sessions'
import { Site } from '../support/site'

async function both(t: Scope) {
  const server = await RedisServer.start(t)
  const client = await server.connected(t)
  return { client, lembro: await server.store(t), theirs: new RedisStore({ client }) }
}

describe('lembro and connect-redis', needsRedis, () => {
  it('write the same key, text and seconds to live', async (t) => {
    const { client, lembro, theirs } = await both(t)
    const lives: [string, object][] = [
      ['an hour', { maxAge: 3_600_000 }],
      ['a moment', { maxAge: 900 }],
      ['as long as the browser', {}],
      ['until a date', { expires: new Date(Date.now() + 90_500), path: '/shop', sameSite: 'lax' }],
    ]
    for (const [what, cookie] of lives) {
      const session = newSession(lembro, 'x', { n: 1, text: 'é世\u2028"', userId: 'ann' })
      session.cookie = plainSession({}, cookie).cookie
      const written = []
      for (const store of [theirs, lembro]) {
        await client.flushAll()
        await new Promise((resolve) => store.set('x', session, resolve as never))
        const keys = (await client.keys('*')).filter((key) => !key.startsWith('lembro-owner:'))
        written.push({
          keys,
          text: await client.get('sess:x'),
          seconds: await client.ttl('sess:x'),
        })
      }
      assert.deepEqual(written[1], written[0], what)
    }
  })

  it('read what the other wrote, in one run', async (t) => {
    const { lembro, theirs } = await both(t)
    const session = plainSession({ n: 1, when: new Date(0), userId: 'ann' }, { maxAge: 60_000 })
    await theirs.set('a', session)
    assert.deepEqual(await lembro.get('a'), roundTrip(session))
    await lembro.set('b', session)
    assert.deepEqual(await theirs.get('b'), roundTrip(session))
    assert.deepEqual(
      (await lembro.ids()).sort(),
      ((await theirs.ids()) as unknown as string[]).sort(),
    )
    assert.equal(await lembro.length(), await theirs.length())
    assert.deepEqual(await lembro.idsOf('ann'), ['b', 'a'])
  })

  it('hear of each other: a save, a touch and a logout there are seen here', async (t) => {
    const { client, lembro, theirs } = await both(t)
    await lembro.set('x', plainSession({ n: 1 }, { maxAge: 60_000 }))
    await theirs.set('x', plainSession({ n: 2 }, { maxAge: 60_000 }))
    await client.ping()
    assert.equal(((await lembro.get('x')) as Data).n, 2)
    await theirs.touch('x', plainSession({}, { maxAge: 7_200_000 }))
    const { cookie } = (await lembro.get('x')) as Data
    const left = Date.parse(cookie.expires as unknown as string) - Date.now()
    assert.ok(left > 7_198_000 && left <= 7_200_000, `the cookie says ${left} ms`)
    await theirs.destroy('x')
    assert.equal(await lembro.get('x'), undefined)
  })

  it('keep a logout of one from being undone by a slow save in the other', async (t) => {
    const { lembro, theirs } = await both(t)
    await theirs.set('x', plainSession({ userId: 'ann' }))
    const slow = await load(lembro, 'x')
    await theirs.destroy('x')
    slow.late = true
    await lembro.set('x', slow)
    assert.equal(await theirs.get('x'), null)
    assert.equal(lembro.stats().refused.destroyed, 1)
  })

  it('let a site move from one to the other and back, its visitors signed in', async (t) => {
    const { lembro, theirs } = await both(t)
    await using before = await Site.open(theirs)
    const browser = before.browser()
    await browser.post('/sign-in', { name: 'ann' })
    await browser.get('/visit')
    await using during = await Site.open(lembro)
    assert.equal((await browser.copy(during.url).get('/visit')).text, '2')
    assert.deepEqual(await lembro.idsOf('ann'), await lembro.ids())
    const { text } = await browser.get('/session')
    assert.deepEqual(JSON.parse(text), { userId: 'ann', visits: 2 })
  })

  it('give a session that never expires in Redis as long a life', async (t) => {
    const { client, lembro } = await both(t)
    await client.set('sess:x', JSON.stringify(plainSession({ n: 1 })))
    assert.equal(((await lembro.get('x')) as Data).n, 1)
    await lembro.touch('x', plainSession({}, { maxAge: 60_000 }))
    assert.equal(await client.ttl('sess:x'), 60)
  })

  it('take an empty text and null for no session, and fail for what can not be read', async (t) => {
    const { client, lembro, theirs } = await both(t)
    lembro.on('error', () => {})
    for (const text of ['', 'null']) {
      await client.set('sess:x', text)
      assert.equal(await lembro.get('x'), undefined)
      assert.equal((await theirs.get('x')) ?? undefined, undefined)
    }
    for (const text of ['{', '7']) {
      await client.set('sess:x', text)
      await assert.rejects(lembro.get('x'))
    }
  })
})
