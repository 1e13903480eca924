/** What sessions cost an Express application, by the store that holds them. */

import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import autocannon from 'autocannon'
import express from 'express'
import session from 'express-session'
import { byTurns, inPairs, withChildren } from '../child.js'
import * as figures from '../figures.js'
import { type Opened, open } from '../homes.js'
import { storeNew } from '../operations.js'
import { hasRedis, startRedis } from '../redis-server.js'
import { TYPICAL } from '../sessions.js'
import { type Kind, STORES } from '../stores.js'

const { digits, mapValues, medians, milliseconds, quantile, spreadOf, whole } = figures

/** Those in memory that people use most: express-memfilestore is a fork of memorystore. */
const IN_MEMORY = ['lembro', 'floor', 'MemoryStore', 'memorystore', 'express-lembro'] as const
const OVER_REDIS = ['lembro/redis', 'connect-redis'] as const
type Server = 'no sessions' | (typeof IN_MEMORY | typeof OVER_REDIS)[number]
const SECRET = 'a secret that is known to everybody'
const ONE_DAY = 86_400_000
const CONNECTIONS = 20
/** Of five requests, one changes its session. */
const READS_OF_FIVE = 4

/** Serves on this machine only. Gives the port, and the cookies of as many live sessions. */
export async function serve(input: { server: Server; live: number; redis: number }) {
  const { server, live } = input
  const app = express()
  const cookies: string[] = []
  if (server !== 'no sessions') {
    const inMemory = (STORES as Partial<Record<Server, Kind>>)[server]
    const home = { file: '', port: input.redis }
    const store = inMemory ? inMemory.make() : await open(server as Opened, home)
    for (let n = 0; n < live; n++) {
      const sid = await storeNew(store, TYPICAL, n)
      const signature = createHmac('sha256', SECRET).update(sid).digest('base64')
      cookies.push(`connect.sid=${encodeURIComponent(`s:${sid}.${signature.replace(/=+$/, '')}`)}`)
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
}

export async function run(quick: boolean) {
  const { live, rounds, amount } = quick
    ? { live: 200, rounds: 2, amount: 100 }
    : { live: 10_000, rounds: 4, amount: 2000 }
  const redis = hasRedis ? await startRedis() : undefined
  const servers: Server[] = ['no sessions', ...IN_MEMORY, ...(redis ? OVER_REDIS : [])]
  return withChildren(servers, import.meta.url, async (children) => {
    const apps = await inPairs(servers, (server) =>
      children[server].ask(serve, { server, live, redis: redis?.port ?? 0 }),
    )
    const load = (server: Server) => sendLoad(apps[server], amount)
    // Uncounted, until V8 has compiled what it will.
    await byTurns(servers, 1, load)
    const turns = await byTurns(servers, rounds, load)
    const spread = spreadOf(turns.floor.map(({ perSecond }) => perSecond))
    return { by: mapValues(turns, medians), live, spread }
  }).finally(() => redis?.end())
}

/** Requests by many connections, each of the next of the browsers. Gives how many a second, and the p99 of their ms. */
async function sendLoad(
  { port, cookies }: { port: number; cookies: readonly string[] },
  amount: number,
) {
  const times: number[] = []
  let sent = Math.floor(Math.random() * cookies.length)
  const setupRequest = (request: autocannon.Request) => {
    const headers = { cookie: cookies[sent % cookies.length] ?? '' }
    return { ...request, headers, path: sent++ % 5 < READS_OF_FIVE ? '/read' : '/write' }
  }
  const url = `http://127.0.0.1:${port}`
  // `sampleInt`: ms between its looks at whether it is done.
  const options = { url, connections: CONNECTIONS, amount, sampleInt: 10 }
  const began = performance.now()
  const { non2xx, errors } = await new Promise<autocannon.Result>((resolve, reject) => {
    autocannon({ ...options, requests: [{ setupRequest }] }, (error, result) =>
      error ? reject(error) : resolve(result),
    ).on('response', (_client, _status, _bytes, ms) => times.push(ms))
  })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests failed`)
  return { perSecond: (amount * 1000) / (performance.now() - began), p99: quantile(times, 0.99) }
}

export function show({ by, live, spread }: Awaited<ReturnType<typeof run>>): figures.Table {
  const bare = by['no sessions'].perSecond
  return {
    title: `HTTP: an Express application with ${whole(live)} live sessions`,
    note: `Four requests of five read, one writes; ${CONNECTIONS} connections. Each has one process, the load another. What is not far above the spread is no difference.`,
    head: ['', 'requests per second', 'p99', 'µs a request that sessions add'],
    rows: Object.entries(by).map(([server, { perSecond, p99 }]) => [
      ...[server, whole(perSecond), milliseconds(p99)],
      server === 'no sessions' ? '-' : digits(1e6 / perSecond - 1e6 / bare),
    ]),
    spreads: [spread],
  }
}
