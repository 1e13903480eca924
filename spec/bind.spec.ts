/** Of `bind.ts`, `index.ts` and `index.mts`; the packed package is tried in `packed/`. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import session from 'express-session'
import { bindClass, type SessionModule } from '../lib/bind'
import { Lembro } from '../lib/store'
import { type Data, plainSession, request } from './support/sessions'

interface Copy {
  (options: object): (req: object, res: object, next: () => void) => void
  readonly Store: typeof session.Store
  readonly Session: new (...args: never[]) => object
  readonly Cookie: new (options?: object) => object
}

const bindTo = (module: SessionModule) => bindClass(module, Lembro)

/** A second copy of express-session, as npm leaves one where versions differ. */
function anotherCopy(): Copy {
  const require = createRequire(__filename)
  const path = require.resolve('express-session')
  const root = path.slice(0, path.lastIndexOf('index.js'))
  for (const each of Object.keys(require.cache)) {
    if (each.startsWith(root)) delete require.cache[each]
  }
  return require(path)
}

describe('lembro(session)', () => {
  it('is the class itself for the express-session that lembro has', () => {
    assert.equal(bindTo(session), Lembro)
    assert.equal(bindTo({ session }), Lembro)
  })

  it('is a class for another copy, whose live sessions are of that copy', async () => {
    const theirs = anotherCopy()
    assert.notEqual(theirs.Store, session.Store)
    for (const module of [theirs, { session: theirs }]) {
      const Bound = bindTo(module)
      const store = new Bound({ maxSize: '1M' })
      assert.ok(store instanceof Lembro)
      store.set('a', plainSession({ n: 1 }))
      const live = store.createSession(request('a', store), (await store.get('a')) as Data)
      assert.ok(live instanceof theirs.Session)
      assert.ok((live.cookie as object) instanceof theirs.Cookie)
      assert.ok(live.cookie.expires instanceof Date)
    }
  })

  it('links live sessions of another copy, so that a destroyed one stays so', async () => {
    const store = new (bindTo(anotherCopy()))()
    store.set('a', plainSession({ n: 1 }))
    const live = store.createSession(request('a', store), (await store.get('a')) as Data)
    store.destroy('a')
    await store.set('a', live)
    assert.equal(await store.get('a'), undefined)
    assert.equal(store.stats().refused.destroyed, 1)
  })

  it('keeps the cookies of another copy as it keeps its own', async () => {
    const theirs = anotherCopy()
    const store = new (bindTo(theirs))()
    const cookie = new theirs.Cookie({ maxAge: 60_000, path: '/there' })
    store.set('a', { cookie } as never)
    assert.deepEqual((await store.get('a'))?.cookie, JSON.parse(JSON.stringify(cookie)))
  })

  it('serves the middleware of another copy', async () => {
    const theirs = anotherCopy()
    const store = new (bindTo(theirs))()
    const middleware = theirs({ store, secret: 's', resave: false, saveUninitialized: false })
    const req: Record<string, unknown> = { headers: {}, url: '/', originalUrl: '/', method: 'GET' }
    await new Promise<void>((resolve) => middleware(req, { end: () => {} }, resolve))
    const live = req.session as Data & { save(done: (error: unknown) => void): void }
    live.n = 7
    const failed = await new Promise((resolve) => live.save(resolve))
    assert.equal(failed ?? undefined, undefined)
    assert.equal(((await store.get(req.sessionID as string)) as Data).n, 7)
  })

  it('is the class itself where a Store has no createSession, as connect once had', () => {
    assert.equal(bindTo({ Store: class {} }), Lembro)
  })

  const refused: [unknown, string][] = [
    [undefined, 'got undefined'],
    [null, 'got null'],
    [{}, 'got an object'],
    [{ Store: 'no' }, 'got an object'],
    [{ session: {} }, 'got an object'],
    [() => {}, 'got a function'],
    ['express-session', "got 'express-session' (a string)"],
  ]
  for (const [given, came] of refused) {
    it(`refuses what is no express-session: ${came}`, () => {
      const message = `lembro(session): expected what express-session exports; ${came}`
      assert.throws(() => bindTo(given as never), { name: 'TypeError', message })
    })
  }
})
