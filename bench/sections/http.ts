/** What sessions cost an Express application, by the store that holds them. */

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import autocannon from 'autocannon'
import express from 'express'
import session, { type Store } from 'express-session'
import { byTurns, withChildren } from '../child.js'
import { digits, median, milliseconds, quantile, spreadOf, type Table, whole } from '../figures.js'
import { called } from '../operations.js'
import { newSession, newSid, TYPICAL } from '../sessions.js'
import { hasRedis, openShared, RedisServer } from '../shared.js'
import { COMPARED, STORES, type StoreName } from '../stores.js'

type Server = StoreName | 'no sessions' | (typeof OVER_REDIS)[number]

interface Load {
  readonly perSecond: number
  /** ms. */
  readonly p99: number
}

export interface HttpFigures {
  readonly by: Readonly<Partial<Record<Server, Load>>>
  readonly live: number
  readonly spread: number
}

const OVER_REDIS = ['lembro/redis', 'connect-redis'] as const
const SECRET = 'a secret that is known to everybody'
const ONE_DAY = 86_400_000
const CONNECTIONS = 20
/** Of five requests, one changes its session. */
const READS_OF_FIVE = 4

export const tasks = {
  /** Serves on this machine only. Gives the port, and the cookies of as many live sessions. */
  async serve({ server, live, redis }: { server: Server; live: number; redis: number }) {
    const app = express()
    const cookies: string[] = []
    if (server !== 'no sessions') {
      const store = await storeOf(server, redis)
      for (let n = 0; n < live; n++) {
        const sid = newSid()
        await called((done) => store.set(sid, newSession(store, sid, TYPICAL, n), done))
        const signature = createHmac('sha256', SECRET).update(sid).digest('base64')
        cookies.push(
          `connect.sid=${encodeURIComponent(`s:${sid}.${signature.replace(/=+$/, '')}`)}`,
        )
      }
      const cookie = { maxAge: ONE_DAY }
      const options = { store, secret: SECRET, resave: false, saveUninitialized: false, cookie }
      app.use(session(options))
    }
    app.get('/read', (req, res) => {
      if (server !== 'no sessions' && req.session.views === undefined) res.status(401)
      res.end('ok')
    })
    app.get('/write', (req, res) => {
      if (server !== 'no sessions') req.session.views = (req.session.views ?? 0) + 1
      res.end('ok')
    })
    const listening = app.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    return { port: (listening.address() as AddressInfo).port, cookies }
  },
}

async function storeOf(server: Exclude<Server, 'no sessions'>, redis: number): Promise<Store> {
  if (server === 'lembro/redis' || server === 'connect-redis') return openShared(server, redis)
  return STORES[server].make()
}

export async function run(quick: boolean): Promise<HttpFigures> {
  const { live, rounds, amount } = quick
    ? { live: 500, rounds: 2, amount: 200 }
    : { live: 10_000, rounds: 7, amount: 4000 }
  const redis = hasRedis() ? await RedisServer.start() : undefined
  const overRedis = redis === undefined ? [] : OVER_REDIS
  const servers: Server[] = ['no sessions', ...COMPARED, ...overRedis]
  try {
    return await withChildren<Server, typeof tasks, HttpFigures>(
      servers,
      import.meta.url,
      async (children) => {
        const loads = new Map<Server, () => Promise<Load>>()
        for (const server of servers) {
          const input = { server, live, redis: redis?.port ?? 0 }
          const { port, cookies } = await children[server].ask('serve', input)
          const shuffled = cookies.map((cookie) => ({ cookie, at: Math.random() }))
          const next = shuffled.sort((a, b) => a.at - b.at).map(({ cookie }) => cookie)
          loads.set(server, () => sendLoad(port, next, amount))
          await loads.get(server)?.()
        }
        const turns = await byTurns(servers, rounds, (name) => loads.get(name)?.() as Promise<Load>)
        const by = servers.map((server) => {
          const middle = (of: keyof Load) => median(turns[server].map((load) => load[of]))
          return [server, { perSecond: middle('perSecond'), p99: middle('p99') }]
        })
        const spread = spreadOf(turns.floor.map(({ perSecond }) => perSecond))
        return { by: Object.fromEntries(by), live, spread }
      },
    )
  } finally {
    redis?.end()
  }
}

/** Requests by many connections, each by the next of the browsers. */
async function sendLoad(port: number, cookies: readonly string[], amount: number): Promise<Load> {
  const times: number[] = []
  let sent = 0
  const began = performance.now()
  const { non2xx, errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    const load = autocannon(
      {
        ...{ url: `http://127.0.0.1:${port}`, connections: CONNECTIONS, amount },
        // ms between its looks at whether it is done.
        sampleInt: 10,
        requests: [
          {
            setupRequest(request) {
              const cookie = cookies[sent % cookies.length] ?? ''
              const path = sent++ % 5 < READS_OF_FIVE ? '/read' : '/write'
              return { ...request, path, headers: { cookie } }
            },
          },
        ],
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    )
    load.on('response', (_client, _status, _bytes, ms) => times.push(ms))
  })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests failed`)
  return {
    perSecond: (amount * 1000) / (performance.now() - began),
    p99: quantile(times, 0.99),
  }
}

/** µs that sessions add to a request. */
export function costOf({ by }: HttpFigures, server: Server): number {
  const each = (of: Server) => 1e6 / (by[of]?.perSecond ?? Number.NaN)
  return each(server) - each('no sessions')
}

export function tables(figures: HttpFigures): Table[] {
  return [
    {
      title: `HTTP: an Express application with ${whole(figures.live)} live sessions`,
      note: `Four requests of five read, one writes; ${CONNECTIONS} connections. Each has one process, the load another. What is not far above the spread is no difference. memorystore and express-memfilestore, its fork, do the same, and so show what the machine adds.`,
      head: ['', 'requests per second', 'p99', 'µs a request that sessions add'],
      rows: Object.entries(figures.by).map(([server, { perSecond, p99 }]) => [
        ...[server, whole(perSecond), milliseconds(p99)],
        server === 'no sessions' ? '-' : digits(costOf(figures, server as Server)),
      ]),
      spreads: [figures.spread],
    },
  ]
}
