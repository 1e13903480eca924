/** NestJS on Express: express-session is its middleware, so all that holds there holds here. */

import 'reflect-metadata'
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Request } from 'express'
import session from 'express-session'
import { Lembro } from '../../lib/store'
import { hostedApp } from '../support/hosted'
import { Browser } from '../support/http'

/** Decorators by hand, since the compiler of the specs has none. */
async function moduleOf(handlers: ReturnType<typeof hostedApp>['handlers']) {
  const { Controller, Get, Module, Param, Req } = await import('@nestjs/common')
  class Visits {
    visit(request: Request, path = ''): Promise<string> | undefined {
      const signOut = () =>
        new Promise<void>((resolve, reject) => {
          request.session.destroy((error) => (error ? reject(error) : resolve()))
        })
      return handlers[`/${path}`]?.({ session: () => Object(request.session), signOut })
    }
  }
  const method = Object.getOwnPropertyDescriptor(Visits.prototype, 'visit')
  assert(method !== undefined)
  Get(['/', '/:path'])(Visits.prototype, 'visit', method)
  Req()(Visits.prototype, 'visit', 0)
  Param('path')(Visits.prototype, 'visit', 1)
  Controller()(Visits)
  class App {}
  Module({ controllers: [Visits] })(App)
  return App
}

async function open(t: TestContext) {
  const store = new Lembro({ interval: 0 })
  const { handlers, inside, pass } = hostedApp()
  const { NestFactory } = await import('@nestjs/core')
  const app = await NestFactory.create(await moduleOf(handlers), { logger: false })
  app.use(session({ store, secret: 's', resave: false, saveUninitialized: false }))
  await app.listen(0, '127.0.0.1')
  t.after(() => app.close())
  return { store, inside, pass, browser: new Browser(await app.getUrl()) }
}

describe('an application on NestJS', () => {
  it('keeps a session from request to request, and knows whose it is', async (t) => {
    const { store, browser } = await open(t)
    await browser.get('/sign-in')
    assert.equal((await browser.get('/')).text, 'ann, visit 1')
    assert.equal((await browser.get('/')).text, 'ann, visit 2')
    assert.equal((await store.idsOf('ann')).length, 1)
  })

  it('leaves a user signed out whose slow request ends later', async (t) => {
    const { store, browser, inside, pass } = await open(t)
    await browser.get('/sign-in')
    const slow = browser.copy().get('/slow')
    await inside
    await browser.get('/sign-out')
    pass()
    assert.equal((await slow).text, 'done')
    assert.equal((await browser.get('/')).text, 'nobody, visit 1')
    assert.equal(store.stats().refused.destroyed, 1)
  })
})
