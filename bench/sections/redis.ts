/** Sessions that several processes share through one Redis: lembro with its near cache, and connect-redis with and without one. */

import { setTimeout } from 'node:timers/promises'
import type { Store } from 'express-session'
import { byTurns, type Children, withChildren } from '../child.js'
import { digits, mapValues, median, medians, quantile, type Table, whole } from '../figures.js'
import {
  called,
  load,
  nextTurn,
  OPERATIONS,
  type Population,
  storeNew,
  timed,
  timedInBatches,
} from '../operations.js'
import { newSession, type Shape, sidOfRequest, TYPICAL } from '../sessions.js'
import { hasRedis, openShared, RedisServer, SHARED_NAMES, type SharedName } from '../shared.js'

export type RedisFigures = Awaited<ReturnType<typeof run>>
/** What came of one store: rates per second, the µs of one alone, and the ms until another process sees a change. */
export type SharedFigures = NonNullable<RedisFigures[SharedName]>
type Rate = Awaited<ReturnType<typeof ask>>
type Sids = readonly string[] | number
interface Sharing {
  readonly store: SharedName
  readonly port: number
}
type Operation = 'get' | 'read request' | 'set again'

/** The hot set. */
const SESSIONS = 1000
const IN_FLIGHT = 64
const LARGE = 50_000

let population: Population
/** What a process has that only writes. */
let writer: Store | undefined
let written: readonly string[] = []

/** Opens the store of this process, on those sessions or on so many new ones. Gives their ids. */
export async function share(input: Sharing & { sids: readonly string[] | number }) {
  const store = await openShared(input.store, input.port)
  const sids =
    typeof input.sids === 'number' ? await storeAll(store, input.sids, TYPICAL) : input.sids
  population = { store, shape: TYPICAL, sids, added: [] }
  // Every process has met every session once.
  for (const sid of sids) await load(store, sidOfRequest(sid))
  return sids
}

/** Operations per second, so many at once; and the µs of one alone. */
export async function ask(input: { operation: Operation; count: number }) {
  const prepare = OPERATIONS[input.operation]
  const ns = await timedInBatches(population, prepare, input.count, IN_FLIGHT)
  const alone: number[] = []
  for (let i = 0; i < input.count / 10; i++) {
    alone.push((await timedInBatches(population, prepare, 1, 1)) / 1000)
  }
  return { perSecond: 1e9 / ns, p50: median(alone), p99: quantile(alone, 0.99) }
}

/** Stores so many sessions for another process, in place of those before. Gives their ids. */
export async function write(input: Sharing & { count: number; characters: number }) {
  writer ??= await openShared(input.store, input.port)
  for (const sid of written) await called((done) => writer?.destroy(sid, done))
  written = await storeAll(writer, input.count, { ...TYPICAL, characters: input.characters })
  return written
}

/** Reads per second of sessions that this process has never met, so many at once. */
export async function readFirst(sids: readonly string[]) {
  const prepare = OPERATIONS.get
  let ns = 0
  for (let from = 0; from < sids.length; from += IN_FLIGHT) {
    const batch = sids.slice(from, from + IN_FLIGHT)
    ns += await timed(
      await Promise.all(batch.map((sid) => prepare({ ...population, sids: [sid] }))),
    )
  }
  return (sids.length * 1e9) / ns
}

/** Changes one session so many times; gives when each change was acknowledged, on the clock of all processes. */
export async function change(count: number): Promise<number[]> {
  const { store, sids } = population
  const sid = sids[0] as string
  const times: number[] = []
  for (let n = 1; n <= count; n++) {
    const session = newSession(store, sid, TYPICAL, 0)
    session.views = -n
    await called((done) => store.set(sid, session, done))
    times.push(now())
    await setTimeout(3)
  }
  return times
}

/** Reads that session all the time; gives when each of so many changes was first seen. */
export async function see(count: number): Promise<number[]> {
  const times: number[] = []
  for (let seen = 0; seen < count; ) {
    const { views = 0 } = await load(population.store, population.sids[0] as string)
    while (seen < -views) times[seen++] = now()
    await nextTurn()
  }
  return times
}

async function storeAll(store: Store, count: number, shape: Shape): Promise<string[]> {
  const sids: string[] = []
  while (sids.length < count) sids.push(await storeNew(store, shape, sids.length))
  return sids
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Empty if there is no redis-server to measure with. */
export async function run(quick: boolean): Promise<Partial<Awaited<ReturnType<typeof measure>>>> {
  const servers: Partial<Record<SharedName, RedisServer>> = {}
  if (!hasRedis()) return {}
  for (const store of SHARED_NAMES) servers[store] = await RedisServer.start()
  return withChildren(SHARED_NAMES, import.meta.url, (ones) =>
    withChildren(SHARED_NAMES, import.meta.url, (others) =>
      withChildren(SHARED_NAMES, import.meta.url, (writers) =>
        measure(servers as Record<SharedName, RedisServer>, ones, others, writers, quick),
      ),
    ),
  ).finally(() => {
    for (const server of Object.values(servers)) server.end()
  })
}

/** Two processes with each store, in front of a Redis of their own, and one that writes what another is to read first. */
async function measure(
  servers: Readonly<Record<SharedName, RedisServer>>,
  ones: Children<SharedName>,
  others: Children<SharedName>,
  writers: Children<SharedName>,
  quick: boolean,
) {
  const [rounds, changes, count] = quick ? [1, 30, 640] : [7, 1000, 10_000]
  const inTurn = async <Figure>(take: (store: SharedName) => Promise<Figure>) => {
    // Before the first counts, each process has done it once.
    await byTurns(SHARED_NAMES, 1, take)
    return byTurns(SHARED_NAMES, rounds, take)
  }
  const asked = async (operation: Operation) =>
    mapValues(await inTurn((store) => ones[store].ask(ask, { operation, count })), medians)
  const firstReads = async (count: number, characters: number) => {
    const reads = await inTurn(async (store) => {
      const sharing = { store, port: servers[store].port }
      const sids = await writers[store].ask(write, { ...sharing, count, characters })
      return ones[store].ask(readFirst, sids)
    })
    return mapValues(reads, median)
  }
  const open = async (children: Children<SharedName>, sids: (of: SharedName) => Sids) => {
    const opened = await byTurns(SHARED_NAMES, 1, (store) =>
      children[store].ask(share, { store, port: servers[store].port, sids: sids(store) }),
    )
    return mapValues(opened, ([sids]) => sids ?? [])
  }
  const sids = await open(ones, () => SESSIONS)
  const get = await asked('get')
  const read = await asked('read request')
  const save = await asked('set again')
  const first = await firstReads(count / 2, TYPICAL.characters)
  const firstLarge = await firstReads(count / 10, LARGE)
  // Only now: Redis tells the other process of every save, which takes its time too.
  await open(others, (store) => sids[store])
  const bothAsk = (store: SharedName, count: number) =>
    Promise.all(
      [ones, others].map((of) => of[store].ask(ask, { operation: 'read request', count })),
    )
  const two = await inTurn(async (store) => {
    const rates = await bothAsk(store, count)
    return rates.reduce((sum, { perSecond }) => sum + perSecond, 0)
  })
  const commands = await byTurns(SHARED_NAMES, 1, async (store) => {
    const before = await servers[store].commands()
    await bothAsk(store, count * rounds)
    // `ask` does a tenth of them once more, one by one.
    return (((await servers[store].commands()) - before) * 1000) / (2 * count * rounds * 1.1)
  })
  const lags = await byTurns(SHARED_NAMES, 1, async (store) => {
    const seeing = others[store].ask(see, changes)
    const changed = await ones[store].ask(change, changes)
    const seen = await seeing
    const ms = changed.map((at, i) => Math.max(0, (seen[i] as number) - at))
    return { p50: median(ms), p99: quantile(ms, 0.99) }
  })
  return mapValues(get, (of, store) => ({
    ...{ get: of, read: read[store], save: save[store] },
    ...{ first: first[store], firstLarge: firstLarge[store], two: median(two[store]) },
    ...{ commands: median(commands[store]), lag: medians(lags[store]) },
  }))
}

export function tables(figures: RedisFigures): Table[] {
  const title = 'Several processes: sessions in Redis'
  const of = Object.values(figures)
  if (of.length === 0) {
    return [{ title, note: 'Left out: redis-server is not installed here.', head: [], rows: [] }]
  }
  const both = ({ p50, p99 }: Pick<Rate, 'p50' | 'p99'>) => `${digits(p50)} / ${digits(p99)}`
  const rows: [string, (of: SharedFigures) => string][] = [
    ['`get`, one at a time: µs p50 / p99', ({ get }) => both(get)],
    ['`get`, 64 at a time: per second', ({ get }) => whole(get.perSecond)],
    ['read request, one at a time: µs p50 / p99', ({ read }) => both(read)],
    ['read requests, 64 at a time: per second', ({ read }) => whole(read.perSecond)],
    ['the same of two processes', ({ two }) => whole(two)],
    ['Redis commands per 1,000 of them', ({ commands }) => digits(commands)],
    ['saves, one at a time: µs p50 / p99', ({ save }) => both(save)],
    ['saves, 64 at a time: per second', ({ save }) => whole(save.perSecond)],
    ['first reads in a process, 64 at a time: per second', ({ first }) => whole(first)],
    ['the same of sessions of 50 KB', ({ firstLarge }) => whole(firstLarge)],
    ["another process' change, seen after: ms p50 / p99", ({ lag }) => both(lag)],
  ]
  const note = `${SESSIONS} sessions that all are in use, signed in; Redis on the same machine, node-redis 6 for all. A read request is \`get\`, \`createSession\`, \`touch\`. lembro pings Redis twice a second and tells it each second what was read: that is what is left of its commands.`
  const head = ['', ...Object.keys(figures)]
  return [{ title, note, head, rows: rows.map(([what, show]) => [what, ...of.map(show)]) }]
}
