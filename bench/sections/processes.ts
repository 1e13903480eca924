/** Sessions that several processes share, on a file or through Redis: reads, saves, and a logout elsewhere. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { byTurns, type Children, withChildren } from '../child.js'
import { digits, mapValues, median, medians, quantile, type Table, whole } from '../figures.js'
import { type Home, open, withFile } from '../homes.js'
import * as ops from '../operations.js'
import { hasRedis, type RedisServer, startRedis } from '../redis-server.js'
import { type Live, type Shape, shapeOf, sidOfRequest, TYPICAL } from '../sessions.js'

const OVER_REDIS = ['lembro/redis', 'connect-redis', 'connect-redis, cached'] as const
const ON_A_FILE = ['lembro/sqlite', 'better-sqlite3-session-store', 'session-file-store'] as const
type Sharer = (typeof OVER_REDIS)[number] | (typeof ON_A_FILE)[number]
export type ProcessFigures = Awaited<ReturnType<typeof run>>

/** The hot set. */
const SESSIONS = 1000
const IN_FLIGHT = 64
const LARGE = shapeOf(50_000)
const LOGOUTS = 100

let population: ops.Population
let loaded: Live[] = []

const OPERATIONS = { read: ops.OPERATIONS['read request'], save: ops.OPERATIONS['set again'] }

/** Opens the store of this process, on those sessions or on new ones, and meets every session once. Gives their ids. */
export async function share(input: { sharer: Sharer; home: Home; sids?: readonly string[] }) {
  const store = await open(input.sharer, input.home)
  population = { store, shape: TYPICAL, sids: [], added: [] }
  const sids = input.sids ?? (await storeFresh({ count: SESSIONS, shape: TYPICAL }))
  population = { ...population, sids }
  for (const sid of sids) await ops.load(store, sidOfRequest(sid))
  return sids
}

/** Stores new sessions, which no other process has met. Gives their ids. */
export async function storeFresh({ count, shape }: { count: number; shape: Shape }) {
  const sids: string[] = []
  while (sids.length < count) sids.push(await ops.storeNew(population.store, shape, sids.length))
  return sids
}

/** Operations per second, so many at once, for so many ms; then the µs of one alone. */
export async function ask(input: { operation: keyof typeof OPERATIONS; ms: number }) {
  const prepare = OPERATIONS[input.operation]
  const many: number[] = []
  for (const end = performance.now() + input.ms; performance.now() < end; ) {
    many.push(await ops.timedTogether(population, prepare, IN_FLIGHT))
    // As between requests: some of the stores call back at once.
    await nextTurn()
  }
  const alone: number[] = []
  for (let i = 0; i < Math.min(500, many.length * 4); i++) {
    alone.push((await ops.timedTogether(population, prepare, 1)) / 1000)
  }
  const operations = many.length * IN_FLIGHT + alone.length
  const [p50, p99] = [median(alone), quantile(alone, 0.99)]
  return { perSecond: 1e9 / median(many), p50, p99, operations }
}

/** Reads per second of sessions that this process has never met, so many at once. */
export async function readFirst(sids: readonly string[]) {
  let ns = 0
  for (let done = 0; done < sids.length; done += IN_FLIGHT) {
    const some = sids.slice(done, done + IN_FLIGHT)
    ns += await ops.timed(
      some.map((sid) => ops.OPERATIONS.get({ ...population, sids: [sid] }) as ops.Step),
    )
  }
  return (sids.length * 1e9) / ns
}

/** Loads sessions, as slow requests do. */
export async function begin(sids: readonly string[]): Promise<void> {
  loaded = await Promise.all(sids.map((sid) => ops.load(population.store, sid)))
}

export async function logOut(sids: readonly string[]): Promise<void> {
  for (const sid of sids) await ops.called((done) => population.store.destroy(sid, done))
}

/** Saves what it has loaded. Gives how many of those sessions are there afterwards. */
export async function end(): Promise<number> {
  const { store } = population
  for (const live of loaded) await ops.called((done) => store.set(live.id, live, () => done()))
  const there = loaded.map(({ id }) => ops.load(store, id))
  return (await Promise.allSettled(there)).filter(({ status }) => status === 'fulfilled').length
}

export async function run(quick: boolean) {
  const sharers: Sharer[] = [...(hasRedis ? OVER_REDIS : []), ...ON_A_FILE]
  const servers: Partial<Record<Sharer, RedisServer>> = {}
  for (const name of hasRedis ? OVER_REDIS : []) servers[name] = await startRedis()
  return withFile((file) =>
    withChildren(sharers, import.meta.url, (ones) =>
      withChildren(sharers, import.meta.url, (others) =>
        measure(sharers, servers, ones, others, file, quick),
      ),
    ),
  ).finally(() => {
    for (const server of Object.values(servers)) server.end()
  })
}

/** Two processes with each store, in front of a file or a Redis of their own. */
async function measure(
  sharers: readonly Sharer[],
  servers: Readonly<Partial<Record<Sharer, RedisServer>>>,
  ones: Children<Sharer>,
  others: Children<Sharer>,
  file: string,
  quick: boolean,
) {
  const { rounds, ms, firsts } = quick
    ? { rounds: 1, ms: 60, firsts: 64 }
    : { rounds: 3, ms: 400, firsts: 1920 }
  const once = <Figure>(take: (sharer: Sharer) => Promise<Figure>) =>
    byTurns(sharers, 1, take).then((figures) => mapValues(figures, ([figure]) => figure as Figure))
  const inTurn = async <Figure>(take: (sharer: Sharer) => Promise<Figure>) => {
    // Before the first counts, each process has done it once.
    if (!quick) await once(take)
    return byTurns(sharers, rounds, take)
  }
  const asked = async (operation: keyof typeof OPERATIONS) =>
    mapValues(await inTurn((sharer) => ones[sharer].ask(ask, { operation, ms })), medians)
  const homes = mapValues(ones, (_, sharer) => ({
    file: `${file}-${sharer.replace('/', '-')}`,
    port: servers[sharer]?.port ?? 0,
  }))
  const sids = await once((sharer) => ones[sharer].ask(share, { sharer, home: homes[sharer] }))
  const [read, save] = [await asked('read'), await asked('save')]
  // Only now: the other process hears of every save, which takes its time too.
  await once((sharer) =>
    others[sharer].ask(share, { sharer, home: homes[sharer], sids: sids[sharer] }),
  )
  const firstReads = async (shape: Shape, count: number) => {
    const rates = await inTurn(async (sharer) => {
      const sids = await others[sharer].ask(storeFresh, { count, shape })
      return ones[sharer].ask(readFirst, sids)
    })
    return mapValues(rates, median)
  }
  const first = await firstReads(TYPICAL, firsts)
  const large = await firstReads(LARGE, firsts / 8)
  const reading = { operation: 'read', ms: 2 * ms } as const
  const two = await inTurn(async (sharer) => {
    const before = await servers[sharer]?.commands()
    const both = [ones[sharer].ask(ask, reading), others[sharer].ask(ask, reading)] as const
    const [one, other] = await Promise.all(both)
    const commands = ((await servers[sharer]?.commands()) ?? Number.NaN) - (before ?? Number.NaN)
    return {
      perSecond: one.perSecond + other.perSecond,
      commands: (commands * 1000) / (one.operations + other.operations),
    }
  })
  const undone = await once(async (sharer) => {
    const slow = sids[sharer].slice(0, LOGOUTS)
    await ones[sharer].ask(begin, slow)
    await others[sharer].ask(logOut, slow)
    return ones[sharer].ask(end, undefined)
  })
  return mapValues(read, (read, sharer) => ({
    ...{ read, save: save[sharer], first: first[sharer], large: large[sharer] },
    ...{ two: medians(two[sharer]), undone: undone[sharer] },
  }))
}

export function show(figures: ProcessFigures): Table {
  const both = ({ p50, p99 }: Readonly<Record<'p50' | 'p99', number>>) =>
    `${digits(p50)} / ${digits(p99)}`
  const rows: [string, (of: ProcessFigures[Sharer]) => string][] = [
    ['read request, one at a time: µs p50 / p99', ({ read }) => both(read)],
    [`read requests, ${IN_FLIGHT} at a time: per second`, ({ read }) => whole(read.perSecond)],
    ['the same of two processes', ({ two }) => whole(two.perSecond)],
    ['Redis commands per 1,000 of them', ({ two }) => digits(two.commands)],
    ['first reads in a process: per second', ({ first }) => whole(first)],
    ['the same of sessions of 50 KB', ({ large }) => whole(large)],
    ['saves, one at a time: µs p50 / p99', ({ save }) => both(save)],
    [`saves, ${IN_FLIGHT} at a time: per second`, ({ save }) => whole(save.perSecond)],
    [`of ${LOGOUTS} logouts, undone by a slow request elsewhere`, ({ undone }) => whole(undone)],
  ]
  return {
    title: 'Several processes that share their sessions',
    note: `${SESSIONS} signed-in sessions that all are in use, two processes. connect-redis is left out where redis-server is not installed; it is on the same machine, with node-redis 6 for all. A logout is undone if a request that had begun in another process brings the session back. better-sqlite3-session-store runs on \`@photostructure/sqlite\`.`,
    head: ['', ...Object.keys(figures)],
    rows: rows.map(([what, show]) => [what, ...Object.values(figures).map(show)]),
  }
}
