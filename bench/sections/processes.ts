/** Sessions that several processes of one machine share without a server: reads, saves, a logout elsewhere and a kill, beside connect-redis. */

import fs from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { Child } from '../child.js'
import { digits, quantile, type Table, whole } from '../figures.js'
import {
  called,
  load,
  nextTurn,
  OPERATIONS,
  type Population,
  type Prepare,
  type Step,
  timedInBatches,
} from '../operations.js'
import { after, pace, withFile } from '../savers.js'
import { type Live, newSession, newSid, TYPICAL } from '../sessions.js'
import { RedisServer } from '../shared.js'
import { isInstalled, open, SHARERS, type Sharer } from '../sharers.js'

const PROCESSES = 4
const SESSIONS = 500
const SAVES_A_SECOND = 200
/** Saves that a process has under way when it saves as fast as it can. */
const AT_ONCE = 16
const LOGOUTS = 100
const NS_IN_MS = 1e6
/** A delay is only seen from one turn of the histogram's own timer to the next. */
const UNTIL_SEEN_MS = 20

type Pair = readonly [p50: number, p99: number]

interface Load {
  /** ms until a save was acknowledged, at a steady pace. */
  readonly times: readonly number[]
  /** Saves. */
  readonly perSecond: number
  readonly failed: number
  /** ms by which the event loop was late: 99 of a hundred, and at worst. */
  readonly delay: Pair
}

export interface StoreFigures {
  /** µs of one at a time, in one process. */
  readonly get: Pair
  readonly set: Pair
  /** All processes at a steady pace, and as fast as they can. */
  readonly paced: ReturnType<typeof together>
  readonly full: ReturnType<typeof together>
  /** Of {@link LOGOUTS} logouts, those that the save of a slow request in another process undid. */
  readonly undone: number
  /** Of the saves that a killed process had acknowledged: all, and those that were lost. */
  readonly killed: { readonly acknowledged: number; readonly lost: number }
}

let population: Population
let loaded: Live[] = []

export const tasks = {
  /** Opens the store, and fills it unless there are sessions. */
  async share(input: { name: Sharer; file: string; port: number; sids?: readonly string[] }) {
    const store = await open(input.name, input.file, input.port)
    const sids = input.sids ?? Array.from({ length: SESSIONS }, newSid)
    population = { store, shape: TYPICAL, sids, added: [] }
    if (input.sids === undefined) {
      for (const [n, sid] of sids.entries()) {
        await called((done) => store.set(sid, newSession(store, sid, TYPICAL, n), done))
      }
    }
    return sids
  },

  async alone(input: { operation: 'get' | 'set again'; count: number }): Promise<Pair> {
    const us: number[] = []
    for (let n = 0; n < input.count; n++) {
      us.push((await timedInBatches(population, OPERATIONS[input.operation], 1, 1)) / 1000)
    }
    return [quantile(us, 0.5), quantile(us, 0.99)]
  },

  /** Saves sessions for so long: so many a second, or as many as it can. */
  async save({ ms, perSecond }: { ms: number; perSecond: number | undefined }): Promise<Load> {
    let [saved, failed] = [0, 0]
    const prepare: Prepare = async (of) => {
      const step = await OPERATIONS['set again'](of).catch(
        (error): Step =>
          (done) =>
            done(error),
      )
      return (done) =>
        step((error) => {
          if (error) failed++
          else saved++
          done()
        })
    }
    const histogram = monitorEventLoopDelay({ resolution: 1 })
    histogram.enable()
    await setTimeout(UNTIL_SEEN_MS)
    const isOver = after(ms)
    let times: number[] = []
    if (perSecond !== undefined) times = await pace(population, [prepare], perSecond, isOver)
    while (!isOver()) {
      await timedInBatches(population, prepare, AT_ONCE, AT_ONCE)
      // As between requests: some of the stores call back at once.
      await nextTurn()
    }
    await setTimeout(UNTIL_SEEN_MS)
    histogram.disable()
    const delay = [histogram.percentile(99) / NS_IN_MS, histogram.max / NS_IN_MS] as const
    return { times, perSecond: (saved * 1000) / ms, failed, delay }
  },

  /** Loads sessions, as slow requests do. */
  async begin(sids: readonly string[]): Promise<void> {
    loaded = await Promise.all(sids.map((sid) => load(population.store, sid)))
  },

  /** Saves what it has loaded. Gives how many of those sessions are there afterwards. */
  async end(): Promise<number> {
    const { store } = population
    for (const live of loaded) {
      live.views = -1
      await called((done) => store.set(live.id, live, () => done()))
    }
    const there = await Promise.all(loaded.map(({ id }) => isThere(id)))
    return there.filter(Boolean).length
  },

  async logOut(sids: readonly string[]): Promise<void> {
    for (const sid of sids) await called((done) => population.store.destroy(sid, done))
  },

  /** Stores new sessions from now on until it is killed, and writes down which were acknowledged. */
  dieSaving(log: string): void {
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
  },

  /** Of what is written down there: all, and those that are not in the store. */
  async lost(log: string) {
    const sids = fs.readFileSync(log, 'utf8').split('\n').slice(0, -1)
    let lost = 0
    for (const sid of sids) if (!(await isThere(sid))) lost++
    return { acknowledged: sids.length, lost }
  },
}

function isThere(sid: string): Promise<boolean> {
  const { store } = population
  return new Promise((resolve) => store.get(sid, (_error, data) => resolve(Boolean(data))))
}

/** Empty for what is not installed here. */
export type ProcessFigures = Readonly<Partial<Record<Sharer, StoreFigures>>>

export async function run(quick: boolean): Promise<ProcessFigures> {
  const figures: Partial<Record<Sharer, StoreFigures>> = {}
  for (const name of SHARERS) {
    if (isInstalled(name)) figures[name] = await withFile((file) => measure(name, file, quick))
  }
  return figures
}

async function measure(name: Sharer, file: string, quick: boolean): Promise<StoreFigures> {
  const server = name === 'connect-redis' ? await RedisServer.start() : undefined
  const children = Array.from({ length: PROCESSES }, () => new Child<typeof tasks>(import.meta.url))
  const [one, other] = children as [Child<typeof tasks>, Child<typeof tasks>]
  const [ms, count] = quick ? [300, 100] : [5000, 5000]
  try {
    const shared = { name, file, port: server?.port ?? 0 }
    const sids = await one.ask('share', shared)
    for (const each of children.slice(1)) await each.ask('share', { ...shared, sids })
    const get = await one.ask('alone', { operation: 'get', count })
    const set = await one.ask('alone', { operation: 'set again', count })
    const save = (perSecond?: number) =>
      Promise.all(children.map((each) => each.ask('save', { ms, perSecond })))
    const paced = together(await save(SAVES_A_SECOND))
    const full = together(await save())
    const leaving = sids.slice(0, LOGOUTS)
    await one.ask('begin', leaving)
    await other.ask('logOut', leaving)
    const undone = await one.ask('end', undefined)
    await one.ask('dieSaving', `${file}-log`)
    await setTimeout(ms / 4)
    await one.kill()
    const killed = await other.ask('lost', `${file}-log`)
    return { get, set, paced, full, undone, killed }
  } finally {
    await Promise.all(children.map((each) => each.kill()))
    server?.end()
  }
}

function together(loads: readonly Load[]) {
  const times = loads.flatMap((each) => each.times)
  const sum = (of: 'failed' | 'perSecond') => loads.reduce((all, each) => all + each[of], 0)
  const worst = (nth: 0 | 1) => Math.max(...loads.map(({ delay }) => delay[nth]))
  return {
    ...{ failed: sum('failed'), perSecond: sum('perSecond') },
    acknowledged: [quantile(times, 0.5), quantile(times, 0.99)] as const,
    delay: [worst(0), worst(1)] as const,
  }
}

export function tables(figures: ProcessFigures): Table[] {
  const pair = ([one, other]: Pair) => `${digits(one)} / ${digits(other)}`
  const rows: [string, (of: StoreFigures) => string][] = [
    ['`get`, one at a time: µs p50 / p99', ({ get }) => pair(get)],
    ['a save, one at a time: µs p50 / p99', ({ set }) => pair(set)],
    [
      `${PROCESSES} x ${SAVES_A_SECOND} saves a second: ms p50 / p99`,
      ({ paced }) => pair(paced.acknowledged),
    ],
    ['event loop late meanwhile: ms p99 / longest', ({ paced }) => pair(paced.delay)],
    ['saves a second, as many as they can', ({ full }) => whole(full.perSecond)],
    ['event loop late meanwhile: ms p99 / longest', ({ full }) => pair(full.delay)],
    ['saves that failed', ({ paced, full }) => whole(paced.failed + full.failed)],
    [`of ${LOGOUTS} logouts, undone by a slow request elsewhere`, ({ undone }) => whole(undone)],
    ['saves that a killed process had acknowledged', ({ killed }) => whole(killed.acknowledged)],
    ['lost of these', ({ killed }) => whole(killed.lost)],
  ]
  const of = Object.values(figures)
  return [
    {
      title: 'Several processes of one machine, without a server',
      note: `${SESSIONS} signed-in sessions that ${PROCESSES} processes share; what is late is that of the worst of them. A logout is undone if the save of a request that had begun in another process brings the session back. connect-redis needs a server: it is here to compare. connect-sqlite3 is left out where the binary of \`sqlite3\` is not installed. better-sqlite3-session-store waits for the lock on the main thread, with \`@photostructure/sqlite\` for five seconds at most, as better-sqlite3 does.`,
      head: ['', ...Object.keys(figures)],
      rows: rows.map(([what, show]) => [what, ...of.map(show)]),
    },
  ]
}
