/** Of `index.ts`, `index.mts`, `family.ts` and `figures.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import express from 'express'
import session from 'express-session'
import { register as globalRegister, type OpenMetricsContentType, Registry } from 'prom-client'
import { collectMetrics } from '../../lib/metrics'
import { METRICS } from '../../lib/metrics/table'
import { Lembro } from '../../lib/store'
import { ALL_FIGURES, SpokenStore } from '../support/figures'
import { newSaveFile } from '../support/folder'
import { Browser, serve } from '../support/http'
import { open } from '../support/saving'
import { parseMetrics, sampleOf } from '../support/scrape'
import { plainSession } from '../support/sessions'

/** What the register would tell Prometheus now. */
async function scrape(register: Registry) {
  return parseMetrics(await register.metrics())
}

describe('the metrics of a running application', () => {
  it('are read over HTTP, and say what its store says', async (t) => {
    const { store } = await open({ maxSize: '64K', saveFile: newSaveFile() })
    const register = new Registry()
    collectMetrics(store, { register })
    const app = express()
    app.get('/metrics', async (_req, res) => {
      res.type(register.contentType).send(await register.metrics())
    })
    app.use(session({ store, secret: 's', resave: false, saveUninitialized: true }))
    app.get('/', (_req, res) => res.send('here'))
    const server = await serve(app)
    t.after(() => server.close().then(() => store.close()))

    const browser = new Browser(server.url)
    for (let visit = 1; visit <= 3; visit++) await browser.get('/')
    for (let other = 1; other <= 4; other++) await new Browser(server.url).get('/')
    const { status, text, headers } = await browser.get('/metrics')

    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^text\/plain; .*version=0\.0\.4/)
    const metrics = parseMetrics(text)
    assert.equal(sampleOf(metrics, 'lembro_sessions'), 5)
    assert.equal(sampleOf(metrics, 'lembro_anonymous_sessions'), 5)
    assert.equal(sampleOf(metrics, 'lembro_hits_total'), 2)
    assert.equal(sampleOf(metrics, 'lembro_stored_bytes'), store.stats().bytes)
    assert.equal(sampleOf(metrics, 'lembro_budget_bytes'), 65_536)
    assert.equal(sampleOf(metrics, 'lembro_saving'), 1)
    assert.equal(metrics.get('lembro_sessions')?.type, 'gauge')
    assert.equal(metrics.get('lembro_hits_total')?.type, 'counter')
  })
})

describe('collectMetrics', () => {
  it('warns of an option that it does not have, and of a second store without a name', (t) => {
    const said: unknown[] = []
    t.mock.method(process, 'emitWarning', (message: string) => said.push(message))
    const register = new Registry()
    collectMetrics(new SpokenStore(), { registry: register } as object)()
    assert.match(`${said.pop()}`, /'registry' \(did you mean 'register'\?\)/)
    const again = new SpokenStore()
    collectMetrics(again, { register })
    collectMetrics(again, { register })
    collectMetrics(new SpokenStore(), { register, name: 'other' })
    assert.deepEqual(said, [])
    const end = collectMetrics(new SpokenStore(), { register })
    assert.match(`${said.pop()}`, /a second store without a name: only that one is read/)
    end()
    collectMetrics(again, { register })
    assert.deepEqual(said, [])
  })

  it('exports all of the table, for a store that has everything', async () => {
    const register = new Registry()
    collectMetrics(new SpokenStore(), { register })
    const metrics = await scrape(register)
    assert.deepEqual(
      [...metrics.keys()],
      METRICS.map(({ name }) => `lembro_${name}`),
    )
    for (const row of METRICS) {
      const metric = metrics.get(`lembro_${row.name}`)
      assert.equal(sampleOf(metrics, `lembro_${row.name}`), row.read(ALL_FIGURES), row.name)
      assert.equal(metric?.help, row.help)
      assert.equal(metric?.type, row.type)
    }
  })

  it('exports nothing that a store does not have, and everything that a store of lembro has', async () => {
    const register = new Registry()
    await using store = new Lembro({ interval: 0 })
    collectMetrics(store, { register })
    const names = [...(await scrape(register)).keys()]
    assert.deepEqual(
      names.filter((name) => /save|saving|near|records/.test(name)),
      [],
    )
    assert.ok(names.includes('lembro_evicted_owned_total'))
  })

  it('exports a budget without a limit, and no value for what has not happened yet', async () => {
    const register = new Registry()
    await using store = new Lembro({ interval: 0, maxSize: Number.POSITIVE_INFINITY })
    collectMetrics(store, { register })
    const before = await scrape(register)
    assert.equal(sampleOf(before, 'lembro_budget_bytes'), Number.POSITIVE_INFINITY)
    assert.equal(sampleOf(before, 'lembro_last_reduce_evicted'), undefined)
    await store.set('a', plainSession())
    await store.reduce(1)
    assert.equal(sampleOf(await scrape(register), 'lembro_last_reduce_evicted'), 0)
  })

  it('tells several stores apart by their names', async () => {
    const register = new Registry()
    collectMetrics(new SpokenStore({ hits: 1, near: { hits: 5 } }), { register, name: 'shop' })
    collectMetrics(new SpokenStore({ hits: 2, sessions: 3 }), { register, name: 'admin' })
    const metrics = await scrape(register)
    assert.equal(sampleOf(metrics, 'lembro_hits_total', 'shop'), 1)
    assert.equal(sampleOf(metrics, 'lembro_hits_total', 'admin'), 2)
    assert.equal(sampleOf(metrics, 'lembro_near_hits_total', 'shop'), 5)
    assert.equal(sampleOf(metrics, 'lembro_near_hits_total', 'admin'), undefined)
    assert.equal(sampleOf(metrics, 'lembro_sessions', 'admin'), 3)
  })

  it('asks a store once for each scrape, so that its figures fit together', async () => {
    const [register, store] = [new Registry(), new SpokenStore()]
    collectMetrics(store, { register })
    await scrape(register)
    const { asked } = store
    await scrape(register)
    assert.equal(store.asked, asked + 1)
  })

  it('counts each thing once, however often it is scraped', async () => {
    const [register, store] = [new Registry(), new SpokenStore({ hits: 4 })]
    collectMetrics(store, { register })
    for (let time = 1; time <= 3; time++) {
      assert.equal(sampleOf(await scrape(register), 'lembro_hits_total'), 4)
    }
    store.figures = { hits: 6 }
    assert.equal(sampleOf(await scrape(register), 'lembro_hits_total'), 6)
  })

  it('changes no age: the oldest session is evicted first, read or not', async () => {
    const register = new Registry()
    await using store = new Lembro({ interval: 0, max: 2 })
    collectMetrics(store, { register })
    await store.set('a', plainSession())
    await store.set('b', plainSession())
    const before = store.stats()
    await scrape(register)
    assert.deepEqual(store.stats(), before)
    await store.set('c', plainSession())
    assert.deepEqual(await store.ids(), ['c', 'b'])
  })

  it('never lets a counter go back: not when a store takes the place of another', async () => {
    const register = new Registry()
    const old = new SpokenStore({ hits: 10 })
    collectMetrics(old, { register })
    await scrape(register)
    old.figures = { hits: 12 }
    collectMetrics(new SpokenStore({ hits: 3 }), { register })
    assert.equal(sampleOf(await scrape(register), 'lembro_hits_total'), 15)
    old.figures = { hits: 100 }
    assert.equal(sampleOf(await scrape(register), 'lembro_hits_total'), 15)
  })

  it('never lets a counter go back: not when a store begins to count again', async () => {
    const [register, store] = [new Registry(), new SpokenStore({ near: { losses: 5 } })]
    collectMetrics(store, { register })
    await scrape(register)
    store.figures = { near: { losses: 2 } }
    assert.equal(sampleOf(await scrape(register), 'lembro_near_losses_total'), 7)
  })

  it('ends when it is told to: the gauges go, the counters stay, another store goes on', async () => {
    const [register, store] = [new Registry(), new SpokenStore({ hits: 10, sessions: 2 })]
    const end = collectMetrics(store, { register })
    collectMetrics(new SpokenStore({ sessions: 1 }), { register, name: 'other' })
    await scrape(register)
    end()
    store.figures = { hits: 20, sessions: 3 }
    end()
    const metrics = await scrape(register)
    assert.equal(sampleOf(metrics, 'lembro_hits_total'), 10)
    assert.equal(sampleOf(metrics, 'lembro_sessions'), undefined)
    assert.equal(sampleOf(metrics, 'lembro_sessions', 'other'), 1)
  })

  it('registers anew where the register was cleared', async () => {
    const register = new Registry()
    collectMetrics(new SpokenStore(), { register })
    register.clear()
    collectMetrics(new SpokenStore({ hits: 1 }), { register })
    assert.equal(sampleOf(await scrape(register), 'lembro_hits_total'), 1)
  })

  it('takes another prefix, and the global register by default', async (t) => {
    t.after(() => globalRegister.clear())
    collectMetrics(new SpokenStore({ hits: 1 }), { prefix: 'shop_sessions_' })
    assert.equal(sampleOf(await scrape(globalRegister), 'shop_sessions_hits_total'), 1)
  })

  it('speaks OpenMetrics as well', async () => {
    const register = new Registry<OpenMetricsContentType>()
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
    collectMetrics(new SpokenStore({ hits: 4 }), { register })
    assert.match(await register.metrics(), /^lembro_hits_total\{store="default"\} 4$/m)
  })

  const bad: [string, () => unknown, RegExp][] = [
    ['no store', () => collectMetrics(undefined as never), /^TypeError: store: .*got undefined/],
    ['no stats', () => collectMetrics({} as never), /^TypeError: store: .*stats\(\).*an object/],
    [
      'no register',
      () => collectMetrics(new SpokenStore(), { register: {} as never }),
      /^TypeError: register: expected a Registry/,
    ],
    [
      'no text for a name',
      () => collectMetrics(new SpokenStore(), { name: 1 as never }),
      /^TypeError: name: expected text; got 1/,
    ],
    [
      'no text for a prefix',
      () => collectMetrics(new SpokenStore(), { prefix: null as never }),
      /^TypeError: prefix: expected text; got null/,
    ],
    [
      'a prefix that no metric may have',
      () => collectMetrics(new SpokenStore(), { register: new Registry(), prefix: 'a b' }),
      /Invalid metric name/,
    ],
  ]
  for (const [what, call, message] of bad) {
    it(`refuses ${what}`, () => assert.throws(call, message))
  }
})
