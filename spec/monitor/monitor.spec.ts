/** Of `index.ts`, `index.mts`, `monitor.ts`, `actions.ts`, `assets.ts`, `event-stream.ts` and `replies.ts`. */

import assert from 'node:assert/strict'
import { get } from 'node:http'
import { hostname } from 'node:os'
import { describe, it } from 'node:test'
import { monitor } from '../../dist/monitor'
import { STREAM_MS } from '../../lib/monitor/monitor'
import type { FakeClock } from '../support/clock'
import { nextTurn } from '../support/time'
import { ToldStore, watched } from '../support/watched'

const OWN = { 'x-lembro-monitor': '1', 'sec-fetch-site': 'same-origin' }

/** The events of a stream, one by one, after the one that says whose they are. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController()
  const response = await fetch(`${url}/events`, { headers, signal: abort.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const stream = {
    response,
    stop: () => abort.abort(),
    /** The next event, or `undefined` at the end. */
    async next() {
      for (;;) {
        const [, id, event, data] = /^(?:id: (\d+)\n)?event: (\w+)\ndata: (.*)\n\n/.exec(text) ?? []
        if (event !== undefined && data !== undefined) {
          text = text.slice(text.indexOf('\n\n') + 2)
          return { id, event, data: JSON.parse(data) }
        }
        const { value, done } = (await reader?.read()) ?? { done: true }
        if (done) return undefined
        text = (text + value).replace(/^retry: 1000\n\n/, '')
      }
    },
  }
  const about = await stream.next()
  assert.equal(about?.event, 'about')
  assert.deepEqual(about?.data, { name: 'the shop', pid: process.pid, host: hostname() })
  return stream
}

/** Waits until the server has noticed that a browser has gone. */
async function allTimersOff(clock: FakeClock) {
  for (let turn = 0; clock.armed.length > 0; turn++) {
    assert.ok(turn < 100_000, `armed for ever: ${clock.armed}`)
    await nextTurn()
  }
}

describe('a monitor', () => {
  const refused: [string, () => unknown, RegExp][] = [
    [
      'without options',
      () => monitor(new ToldStore(), undefined as never),
      /^TypeError: authorize: expected a function/,
    ],
    [
      'without authorize',
      () => monitor(new ToldStore(), {} as never),
      /^TypeError: authorize: .* got undefined/,
    ],
    [
      'with an authorize that is none',
      () => monitor(new ToldStore(), { authorize: true as never }),
      /got true/,
    ],
    [
      'without a store',
      () => monitor(undefined as never, { authorize: () => true }),
      /^TypeError: store: expected a store with stats\(\)/,
    ],
    [
      'of what can’t be purged',
      () => monitor({ stats: () => ({}) } as never, { authorize: () => true }),
      /prune\(\)/,
    ],
  ]
  for (const [what, build, message] of refused) {
    it(`is not built ${what}`, () => assert.throws(build, message))
  }

  it('leads to its page with a slash at the end, wherever it is mounted', async () => {
    await using site = await watched()
    const { status, headers } = await fetch(`${site.url}?x=1`, { redirect: 'manual' })
    assert.deepEqual([status, headers.get('location')], [308, './sessions/'])
    const page = await fetch(site.url)
    assert.equal(page.url, `${site.url}/`)
    assert.match(await page.text(), /<h1>Sessions<\/h1>/)
  })

  it('serves files that only its own page may use, and nobody keeps', async () => {
    await using site = await watched()
    const files = ['/', '/monitor.css', '/main.js', '/uPlot.iife.min.js', '/uPlot.min.css']
    for (const file of files) {
      const { status, headers } = await fetch(site.url + file)
      assert.equal(status, 200, file)
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
      assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    }
  })

  it('leaves to the application what it has not', async () => {
    await using site = await watched()
    for (const path of [
      '/nothing',
      '/../package.json',
      '/uPlot.LICENSE',
      '/page/main.js',
      '//events',
    ]) {
      const response = await fetch(site.url + path)
      assert.deepEqual(
        [response.status, await response.text()],
        [404, 'the application’s own'],
        path,
      )
      assert.equal(response.headers.get('content-security-policy'), null)
    }
  })

  it('answers HEAD without a body, and refuses other methods', async () => {
    await using site = await watched()
    const head = await fetch(`${site.url}/`, { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
    assert.equal((await fetch(`${site.url}/events`, { method: 'HEAD' })).status, 200)
    const put = await fetch(`${site.url}/`, { method: 'PUT' })
    assert.deepEqual([put.status, put.headers.get('allow')], [405, 'GET, HEAD'])
    const got = await fetch(`${site.url}/purge`)
    assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST'])
    assert.deepEqual(site.store.told, [])
  })
})

describe('authorize', () => {
  const paths = ['/', '/main.js', '/events', '/nothing']
  const noes = [false, undefined, 1, 'yes', {}, Promise.resolve(false)]
  for (const no of noes) {
    it(`shows nothing of the monitor for ${no instanceof Promise ? 'a promise of false' : JSON.stringify(no)}`, async () => {
      await using site = await watched(() => no as boolean)
      for (const path of paths) {
        const response = await fetch(site.url + path)
        assert.deepEqual([response.status, await response.text()], [403, 'You may not see this.\n'])
      }
      const { status } = await fetch(`${site.url}/purge`, { method: 'POST', headers: OWN })
      assert.deepEqual([status, site.store.told, site.store.asked], [403, [], 0])
    })
  }

  const failures = {
    throws: () => {
      throw new Error('no database')
    },
    rejects: () => Promise.reject(new Error('no database')),
  }
  for (const [how, authorize] of Object.entries(failures)) {
    it(`leaves it to the application when it ${how}`, async () => {
      await using site = await watched(authorize)
      for (const path of paths) {
        const response = await fetch(site.url + path)
        assert.deepEqual([response.status, await response.text()], [500, 'failed'])
      }
      assert.equal(site.store.asked, 0)
    })
  }

  it('may take its time, and sees the request', async () => {
    await using site = await watched(async (req) => req.query.key === 'k')
    assert.equal((await fetch(`${site.url}/?key=k`)).status, 200)
    assert.equal((await fetch(`${site.url}/?key=x`)).status, 403)
  })
})

describe('the stream of events', () => {
  it('is not begun for a page that was closed before authorize said yes', async () => {
    let allow: (yes: boolean) => void = () => {}
    const answer = new Promise<boolean>((resolve) => {
      allow = resolve
    })
    let closed: Promise<unknown> | undefined
    await using site = await watched((req) => {
      closed = new Promise((resolve) => req.socket.once('close', resolve))
      return answer
    })
    const abort = new AbortController()
    const going = fetch(`${site.url}/events`, { signal: abort.signal }).catch(() => {})
    while (closed === undefined) await nextTurn()
    abort.abort()
    await Promise.all([going, closed])
    await nextTurn()
    allow(true)
    await nextTurn()
    assert.deepEqual([site.clock.armed, site.store.asked], [[], 0])
  })

  it('tells the past, the present, and then each second', async () => {
    await using site = await watched()
    const first = await follow(site.url)
    assert.match(first.response.headers.get('content-type') ?? '', /^text\/event-stream/)
    assert.equal(first.response.headers.get('cache-control'), 'no-store, no-transform')
    assert.deepEqual((await first.next())?.data, [])
    assert.equal((await first.next())?.data.sessions, 10)
    site.next({ sessions: 11 })
    const { id, event, data } = (await first.next()) ?? {}
    assert.deepEqual([Number(id), event, data.sessions], [site.clock.now(), 'sample', 11])

    const second = await follow(site.url)
    assert.deepEqual(
      (await second.next())?.data.map((point: { sessions: number }) => point.sessions),
      [10, 11],
    )
    assert.equal((await second.next())?.data.sessions, 11)
    const returned = await follow(site.url, { 'last-event-id': String(site.clock.now() - 1_000) })
    assert.equal((await returned.next())?.data.length, 1)
    assert.equal(site.store.asked, 2)
    for (const stream of [first, second, returned]) stream.stop()
  })

  it('is sampled by nobody once all have gone', async () => {
    await using site = await watched()
    const stream = await follow(site.url)
    await stream.next()
    assert.equal(site.clock.armed.length, 2)
    stream.stop()
    await allTimersOff(site.clock)
    site.clock.pass(60_000)
    assert.equal(site.store.asked, 1)
  })

  it('ends after a while, so that authorize is asked anew', async () => {
    let asked = 0
    await using site = await watched(() => ++asked > 0)
    const stream = await follow(site.url)
    await stream.next()
    site.clock.pass(STREAM_MS)
    while ((await stream.next()) !== undefined);
    assert.equal(asked, 1)
    await allTimersOff(site.clock)
  })

  it('leaves out what a slow reader has no room for', async () => {
    await using site = await watched()
    const held = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      get(`${site.url}/events`, (response) => resolve(response.pause()))
    })
    const before = process.memoryUsage().rss
    site.store.figures = { sessions: 1 }
    for (let sample = 0; sample < 200_000; sample++) site.clock.pass(1_000 / 4)
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 ** 2)
    held.destroy()
  })
})

describe('the buttons', () => {
  for (const [path, told, report] of [
    ['purge', 'prune', { expired: 5, ms: 0.5 }],
    ['reduce', 'reduce', { from: 10_000, to: 7_500, evicted: 12, ms: 1.5 }],
  ] as const) {
    it(`${path}: does it once, and tells figures alone`, async () => {
      await using site = await watched()
      const response = await fetch(`${site.url}/${path}`, { method: 'POST', headers: OWN })
      assert.deepEqual([response.status, await response.json()], [200, report])
      assert.deepEqual(site.store.told, [told])
    })

    it(`${path}: refuses other sites`, async () => {
      await using site = await watched()
      const foreign = [
        {},
        { ...OWN, 'sec-fetch-site': 'cross-site' },
        { 'x-lembro-monitor': '1', origin: 'https://evil.example' },
      ]
      for (const headers of foreign) {
        const { status } = await fetch(`${site.url}/${path}`, { method: 'POST', headers })
        assert.equal(status, 403)
      }
      assert.deepEqual(site.store.told, [])
    })

    it(`${path}: tells of a failure by its code alone`, async () => {
      await using site = await watched()
      site.store.failure = Object.assign(new Error('ann in a secret'), { code: 'ECLOSED' })
      const response = await fetch(`${site.url}/${path}`, { method: 'POST', headers: OWN })
      assert.deepEqual([response.status, await response.json()], [500, { error: 'ECLOSED' }])
    })
  }
})
