/** Sessions that several processes share through one Redis: lembro with its near cache, and connect-redis with and without one. */

import type { Store } from 'express-session'
import { byTurns, Child } from '../child.js'
import { digits, median, quantile, type Table, whole } from '../figures.js'
import {
  called,
  load,
  OPERATIONS,
  type Population,
  type Step,
  timed,
  timedInBatches,
} from '../operations.js'
import { newSession, newSid, type Shape, sidOfRequest, TYPICAL } from '../sessions.js'
import { hasRedis, openShared, RedisServer, SHARED_NAMES, type SharedName } from '../shared.js'

interface Rate {
  readonly perSecond: number
  /** µs of one alone. */
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
  /** ms from the acknowledgement of a change to when the other process saw it: p50 and p99. */
  readonly lag: readonly [number, number]
}

/** Empty if there was no redis-server to measure with. */
export type RedisFigures = Readonly<Partial<Record<SharedName, StoreFigures>>>

type Operation = 'get' | 'read request' | 'set again'

/** The hot set. */
const SESSIONS = 1000
const IN_FLIGHT = 64
const LARGE = 50_000

let population: Population | undefined
let elsewhere: Store | undefined

export const tasks = {
  /** Opens the store of this process, on those sessions or on so many new ones. Gives their ids. */
  async share(input: { store: SharedName; port: number; sids: readonly string[] | number }) {
    const store = await openShared(input.store, input.port)
    const sids = typeof input.sids === 'number' ? await fill(store, input.sids) : input.sids
    population = { store, shape: TYPICAL, sids, added: [] }
    // Every process has met every session once.
    for (const sid of sids) await load(store, sidOfRequest(sid))
    return sids
  },

  async ask(input: { operation: Operation; count: number }) {
    const prepare = OPERATIONS[input.operation]
    const ns = await timedInBatches(populated(), prepare, input.count, IN_FLIGHT)
    const alone: number[] = []
    for (let i = 0; i < input.count / 10; i++) {
      alone.push((await timedInBatches(populated(), prepare, 1, 1)) / 1000)
    }
    return { perSecond: 1e9 / ns, p50: median(alone), p99: quantile(alone, 0.99) }
  },

  /** Reads per second of sessions that this process has never met, so many at once; another store wrote them. */
  async cold(input: { store: SharedName; port: number; count: number; characters: number }) {
    const { store } = populated()
    elsewhere ??= await openShared(input.store, input.port)
    const shape = { ...TYPICAL, characters: input.characters }
    let ns = 0
    for (let done = 0; done < input.count; done += IN_FLIGHT) {
      const sids = await fill(elsewhere, IN_FLIGHT, shape)
      const steps = sids.map((sid): Step => {
        return (end) =>
          store.get(sid, (error, data) => end(error ?? (data ? null : new Error('it is missing'))))
      })
      ns += await timed(steps)
    }
    return (input.count * 1e9) / ns
  },

  /** Changes one session so many times; gives when each change was acknowledged, on the clock of all processes. */
  async change(input: { count: number; pause: number }): Promise<number[]> {
    const { store, sids } = populated()
    const sid = sids[0] as string
    const times: number[] = []
    for (let n = 1; n <= input.count; n++) {
      const session = newSession(store, sid, TYPICAL, 0)
      session.views = -n
      await called((done) => store.set(sid, session, done))
      times.push(now())
      await new Promise((resolve) => setTimeout(resolve, input.pause))
    }
    return times
  },

  /** Reads that session all the time; gives when each of so many changes was first seen. */
  async see(count: number): Promise<number[]> {
    const { store, sids } = populated()
    const times: number[] = []
    for (let seen = 0; seen < count; ) {
      const { views = 0 } = await load(store, sids[0] as string)
      while (seen < -views) times[seen++] = now()
      await new Promise((resolve) => setImmediate(resolve))
    }
    return times
  },
}

async function fill(store: Store, count: number, shape: Shape = TYPICAL): Promise<string[]> {
  const sids = Array.from({ length: count }, newSid)
  for (const [n, sid] of sids.entries()) {
    await called((done) => store.set(sid, newSession(store, sid, shape, n), done))
  }
  return sids
}

function populated(): Population {
  if (population === undefined) throw new Error('no store is open in this process')
  return population
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Two processes with one store, in front of a Redis of their own. */
interface Side {
  readonly server: RedisServer
  readonly one: Child<typeof tasks>
  readonly other: Child<typeof tasks>
}

export async function run(quick: boolean): Promise<RedisFigures> {
  if (!hasRedis()) return {}
  const sides: Partial<Record<SharedName, Side>> = {}
  try {
    for (const name of SHARED_NAMES) {
      const server = await RedisServer.start()
      sides[name] = { server, one: new Child(import.meta.url), other: new Child(import.meta.url) }
    }
    return await measure(sides as Record<SharedName, Side>, quick)
  } finally {
    for (const { server, one, other } of Object.values(sides)) {
      await Promise.all([one.kill(), other.kill()])
      server.end()
    }
  }
}

async function measure(sides: Readonly<Record<SharedName, Side>>, quick: boolean) {
  const rounds = quick ? 1 : 7
  const changes = quick ? 50 : 1000
  const count = quick ? 1000 : 10_000
  const inTurn = async <Figure>(take: (side: Side, store: SharedName) => Promise<Figure>) => {
    const measure = (store: SharedName) => take(sides[store], store)
    // Before the first counts, each process has done it once.
    await byTurns(SHARED_NAMES, 1, measure)
    return byTurns(SHARED_NAMES, rounds, measure)
  }
  const asked = (operation: Operation) => inTurn(({ one }) => one.ask('ask', { operation, count }))
  const firstReads = (count: number, characters: number) =>
    inTurn(({ one, server: { port } }, store) =>
      one.ask('cold', { store, port, count, characters }),
    )
  const sids: Partial<Record<SharedName, readonly string[]>> = {}
  for (const store of SHARED_NAMES) {
    const { one, server } = sides[store]
    sids[store] = await one.ask('share', { store, port: server.port, sids: SESSIONS })
  }
  const gets = await asked('get')
  const reads = await asked('read request')
  const saves = await asked('set again')
  const typical = await firstReads(count / 2, TYPICAL.characters)
  const large = await firstReads(count / 10, LARGE)
  // Only now: Redis tells the other process of every save, which takes its time too.
  for (const store of SHARED_NAMES) {
    const { other, server } = sides[store]
    await other.ask('share', { store, port: server.port, sids: sids[store] ?? [] })
  }
  const read = { operation: 'read request', count } as const
  const together = await inTurn(async ({ one, other }) => {
    const rates = await Promise.all([one.ask('ask', read), other.ask('ask', read)])
    return rates[0].perSecond + rates[1].perSecond
  })
  const figures: Partial<Record<SharedName, StoreFigures>> = {}
  for (const store of SHARED_NAMES) {
    const side = sides[store]
    const lags = await lagsOf(side, changes)
    figures[store] = {
      get: rateOf(gets[store]),
      read: rateOf(reads[store]),
      save: rateOf(saves[store]),
      cold: [median(typical[store]), median(large[store])],
      two: median(together[store]),
      commands: [
        await commandsOf(side, 1, count * rounds),
        await commandsOf(side, 2, count * rounds),
      ],
      lag: [median(lags), quantile(lags, 0.99)],
    }
  }
  return figures
}

function rateOf(rates: readonly Rate[]): Rate {
  const of = (name: keyof Rate) => median(rates.map((rate) => rate[name]))
  return { perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') }
}

/** The commands per thousand read requests of one process or two, which have met every session. */
async function commandsOf({ server, one, other }: Side, processes: number, count: number) {
  const children = [one, other].slice(0, processes)
  const ask = (count: number) =>
    Promise.all(children.map((child) => child.ask('ask', { operation: 'read request', count })))
  await ask(SESSIONS * 10)
  const before = await server.commands()
  await ask(count)
  // `ask` does a tenth of them once more, one by one.
  return (((await server.commands()) - before) * 1000) / (children.length * count * 1.1)
}

async function lagsOf({ one, other }: Side, count: number): Promise<number[]> {
  const seeing = other.ask('see', count)
  const changed = await one.ask('change', { count, pause: 3 })
  const seen = await seeing
  return changed.map((at, i) => Math.max(0, (seen[i] as number) - at))
}

export function tables(figures: RedisFigures): Table[] {
  const title = 'Several processes: sessions in Redis'
  const of = Object.values(figures)
  if (of.length === 0) {
    return [{ title, note: 'Left out: redis-server is not installed here.', head: [], rows: [] }]
  }
  const both = (p50: number, p99: number) => `${digits(p50)} / ${digits(p99)}`
  const rows: [string, (of: StoreFigures) => string][] = [
    ['`get`, one at a time: µs p50 / p99', ({ get }) => both(get.p50, get.p99)],
    ['`get`, 64 at a time: per second', ({ get }) => whole(get.perSecond)],
    ['read request, one at a time: µs', ({ read }) => both(read.p50, read.p99)],
    ['read requests, 64 at a time: per second', ({ read }) => whole(read.perSecond)],
    ['the same of two processes', ({ two }) => whole(two)],
    ['saves, one at a time: µs p50 / p99', ({ save }) => both(save.p50, save.p99)],
    ['saves, 64 at a time: per second', ({ save }) => whole(save.perSecond)],
    ['first reads in a process, 64 at a time: per second', ({ cold }) => whole(cold[0])],
    ['the same of sessions of 50 KB', ({ cold }) => whole(cold[1])],
    ['Redis commands per 1,000 read requests', ({ commands }) => digits(commands[0])],
    ['the same of two processes', ({ commands }) => digits(commands[1])],
    ["another process' change, seen after: ms p50 / p99", ({ lag }) => both(...lag)],
  ]
  return [
    {
      title,
      note: `${SESSIONS} sessions that all are in use, signed in; Redis on the same machine, node-redis 6 for all. A read request is \`get\`, \`createSession\`, \`touch\`. lembro pings Redis twice a second and tells it each second what was read: that is what is left of its commands.`,
      head: ['', ...Object.keys(figures)],
      rows: rows.map(([what, show]) => [what, ...of.map(show)]),
    },
  ]
}
