/** Sessions that several processes of one machine share without a server: reads, saves, a logout elsewhere and a kill, beside connect-redis. */

import fs from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Child } from '../child.js'
import { digits, quantile, type Table, whole } from '../figures.js'
import * as ops from '../operations.js'
import { after, pace, watchDelay, withFile } from '../savers.js'
import { type Live, newSession, newSid, TYPICAL } from '../sessions.js'
import { RedisServer } from '../shared.js'
import { open, type Sharer, sharers } from '../sharers.js'

export type ProcessFigures = Awaited<ReturnType<typeof run>>
type StoreFigures = Awaited<ReturnType<typeof measure>>
type Load = Awaited<ReturnType<typeof save>>
type Pair = readonly [number, number]

const PROCESSES = 4
const SESSIONS = 500
const SAVES_A_SECOND = 200
/** Saves that a process has under way when it saves as fast as it can. */
const AT_ONCE = 16
const LOGOUTS = 100

let population: ops.Population
let loaded: Live[] = []

/** Opens the store of this process, on those sessions or on new ones. Gives their ids. */
export async function share(input: { name: Sharer; file: string; port: number; sids?: string[] }) {
  const store = await open(input.name, input.file, input.port)
  const { sids = [] } = input
  while (sids.length < SESSIONS) sids.push(await ops.storeNew(store, TYPICAL, sids.length))
  population = { store, shape: TYPICAL, sids, added: [] }
  return sids
}

/** The µs of one operation at a time: p50 and p99. */
export async function alone(input: { operation: 'get' | 'set again'; count: number }) {
  const prepare = ops.OPERATIONS[input.operation]
  const us: number[] = []
  for (let n = 0; n < input.count; n++) {
    us.push((await ops.timedInBatches(population, prepare, 1, 1)) / 1000)
  }
  return [quantile(us, 0.5), quantile(us, 0.99)] as const
}

/** Saves sessions for so long: so many a second, or as many as it can. In ms: until each was acknowledged at that pace, and how late the event loop was. */
export async function save({ ms, perSecond }: { ms: number; perSecond: number | undefined }) {
  let [saved, failed] = [0, 0]
  const prepare: ops.Prepare = async (of) => {
    const failing =
      (error: unknown): ops.Step =>
      (done) =>
        done(error)
    const step = await ops.OPERATIONS['set again'](of).catch(failing)
    return (done) =>
      step((error) => {
        if (error) failed++
        else saved++
        done()
      })
  }
  const delay = watchDelay()
  const isOver = after(ms)
  const times = perSecond === undefined ? [] : await pace(population, [prepare], perSecond, isOver)
  while (!isOver()) {
    await ops.timedInBatches(population, prepare, AT_ONCE, AT_ONCE)
    // As between requests: some of the stores call back at once.
    await ops.nextTurn()
  }
  return { times, perSecond: (saved * 1000) / ms, failed, ...(await delay()) }
}

/** Loads sessions, as slow requests do. */
export async function begin(sids: readonly string[]): Promise<void> {
  loaded = await Promise.all(sids.map((sid) => ops.load(population.store, sid)))
}

/** Saves what it has loaded. Gives how many of those sessions are there afterwards. */
export async function end(): Promise<number> {
  const { store } = population
  const save = (live: Live) => ops.called((done) => store.set(live.id, live, () => done()))
  for (const live of loaded) await save(live)
  return (await there(loaded.map(({ id }) => id))).length
}

export async function logOut(sids: readonly string[]): Promise<void> {
  for (const sid of sids) await ops.called((done) => population.store.destroy(sid, done))
}

/** Stores new sessions from now on until it is killed, and writes down which were acknowledged. */
export function saveAndDie(log: string): void {
  const { store } = population
  const file = fs.openSync(log, 'w')
  const next = () => {
    const sid = newSid()
    store.set(sid, newSession(store, sid, TYPICAL, 0), (error) => {
      if (!error) fs.writeSync(file, `${sid}\n`)
      setImmediate(next)
    })
  }
  for (let n = 0; n < AT_ONCE; n++) next()
}

/** How many saves are written down there, and of how many there is nothing. */
export async function lost(log: string): Promise<Pair> {
  const sids = fs.readFileSync(log, 'utf8').split('\n').slice(0, -1)
  return [sids.length, sids.length - (await there(sids)).length]
}

async function there(sids: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const sid of sids)
    await ops.load(population.store, sid).then(
      () => found.push(sid),
      () => 0,
    )
  return found
}

export async function run(quick: boolean) {
  const figures: Partial<Record<Sharer, StoreFigures>> = {}
  for (const name of await sharers()) {
    figures[name] = await withFile((file) => measure(name, file, quick))
  }
  return figures
}

async function measure(name: Sharer, file: string, quick: boolean) {
  const server = name === 'connect-redis' ? await RedisServer.start() : undefined
  const children = Array.from({ length: PROCESSES }, () => new Child(import.meta.url))
  const [one, other] = children as [Child, Child]
  const [ms, count] = quick ? [300, 100] : [3000, 2000]
  const together = async (perSecond?: number) =>
    addedUp(await Promise.all(children.map((each) => each.ask(save, { ms, perSecond }))))
  try {
    const shared = { name, file, port: server?.port ?? 0 }
    const sids = await one.ask(share, shared)
    for (const each of children.slice(1)) await each.ask(share, { ...shared, sids })
    const get = await one.ask(alone, { operation: 'get', count })
    const set = await one.ask(alone, { operation: 'set again', count })
    const paced = await together(SAVES_A_SECOND)
    const full = await together()
    await one.ask(begin, sids.slice(0, LOGOUTS))
    await other.ask(logOut, sids.slice(0, LOGOUTS))
    const undone = await one.ask(end, undefined)
    await one.ask(saveAndDie, `${file}-log`)
    await setTimeout(ms / 4)
    await one.kill()
    return { get, set, paced, full, undone, killed: await other.ask(lost, `${file}-log`) }
  } finally {
    await Promise.all(children.map((each) => each.kill()))
    server?.end()
  }
}

/** What several processes did at the same time; what is late is that of the worst of them. */
function addedUp(loads: readonly Load[]) {
  const times = loads.flatMap((each) => each.times)
  const sum = (of: 'failed' | 'perSecond') => loads.reduce((all, each) => all + each[of], 0)
  const worst = (of: 'p99' | 'longest') => Math.max(...loads.map((each) => each[of]))
  return {
    ...{ failed: sum('failed'), perSecond: sum('perSecond') },
    acknowledged: [quantile(times, 0.5), quantile(times, 0.99)] as const,
    delay: [worst('p99'), worst('longest')] as const,
  }
}

export function tables(figures: ProcessFigures): Table[] {
  const pair = ([one, other]: Pair) => `${digits(one)} / ${digits(other)}`
  const rows: [string, (of: StoreFigures) => string][] = [
    ['`get`, one at a time: µs p50 / p99', ({ get }) => pair(get)],
    ['a save, one at a time: µs p50 / p99', ({ set }) => pair(set)],
    ['saves at a steady pace: ms p50 / p99', ({ paced }) => pair(paced.acknowledged)],
    ['event loop late meanwhile: ms p99 / longest', ({ paced }) => pair(paced.delay)],
    ['as many saves as they can: per second', ({ full }) => whole(full.perSecond)],
    ['event loop late meanwhile: ms p99 / longest', ({ full }) => pair(full.delay)],
    ['saves that failed', ({ paced, full }) => whole(paced.failed + full.failed)],
    [`of ${LOGOUTS} logouts, undone by a slow request elsewhere`, ({ undone }) => whole(undone)],
    ['saves that a killed process had acknowledged', ({ killed }) => whole(killed[0])],
    ['lost of these', ({ killed }) => whole(killed[1])],
  ]
  return [
    {
      title: 'Several processes of one machine, without a server',
      note: `${SESSIONS} signed-in sessions that ${PROCESSES} processes share. The steady pace is ${SAVES_A_SECOND} saves a second of each process. What is late is that of the worst of them. A logout is undone if a request that had begun in another process brings the session back. connect-redis needs a server: it is here to compare. connect-sqlite3 is measured once \`npm install --no-save connect-sqlite3@0.9.16\` has built its binary. better-sqlite3-session-store runs on \`@photostructure/sqlite\`.`,
      head: ['', ...Object.keys(figures)],
      rows: rows.map(([what, show]) => [what, ...Object.values(figures).map(show)]),
    },
  ]
}
