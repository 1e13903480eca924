import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { lineOf, linesOf, outcome, start } from '../support/command'
import { newFolder, newSaveFile } from '../support/folder'
import { Browser } from '../support/http'

/** A shop that is open, its sessions saved in a file. */
async function open(t: TestContext, saveFile: string, env: NodeJS.ProcessEnv = {}) {
  const command = start(t, ['--port', '0', '--save', saveFile], env)
  const ended = outcome(command)
  const lines = linesOf(command)
  const url = await lineOf(lines, /(http:\S+)/)
  return {
    url,
    before: Number(await lineOf(lines, /saved in .*sessions \((\d+) from before\)/)),
    /** Ends it and waits until it is gone. */
    async end(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT') {
      command.kill(signal)
      assert.deepEqual(await ended, { stderr: '', code: signal === 'SIGKILL' ? null : 0 })
    },
  }
}

async function visitsOf(browser: Browser): Promise<number> {
  const { text } = await browser.get('/')
  return /first visit|Your session has ended/.test(text)
    ? 1
    : Number(/visit number (\d+)/.exec(text)?.[1])
}

describe('a shop with --save', () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
    it(`knows its visitors again after ${signal}`, async (t) => {
      const saveFile = newSaveFile()
      const first = await open(t, saveFile)
      assert.equal(first.before, 0)
      const member = new Browser(first.url)
      await member.post('/cart/add', { good: 'album' })
      await member.post('/sign-in', { name: 'Ada' })
      const stranger = new Browser(first.url)
      await stranger.post('/cart/add', { good: 'pencils' })
      const visits = await visitsOf(member)
      await first.end(signal)

      const second = await open(t, saveFile)
      assert.equal(second.before, 2)
      const { text } = await member.copy(second.url).get('/')
      assert.match(text, /Signed in as Ada/)
      assert.match(text, /1 × Photo album/)
      assert.match(text, new RegExp(`This is your visit number ${visits + 1}\\.`))
      const { text: strangers } = await stranger.copy(second.url).get('/')
      assert.match(strangers, /1 × Pencils/)
      assert.doesNotMatch(strangers, /Signed in/)
      await second.end(signal)
    })
  }

  it('has signed out for good who signed out right before it was killed', async (t) => {
    const saveFile = newSaveFile()
    const first = await open(t, saveFile)
    const browser = new Browser(first.url)
    await browser.post('/sign-in', { name: 'Ada' })
    const elsewhere = new Browser(first.url)
    await elsewhere.post('/sign-in', { name: 'Ada' })
    const old = browser.copy()
    await browser.post('/sign-out')
    await first.end('SIGKILL')

    const { url } = await open(t, saveFile)
    assert.match((await old.copy(url).get('/')).text, /Your session has ended/)
    assert.doesNotMatch((await old.copy(url).get('/')).text, /Ada/)
    assert.match((await elsewhere.copy(url).get('/')).text, /Signed in as Ada/)
  })

  it('has signed out everywhere else, though it was killed right after', async (t) => {
    const saveFile = newSaveFile()
    const first = await open(t, saveFile)
    const [here, there] = [new Browser(first.url), new Browser(first.url)]
    for (const browser of [here, there]) await browser.post('/sign-in', { name: 'Ada' })
    await here.post('/sign-out-elsewhere')
    await first.end('SIGKILL')

    const { url } = await open(t, saveFile)
    assert.doesNotMatch((await there.copy(url).get('/')).text, /Ada/)
    assert.match((await here.copy(url).get('/')).text, /None: only this one/)
  })

  it('keeps a secret of its own, for its owner alone', async (t) => {
    const [saveFile, other] = [newSaveFile(), newSaveFile()]
    await (await open(t, saveFile)).end('SIGKILL')
    const secret = fs.readFileSync(`${saveFile}.secret`, 'utf8')
    assert.match(secret, /^[0-9a-f]{64}\n$/)
    if (process.platform !== 'win32') {
      assert.equal(fs.statSync(`${saveFile}.secret`).mode & 0o777, 0o600)
    }
    await (await open(t, saveFile)).end('SIGTERM')
    assert.equal(fs.readFileSync(`${saveFile}.secret`, 'utf8'), secret)
    await open(t, other)
    assert.notEqual(fs.readFileSync(`${other}.secret`, 'utf8'), secret)
  })

  it('keeps none where SESSION_SECRET is set', async (t) => {
    const saveFile = newSaveFile()
    const first = await open(t, saveFile, { SESSION_SECRET: 'of the environment' })
    const browser = new Browser(first.url)
    await browser.post('/sign-in', { name: 'Ada' })
    await first.end('SIGKILL')
    const { url } = await open(t, saveFile, { SESSION_SECRET: 'of the environment' })
    assert.match((await browser.copy(url).get('/')).text, /Signed in as Ada/)
    assert.equal(fs.existsSync(`${saveFile}.secret`), false)
  })

  it('refuses a secret that is none, and leaves the file to the next', async (t) => {
    const saveFile = newSaveFile()
    fs.writeFileSync(`${saveFile}.secret`, '\n')
    const { stderr, code } = await outcome(start(t, ['--port', '0', '--save', saveFile]))
    assert.equal(code, 1)
    assert.match(stderr, /^'.*sessions\.secret' holds no secret\. Without the file, .*\n$/)
    assert.equal(fs.existsSync(`${saveFile}.lock`), false)
  })

  it('refuses the file of another shop, which goes on', async (t) => {
    const saveFile = newSaveFile()
    const first = await open(t, saveFile)
    const browser = new Browser(first.url)
    await browser.post('/sign-in', { name: 'Ada' })
    const { stderr, code } = await outcome(start(t, ['--port', '0', '--save', saveFile]))
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^--save .*: can't use '.*': another process or store uses it; .*\nThe shop stays closed\./,
    )
    assert.doesNotMatch(stderr, /^\s+at /m)
    assert.match((await browser.get('/')).text, /Signed in as Ada/)
    await first.end('SIGTERM')
  })

  it('stays closed where nothing can be saved, and says why', async (t) => {
    const saveFile = join(newFolder(), 'nowhere', 'sessions')
    const { stderr, code } = await outcome(start(t, ['--port', '0', '--save', saveFile]))
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^--save .*: can't use '.*': its folder does not exist; .*\nThe shop stays/,
    )
    assert.doesNotMatch(stderr, /^\s+at /m)
  })
})
