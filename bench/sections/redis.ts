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
/** Times that each figure is taken of each store in turn, so that what else the machine does meets all of them. */
const ROUNDS = 7

/** Two processes with one store, in front of a Redis of their own. */
interface Side {
  readonly store: SharedName
  readonly server: RedisServer
  readonly one: Child
  readonly other: Child
  sids: readonly string[]
}

export async function redis(scale: Scale, progress: Progress): Promise<RedisFigures> {
  if (!hasRedis()) return { measured: false, by: {} }
  const servers: RedisServer[] = []
  const sides: Side[] = []
  try {
    for (const store of SHARED_NAMES) {
      const server = await RedisServer.start()
      servers.push(server)
      const side: Side = { store, server, one: new Child(), other: new Child(), sids: [] }
      sides.push(side)
      progress.at(`${store}: sessions`)
      const { port } = server
      side.sids = await side.one.ask('share', { store, port, sids: SESSIONS })
    }
    return { measured: true, by: await measure(sides, scale, progress) }
  } finally {
    await Promise.all(sides.flatMap(({ one, other }) => [one.end(), other.end()]))
    for (const server of servers) server.end()
  }
}

async function measure(sides: readonly Side[], scale: Scale, progress: Progress) {
  const { requests, changes } = scale.redis
  const each = Math.ceil(requests / ROUNDS)
  const inTurn = async <Figure>(what: string, take: (side: Side) => Promise<Figure>) => {
    const taken = new Map<Side, Figure[]>(sides.map((side) => [side, []]))
    // Before the first counts, each process has done it once.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
        progress.at(`${side.store}: ${what}`)
        const figure = await take(side)
        if (round > 0) taken.get(side)?.push(figure)
      }
    }
    return (side: Side) => taken.get(side) as Figure[]
  }
  const read = { operation: 'read request', count: each } as const
  const gets = await inTurn('gets', ({ one }) => one.ask('ask', { operation: 'get', count: each }))
  const alone = await inTurn('read requests', ({ one }) => one.ask('ask', read))
  const saves = await inTurn('saves', ({ one }) =>
    one.ask('ask', { operation: 'set again', count: each }),
  )
  const typical = await inTurn('first reads', (side) => firstReads(side, each, 250))
  const large = await inTurn('first reads of 50 KB', (side) => firstReads(side, each / 5, 50_000))
  // Only now: Redis tells the other process of every save, which takes its time too.
  for (const { store, server, other, sids } of sides) {
    await other.ask('share', { store, port: server.port, sids })
  }
  const both = await inTurn('read requests of two', async ({ one, other }) => {
    const rates = await Promise.all([one.ask('ask', read), other.ask('ask', read)])
    return rates[0].perSecond + rates[1].perSecond
  })
  const by: Partial<Record<SharedName, StoreFigures>> = {}
  for (const side of sides) {
    const { store, one, other, server } = side
    progress.at(`${store}: commands, changes, HTTP`)
    const commands = [
      await counted(side, [one], requests),
      await counted(side, [one, other], requests),
    ] as const
    const lags = await lagsOf(one, other, changes)
    by[store] = {
      get: rateOf(gets(side)),
      read: rateOf(alone(side)),
      save: rateOf(saves(side)),
      cold: [median(typical(side)), median(large(side))],
      two: median(both(side)),
      commands,
      lag: [median(lags), p99(lags)],
      http: await overHttp(store, server.port, scale),
    }
  }
  return by
}

function rateOf(rates: readonly Rate[]): Rate {
  const of = (name: keyof Rate) => median(rates.map((rate) => rate[name]))
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') }
}

function firstReads({ one, store, server }: Side, count: number, characters: number) {
  return one.ask('cold', { store, port: server.port, count, characters })
}

/** The commands per thousand read requests that these processes send at the same time, having met every session. */
async function counted(
  { server }: Side,
  children: readonly Child[],
  count: number,
): Promise<number> {
  const input = { operation: 'read request', count } as const
  const ask = () => Promise.all(children.map((child) => child.ask('ask', input)))
  await ask()
  const before = await server.commands()
  const rates = await ask()
  const commands = (await server.commands()) - before
  return (commands * 1000) / rates.reduce((sum, { requests }) => sum + requests, 0)
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
