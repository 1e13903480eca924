import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lineOf, linesOf, outcome, start } from '../support/command'
import { newSaveFile } from '../support/folder'
import { Browser } from '../support/http'
import { needsRedis, RedisServer } from '../support/redis'

describe('the shop with --redis and --workers', needsRedis, () => {
  it('knows a member in every worker, and after a restart', async (t) => {
    const server = await RedisServer.start(t)
    const given = ['--port', '0', '--redis', `redis://127.0.0.1:${server.port}`]
    const env = { SESSION_SECRET: 'a secret for as long as the spec runs' }
    const first = start(t, [...given, '--workers', '2'], env)
    const lines = linesOf(first)
    const browser = new Browser(await lineOf(lines, /(http:\S+)/))
    assert.match(await lineOf(lines, /(2 workers.*)/), /shared in Redis/)
    assert.match((await browser.post('/sign-in', { name: 'Ann' })).text, /Ann/)
    const workers = new Set<string | null>()
    for (let visit = 0; visit < 50 && workers.size < 2; visit++) {
      const { text, headers } = await browser.get('/')
      assert.match(text, /Ann/)
      workers.add(headers.get('x-worker'))
    }
    assert.equal(workers.size, 2)
    const ended = outcome(first)
    first.kill('SIGTERM')
    assert.deepEqual(await ended, { stderr: '', code: 0 })
    const second = start(t, given, env)
    const url = await lineOf(linesOf(second), /(http:\S+)/)
    assert.match((await browser.copy(url).get('/')).text, /Ann/)
  })

  it('stays closed where there is no Redis, and says so', async (t) => {
    const shop = start(t, ['--port', '0', '--redis', 'redis://127.0.0.1:1'])
    shop.stdout.resume()
    const { stderr, code } = await outcome(shop)
    assert.equal(code, 1)
    assert.match(stderr, /Redis can't be used: .*ECONNREFUSED/)
    assert.match(stderr, /The shop stays closed\. Without --redis it opens/)
  })

  it('refuses --redis together with --save', async (t) => {
    const shop = start(t, ['--save', 'nowhere.db', '--redis', 'redis://127.0.0.1:1'])
    shop.stdout.resume()
    const { stderr, code } = await outcome(shop)
    assert.equal(code, 2)
    assert.match(stderr, /--save: .*sessions are saved by Redis/)
  })
})

describe('the shop with --workers alone', () => {
  it('shares visits and logouts in a file of all workers', async (t) => {
    const shop = start(t, ['--port', '0', '--workers', '2'])
    const lines = linesOf(shop)
    const browser = new Browser(await lineOf(lines, /(http:\S+)/))
    assert.match(await lineOf(lines, /(2 workers.*)/), /shared in a file/)
    assert.match((await browser.post('/sign-in', { name: 'Ann' })).text, /Ann/)
    const workers = new Set<string | null>()
    for (let n = 0; n < 50 && workers.size < 2; n++) {
      const { text, headers } = await browser.get('/')
      assert.match(text, /Ann/)
      workers.add(headers.get('x-worker'))
    }
    assert.equal(workers.size, 2)
    const copy = browser.copy()
    await browser.post('/sign-out', {})
    for (let n = 0; n < 10; n++) assert.doesNotMatch((await copy.get('/')).text, /Ann/)
    const ended = outcome(shop)
    shop.kill('SIGTERM')
    assert.deepEqual(await ended, { stderr: '', code: 0 })
  })

  it('keeps them in the file of --save, through a restart', async (t) => {
    const save = newSaveFile()
    const env = { SESSION_SECRET: 'a secret for as long as the spec runs' }
    const first = start(t, ['--port', '0', '--workers', '2', '--save', save], env)
    const browser = new Browser(await lineOf(linesOf(first), /(http:\S+)/))
    assert.match((await browser.post('/sign-in', { name: 'Ann' })).text, /Ann/)
    const ended = outcome(first)
    first.kill('SIGTERM')
    assert.deepEqual(await ended, { stderr: '', code: 0 })
    // A shop of one process has the same file.
    const second = start(t, ['--port', '0', '--save', save], env)
    const url = await lineOf(linesOf(second), /(http:\S+)/)
    assert.match((await browser.copy(url).get('/')).text, /Ann/)
  })
})
