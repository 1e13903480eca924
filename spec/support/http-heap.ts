/** Run by `http/heap.spec.ts` in processes of their own with `--expose-gc`: visitors of a real Express fill a store. Prints as JSON what the heap shows. */

import { Agent, type IncomingMessage, request } from 'node:http'
import express, { type Express, type Request } from 'express'
import session from 'express-session'
import type { LembroOptions } from '../../lib/settings/options'
import { Lembro } from '../../lib/store'
import { serve } from './http'

interface Visit {
  readonly type: 'application/x-www-form-urlencoded' | 'application/json' | 'text/plain'
  /** What a visitor sends. */
  readonly body: (n: number) => string
  /** What the application keeps of it. */
  readonly keep: (live: Live, body: never) => void
  readonly options?: LembroOptions
}
type Live = Request['session'] & Record<string, unknown>
type Fields = Record<string, string>

const FORM = 'application/x-www-form-urlencoded'
const PADDING = 'x'.repeat(30_000)
const NOTE = 'a note of the visitor '.repeat(200)
const base64 = {
  stringify: (value: object) => Buffer.from(JSON.stringify(value)).toString('base64'),
  parse: (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()),
}

const nick = (live: Live, { nick }: Fields) => {
  live.user = nick
}
const note = (live: Live, fields: Fields) => {
  nick(live, fields)
  live.note = fields.note
}
const lines = (live: Live, text: string) => {
  const [user, note] = text.split('\n')
  Object.assign(live, { user, note })
}
/** Without escapes, since what is unescaped is a text of its own already. */
const form = (fields: object) =>
  Object.entries(fields)
    .map((pair) => pair.join('='))
    .join('&')
const domain = (n: number) => `${`shop-${n}.`.padEnd(60, 'x')}.${'label.'.repeat(40)}example`

const VISITS: Record<string, Visit> = {
  'a form': { type: FORM, body: (n) => form({ nick: `ann-${n}`, note: NOTE }), keep: note },
  'a form with padding': {
    type: FORM,
    body: (n) => form({ nick: `visitor-called-ann-${n}`, padding: PADDING }),
    keep: nick,
  },
  'a form with an emoji elsewhere': {
    type: FORM,
    body: (n) => form({ nick: `visitor-called-ann-${n}`, note: NOTE, mood: '😀' }),
    keep: note,
  },
  JSON: {
    type: 'application/json',
    body: (n) => JSON.stringify({ nick: `ann-${n}`, note: NOTE }),
    keep: note,
  },
  'JSON with padding and half an emoji': {
    type: 'application/json',
    body: (n) =>
      JSON.stringify({ nick: `visitor-called-ann-${n}`, note: NOTE, mood: `\ud800${PADDING}` }),
    keep: note,
  },
  text: { type: 'text/plain', body: (n) => `ann-${n}\n${NOTE}`, keep: lines as never },
  'text with padding and an emoji': {
    type: 'text/plain',
    body: (n) => `visitor-called-ann-${n}\n${NOTE}\n😀\n${PADDING}`,
    keep: lines as never,
  },
  'text of two bytes a character': {
    type: 'text/plain',
    body: (n) => `世界 ${n}\n${'世'.repeat(4000)}`,
    keep: lines as never,
  },
  'long cookie domains': {
    type: FORM,
    body: (n) => form({ nick: `ann-${n}`, domain: domain(n), mood: '😀', padding: PADDING }),
    keep: (live, fields: Fields) => {
      nick(live, fields)
      live.cookie.domain = fields.domain as string
    },
  },
  'varying ages of cookies': {
    type: FORM,
    body: (n) => form({ nick: `ann-${n}`, age: 80_000_000 + n }),
    keep: (live, fields: Fields) => {
      nick(live, fields)
      live.cookie.maxAge = Number(fields.age)
    },
  },
  'a text that a serializer cuts out': {
    type: 'text/plain',
    body: (n) => `visitor-called-ann-${n}\n${NOTE}\n${PADDING}`,
    keep: lines as never,
    options: {
      serializer: {
        stringify: (data) => `${base64.stringify(data)}${PADDING}`.slice(0, -PADDING.length),
        parse: base64.parse,
      },
    },
  },
  'texts that two requests wrote': {
    type: FORM,
    body: (n) =>
      form({ nick: `visitor-called-ann-${n}`, note: NOTE, mood: '😀', padding: PADDING }),
    keep: (live, fields: Fields) => {
      const { user, cookie } = live
      if (user !== undefined)
        (live.req as unknown as Request).sessionStore.set(live.id, { cookie, user } as never)
      note(live, fields)
    },
    options: { onConflict: (_base, _stored, incoming) => ({ ...incoming }) },
  },
}

function createApp(store: Lembro, { keep }: Visit): Express {
  const app = express()
  app.get('/', (_req, res) => {
    res.end()
  })
  app.use(session({ store, secret: 'secret', resave: false, saveUninitialized: false }))
  app.use(express.urlencoded(), express.json(), express.text())
  app.post('/', (req, res) => {
    const live = req.session as Live
    live.note = NOTE
    keep(live, req.body as never)
    live.visits = Number(live.visits ?? 0) + 1
    res.end()
  })
  return app
}

/** Visits before the first look at the heap. */
const WARM_UP = 150

const agent = new Agent({ keepAlive: true, maxSockets: 8 })

/** Sends one request. Gives the cookie of the answer. */
function send(url: string, type: string, body: string, cookie: string | undefined) {
  return new Promise<string | undefined>((resolve, reject) => {
    // The padding makes the id in the header a slice of something long.
    const sent = cookie === undefined ? {} : { cookie: `${cookie}; other=${'y'.repeat(4000)}` }
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), ...sent }
    const req = request(url, { method: 'POST', agent, headers }, (res: IncomingMessage) => {
      if (res.statusCode !== 200) reject(new Error(`${res.statusCode} for ${body.slice(0, 100)}`))
      res.resume().on('end', () => resolve(res.headers['set-cookie']?.[0]?.split(';')[0]))
    })
    req.on('error', reject).end(body)
  })
}

/** The heap, after requests whose last texts no connection holds any more. */
async function heap(url: string): Promise<number> {
  for (let n = 0; n < 5; n++) {
    await Promise.all(Array.from({ length: 8 }, () => fetched(url)))
  }
  for (let n = 0; n < 4; n++) (globalThis as unknown as { gc(): void }).gc()
  return process.memoryUsage().heapUsed
}

function fetched(url: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const req = request(url, { agent }, (res) => res.resume().on('end', resolve))
    req.on('error', reject).end()
  })
}

async function visit(url: string, { type, body }: Visit, from: number, to: number) {
  const visitor = async (n: number) => {
    const cookie = await send(url, type, body(n), undefined)
    // Twice: a session that is stored again goes another way than a new one.
    await send(url, type, body(n), cookie)
  }
  for (let n = from; n < to; n += 8) {
    await Promise.all(Array.from({ length: Math.min(8, to - n) }, (_, i) => visitor(n + i)))
  }
}

async function fill(name: string, sessions: number) {
  const visits = VISITS[name] as Visit
  const store = new Lembro({ maxSize: Infinity, interval: 0, ...visits.options })
  const server = await serve(createApp(store, visits))
  await visit(server.url, visits, 0, WARM_UP)
  const { bytes: before } = store.stats()
  const start = await heap(server.url)
  await visit(server.url, visits, WARM_UP, WARM_UP + sessions)
  const grown = (await heap(server.url)) - start
  const { bytes, sessions: held, conflicts } = store.stats()
  agent.destroy()
  await server.close()
  return { grown, bytes: bytes - before, sessions: held - WARM_UP, conflicts }
}

const [name, sessions] = process.argv.slice(-2) as [string, string]
fill(name, Number(sessions)).then((result) => console.log(JSON.stringify(result)))
