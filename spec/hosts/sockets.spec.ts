/** Of docs/sockets.md: its code as it stands, with real sockets of `ws` and `socket.io` that end with their session. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { Lembro as Shared } from 'lembro/sqlite'
import { createClient } from 'redis'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { newSaveFile } from '../support/folder'
import { Markdown } from '../support/markdown'
import { needsRedis, open, RedisServer, type Scope } from '../support/redis'
import { plainSession } from '../support/sessions'
import { Snippets } from '../support/snippets'

const { blocks } = new Markdown('docs/sockets.md')
const snippets = new Snippets(blocks)
/** The same, with a look every 200 ms in place of every minute. */
const hasty = new Snippets(
  blocks.map((block) => ({ ...block, code: block.code.replace('60_000', '200') })),
)
after(() => {
  snippets.remove()
  hasty.remove()
})

/** What the document speaks of: a store, in memory or before Redis; and a site where one can sign in. */
const SETUP = `
import express from 'express'
import session from 'express-session'
import * as memory from 'lembro'
import * as redis from 'lembro/redis'
import * as sqlite from 'lembro/sqlite'
import { createClient } from 'redis'

const port = process.env.REDIS_PORT
const client = port && createClient({ socket: { host: '127.0.0.1', port: Number(port) } })
const saveFile = process.env.SHARED_FILE
const shared = saveFile && new sqlite.Lembro({ saveFile, interval: 50 })
const store = shared || (client ? new redis.Lembro({ client }) : new memory.Lembro({ interval: 50 }))

const routes = express.Router()
routes.get('/sign-in/:ms', (req, res, next) => {
  req.session.regenerate((error) => {
    if (error) return next(error)
    req.session.userId = 'ann'
    req.session.cookie.maxAge = Number(req.params.ms)
    res.send(req.sessionID)
  })
})
routes.get('/sign-out', (req, res) => req.session.destroy(() => res.send('')))
routes.get('/sign-out-everywhere', async (req, res) => res.send(String(await store.destroyOwner('ann'))))
routes.get('/clear', async (req, res) => res.send(String(await store.clear())))

const app = express()
const use = app.use.bind(app)
app.use = (sessions) => use(sessions, routes)
Object.assign(globalThis, { app, store, session })
`

const HOUR = 3_600_000

/** A site that runs a block of the document, and a browser on it. */
async function serve(t: Scope, library: string, env = {}, from = snippets) {
  const block = blocks.find(({ code }) => code.includes(`'${library}'`))
  assert(block !== undefined)
  const { child, port } = await from.serve(block, SETUP, env)
  t.after(() => child.kill())
  const url = `127.0.0.1:${port}`
  const connect = library === 'ws' ? plainSocket : ioSocket
  const visit = (path: string, cookie = '') =>
    fetch(`http://${url}${path}`, { headers: { cookie } })
  return {
    visit,
    /** A socket of somebody who has just signed in. */
    async open(ms = HOUR) {
      const answer = await visit(`/sign-in/${ms}`)
      const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
      const socket = await connect(url, cookie)
      return { cookie, sid: await answer.text(), ...socket }
    },
    connect: (cookie: string) => connect(url, cookie),
  }
}

interface Socket {
  isOpen(): boolean
  readonly closed: Promise<unknown>
}

async function plainSocket(url: string, cookie: string): Promise<Socket> {
  const socket = new WebSocket(`ws://${url}`, { headers: { cookie } })
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'open')
  return { isOpen: () => socket.readyState === WebSocket.OPEN, closed }
}

async function ioSocket(url: string, cookie: string): Promise<Socket> {
  const headers = { cookie }
  const socket = io(`http://${url}`, { extraHeaders: headers, reconnection: false, forceNew: true })
  const closed = new Promise((resolve) => socket.once('disconnect', resolve))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return { isOpen: () => socket.connected, closed }
}

for (const library of ['ws', 'socket.io']) {
  describe(`the recipe for ${library}`, () => {
    it('closes the sockets of a session that ends, however it does, and no others', async (t) => {
      const site = await serve(t, library)
      const [first, second] = [await site.open(), await site.open()]
      const more = await site.connect(first.cookie)
      await site.visit('/sign-out', first.cookie)
      await Promise.all([first.closed, more.closed])
      assert.equal(second.isOpen(), true)
      const third = await site.open()
      await site.visit('/sign-out-everywhere')
      await Promise.all([second.closed, third.closed])
      const short = await site.open(300)
      const long = await site.open()
      await short.closed
      assert.equal(long.isOpen(), true)
      await site.visit('/clear')
      await long.closed
    })

    it('lets nobody in who is not signed in', async (t) => {
      const site = await serve(t, library)
      const { cookie } = await site.open()
      await site.visit('/sign-out', cookie)
      if (library === 'ws') await assert.rejects(site.connect(cookie), /401/)
      else await (await site.connect(cookie)).closed
    })

    it('closes them in another process than that of the logout', needsRedis, async (t) => {
      const server = await RedisServer.start(t)
      const site = await serve(t, library, { REDIS_PORT: String(server.port) })
      const [one, two] = [await site.open(), await site.open()]
      const client = createClient({ socket: { host: '127.0.0.1', port: server.port } })
      const elsewhere = await open(t, { client })
      await elsewhere.set('other', plainSession({ userId: 'ann' }))
      await elsewhere.destroy(one.sid)
      await one.closed
      assert.equal(two.isOpen(), true)
      assert.equal(await elsewhere.destroyOwner('ann'), 2)
      await two.closed
    })

    it('finds what another process of a shared file has ended', async (t) => {
      const saveFile = newSaveFile()
      const site = await serve(t, library, { SHARED_FILE: saveFile }, hasty)
      const [one, two, short] = [await site.open(), await site.open(), await site.open(1000)]
      const elsewhere = new Shared({ saveFile })
      t.after(() => elsewhere.close())
      await elsewhere.destroy(one.sid)
      await one.closed
      assert.equal(two.isOpen(), true)
      await short.closed
      assert.equal(await elsewhere.destroyOwner('ann'), 1)
      await two.closed
    })

    it('finds one that has expired in Redis', needsRedis, async (t) => {
      const server = await RedisServer.start(t)
      const site = await serve(t, library, { REDIS_PORT: String(server.port) }, hasty)
      const [short, long] = [await site.open(1000), await site.open()]
      await short.closed
      assert.equal(long.isOpen(), true)
    })
  })
}
