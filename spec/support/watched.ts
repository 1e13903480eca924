/** A monitor with the page as it was built, over a store and a clock in a spec's hands, served on a port of its own. */

import express from 'express'
import type { Figures } from '../../lib/metrics/figures'
import { assetsOf } from '../../lib/monitor/assets'
import { Monitor } from '../../lib/monitor/monitor'
import { FakeClock } from './clock'
import { SpokenStore } from './figures'
import { serve } from './http'

const PAGE = require('../../dist/monitor/page.js')

/** A store that says what a spec wants, and counts what it is told to do. */
export class ToldStore extends SpokenStore {
  readonly told: string[] = []
  failure: Error | undefined

  async prune(): Promise<void> {
    this.#hear('prune')
  }

  async reduce(): Promise<object> {
    this.#hear('reduce')
    return { from: 10_000, to: 7_500, evicted: 12, ms: 1.5, sid: 'a secret' }
  }

  #hear(what: string): void {
    this.told.push(what)
    if (this.failure) throw this.failure
  }
}

type Authorize = (request: express.Request) => boolean | Promise<boolean>

/** Below `/admin/sessions`. The application refuses with 500 what `authorize` throws. */
export async function watched(authorize: Authorize = () => true) {
  const [store, clock] = [new ToldStore(), new FakeClock()]
  const monitor = new Monitor(store, { authorize, name: 'the shop' }, clock, assetsOf(PAGE))
  const app = express()
  app.use('/admin/sessions', (req, res, next) => monitor.handle(req, res, next))
  app.use((_req, res) => res.status(404).send('the application’s own'))
  app.use(((_error, _req, res, _next) => {
    res.status(500).send('failed')
  }) as express.ErrorRequestHandler)
  const server = await serve(app)
  return {
    store,
    clock,
    app,
    url: `${server.url}/admin/sessions`,
    /** The store says more, a second later. */
    next(figures: Figures = {}) {
      store.figures = { ...store.figures, ...figures }
      clock.pass(1_000)
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}
