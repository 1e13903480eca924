import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { parseArguments } from '../../examples/shop/arguments'
import { lineOf, linesOf, outcome, start } from '../support/command'
import { Browser, serve } from '../support/http'

describe('the command', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`opens the shop, tells of its sessions, and closes it on ${signal}`, async (t) => {
      const shop = start(t, ['--port', '0', '--visitors', '20'])
      const lines = linesOf(shop)
      const url = await lineOf(lines, /(http:\S+)/)
      const { status, text } = await new Browser(url).get('/')
      assert.equal(status, 200)
      assert.match(text, /The Lembro Shop/)
      assert.ok(Number(await lineOf(lines, /(\d+) sessions, 0 members .* [1-9]\d* newcomers?/)) > 0)
      const ended = outcome(shop)
      shop.kill(signal)
      assert.deepEqual(await ended, { stderr: '', code: 0 })
    })
  }

  it("fills and trims before one's eyes, and signs no member out", async (t) => {
    const shop = start(t, ['--port', '0', '--visitors', '200', '--max-size', '32K'])
    const lines = linesOf(shop)
    let evicted = 0
    while (evicted < 200) {
      const line = await lineOf(lines, /(\d+ KB of 32 KB.*)/)
      const [, size, ofStrangers, ofMembers] =
        /^(\d+) KB of 32 KB .* evicted (\d+), (\d+) members · expired 0 · \d+ newcomers$/.exec(
          line,
        ) ?? []
      assert.ok(Number(size) <= 32, line)
      assert.equal(ofMembers, '0', line)
      evicted = Number(ofStrangers)
    }
    await lineOf(lines, /(20 newcomers)/)
    const ended = outcome(shop)
    shop.kill('SIGINT')
    assert.deepEqual(await ended, { stderr: '', code: 0 })
  })

  it('says how it is used', async (t) => {
    const shop = start(t, ['--help'])
    const [usage, { code }] = await Promise.all([text(shop.stdout), outcome(shop)])
    assert.equal(code, 0)
    for (const flag of ['--port', '--max-size', '--save', '--visitors']) {
      assert.ok(usage.includes(flag))
    }
  })

  it('ends without a fault when nobody reads its output any more', async (t) => {
    const shop = start(t, ['--port', '0', '--visitors', '20'])
    const ended = outcome(shop)
    await once(shop.stdout, 'data')
    shop.stdout.destroy()
    assert.deepEqual(await ended, { stderr: '', code: 0 })
  })

  const bad: [string[], RegExp][] = [
    [['--port', 'abc'], /--port: expected a whole number from 0 to 65535; got 'abc'/],
    [['--max-size', 'big'], /--max-size: expected .*'big'/],
    [['--save='], /--save: expected the path of a file/],
  ]
  for (const [given, message] of bad) {
    it(`refuses ${given.join(' ')} with what is wrong about it`, async (t) => {
      const { stderr, code } = await outcome(start(t, given))
      assert.equal(code, 2)
      assert.match(stderr, message)
      assert.match(stderr, /--max-size <size>/)
      assert.doesNotMatch(stderr, /^\s+at /m)
    })
  }

  const unread: [string[], RegExp][] = [
    [['--port', '65536'], /--port: expected/],
    [['--visitors=-1'], /--visitors: expected/],
    [['--visitors', '1.5'], /--visitors: expected/],
    [['--port'], /--port/],
    [['--max-size', '-3K'], /--max-size/],
    [['--save'], /--save/],
    [['--colour', 'red'], /--colour/],
    [['stray'], /stray/],
  ]
  it('refuses what it can not read', () => {
    for (const [given, message] of unread) assert.throws(() => parseArguments(given), message)
  })

  it('says that a port is taken, and how to choose another', async (t) => {
    const server = await serve((_req, res) => res.end())
    t.after(() => server.close())
    const { port } = new URL(server.url)
    const { stderr, code } = await outcome(start(t, ['--port', port]))
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`^Port ${port} is taken.*--port 0\\n$`))
  })
})
