/** Sessions that several processes share through one Redis: lembro with its near cache, and connect-redis with and without one. */

import { Child } from '../child.js'
import { digits, median, p99, whole } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { hasRedis, RedisServer } from '../server.js'
import { SHARED_NAMES, type SharedName } from '../shared.js'
import type { Table } from '../table.js'
import { sendLoad, signIn } from './http.js'

export interface RedisFigures {
  /** Whether there was a redis-server to measure with. */
  readonly measured: boolean
  readonly by: Readonly<Partial<Record<SharedName, StoreFigures>>>
}

interface Rate {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

export interface StoreFigures {
  readonly get: Rate
  readonly read: Rate
  /** Saves of sessions that are in use, signed in. */
  readonly save: Rate
  /** Reads per second of sessions that the process has never met, signed in: typical ones, and of 50 KB. */
  readonly cold: readonly [number, number]
  /** Read requests per second of two processes together. */
  readonly two: number
  /** Commands that Redis carried out per thousand read requests, of one process and of two. */
  readonly commands: readonly [number, number]
  /** ms from the acknowledgement of a change to when the other process saw it. */
  readonly lag: readonly [number, number]
  readonly http: number
}

/** The hot set. */
const SESSIONS = 1000

export async function redis(scale: Scale, progress: Progress): Promise<RedisFigures> {
  if (!hasRedis()) return { measured: false, by: {} }
  const by: Partial<Record<SharedName, StoreFigures>> = {}
  for (const store of SHARED_NAMES) {
    progress.at(store)
    by[store] = await RedisServer.with((server) => measure(store, server, scale))
  }
  return { measured: true, by }
}

async function measure(
  store: SharedName,
  server: RedisServer,
  scale: Scale,
): Promise<StoreFigures> {
  const { port } = server
  const [one, other] = [new Child(), new Child()]
  try {
    const sids = await one.ask('share', { store, port, sids: SESSIONS })
    await one.ask('ask', { operation: 'read request', count: scale.redis.requests })
    const get = await one.ask('ask', { operation: 'get', count: scale.redis.requests })
    const save = await one.ask('ask', { operation: 'set again', count: scale.redis.requests })
    const cold = await coldOf(one, store, port, scale)
    const [alone, read] = await counted(server, [one], scale)
    await other.ask('share', { store, port, sids })
    await other.ask('ask', { operation: 'read request', count: scale.redis.requests })
    const [together, first, second] = await counted(server, [one, other], scale)
    const lags = await lagsOf(one, other, scale.redis.changes)
    return {
      get,
      read: read as Rate,
      save,
      cold,
      two: (first?.perSecond ?? NaN) + (second?.perSecond ?? NaN),
      commands: [alone, together],
      lag: [median(lags), p99(lags)],
      http: await overHttp(store, port, scale),
    }
  } finally {
    await Promise.all([one.end(), other.end()])
  }
}

/** The commands per thousand read requests that these processes send at the same time, and their rates. */
async function counted(
  server: RedisServer,
  children: readonly Child[],
  scale: Scale,
): Promise<[number, ...(Rate & { requests: number })[]]> {
  const input = { operation: 'read request', count: scale.redis.requests } as const
  const before = await server.commands()
  const rates = await Promise.all(children.map((child) => child.ask('ask', input)))
  const commands = (await server.commands()) - before
  const requests = rates.reduce((sum, rate) => sum + rate.requests, 0)
  return [(commands * 1000) / requests, ...rates]
}

async function coldOf(
  child: Child,
  store: SharedName,
  port: number,
  scale: Scale,
): Promise<[number, number]> {
  const count = Math.ceil(scale.redis.requests / 2)
  const typical = await child.ask('cold', { store, port, count, characters: 250 })
  const large = await child.ask('cold', { store, port, count: count / 10, characters: 50_000 })
  return [typical, large]
}

async function lagsOf(writer: Child, reader: Child, count: number): Promise<number[]> {
  const seeing = reader.ask('see', { count })
  const changed = await writer.ask('change', { count, pause: 3 })
  const seen = await seeing
  return changed.map((at, i) => Math.max(0, (seen[i] as number) - at))
}

async function overHttp(store: SharedName, port: number, scale: Scale): Promise<number> {
  const child = new Child()
  try {
    const url = `http://127.0.0.1:${await child.ask('serve', { store, redis: port })}`
    const cookies = await signIn(url)
    const { rounds, requests } = scale.http
    await sendLoad(`${url}/read`, cookies, requests)
    const rates: number[] = []
    for (let i = 0; i < rounds; i++) rates.push(await sendLoad(`${url}/read`, cookies, requests))
    return median(rates)
  } finally {
    await child.end()
  }
}

export function redisTables({ measured, by }: RedisFigures): Table[] {
  const title = 'Several processes: sessions in Redis'
  if (!measured) {
    return [{ title, note: 'Left out: redis-server is not installed here.', head: [], rows: [] }]
  }
  const rows: [string, (of: StoreFigures) => string][] = [
    ['`get`, one at a time: µs p50 / p99', ({ get }) => `${digits(get.p50)} / ${digits(get.p99)}`],
    ['`get`, 64 at a time: per second', ({ get }) => whole(get.perSecond)],
    ['read request, one at a time: µs', ({ read }) => `${digits(read.p50)} / ${digits(read.p99)}`],
    ['read requests, 64 at a time: per second', ({ read }) => whole(read.perSecond)],
    ['the same of two processes', ({ two }) => whole(two)],
    [
      'saves, one at a time: µs p50 / p99',
      ({ save }) => `${digits(save.p50)} / ${digits(save.p99)}`,
    ],
    ['saves, 64 at a time: per second', ({ save }) => whole(save.perSecond)],
    ['first reads in a process, 64 at a time: per second', ({ cold }) => whole(cold[0])],
    ['the same of sessions of 50 KB', ({ cold }) => whole(cold[1])],
    ['Redis commands per 1,000 read requests', ({ commands }) => digits(commands[0])],
    ['the same of two processes', ({ commands }) => digits(commands[1])],
    ["another process' change, seen after: ms p50 / p99", ({ lag }) => lag.map(digits).join(' / ')],
    ['over HTTP, read requests per second', ({ http }) => whole(http)],
  ]
  const stores = SHARED_NAMES.filter((name) => by[name] !== undefined)
  return [
    {
      title,
      note: `${SESSIONS} sessions that all are in use, signed in; Redis on the same machine, node-redis 6 for all. A read request is \`get\`, \`createSession\`, \`touch\`. lembro pings Redis twice a second and tells it each second what was read: that is what is left of its commands.`,
      head: ['', ...stores],
      rows: rows.map(([what, show]) => [
        what,
        ...stores.map((name) => show(by[name] as StoreFigures)),
      ]),
    },
  ]
}
