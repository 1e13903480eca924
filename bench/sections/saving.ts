/** What it costs to save: operations a second, how soon each is acknowledged, and what the event loop waits. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { byTurns, withChild } from '../child.js'
import {
  count,
  digits,
  median,
  milliseconds,
  quantile,
  spreadOf,
  type Table,
  whole,
} from '../figures.js'
import { fill, OPERATIONS, type Population, setNewOwner, timedInBatches } from '../operations.js'
import {
  after,
  open,
  openLembro,
  pace,
  SAVERS,
  SAVINGS,
  type Saver,
  type Saving,
  withFile,
} from '../savers.js'
import { TYPICAL } from '../sessions.js'
import { ratio } from './operations.js'

/** Per second. */
interface Rates {
  readonly sets: number
  readonly touches: number
}

/** Of operations at a steady pace, in ms: how late the event loop was, and until each was acknowledged. */
const PACED = [
  'delay, p99',
  'delay, longest',
  'acknowledged, p99',
  'acknowledged, longest',
] as const
type Paced = Readonly<Record<(typeof PACED)[number], number>>

export interface SavingFigures {
  readonly rates: Readonly<Record<Saving, Rates & Paced>>
  readonly peers: Readonly<Record<Saver, Rates>>
  readonly sessions: number
  /** The full store, without a file and with one. */
  readonly full: Readonly<Record<'without `saveFile`' | '`saveFile`', Paced>>
  readonly spread: number
}

const OPERATIONS_A_SECOND = 4000
const IN_FLIGHT = 500
/** ms between two saves of express-memfilestore. */
const MEMFILE_PERIOD = 1000
const NS_IN_MS = 1e6
/** A delay is only seen by the next turn of the histogram's own timer. */
const UNTIL_SEEN_MS = 20

let full: Population | undefined

export const tasks = {
  /** On a new file: as many sets of new sessions as it is told, as many touches of them, then both at a steady pace. */
  async rate(input: { saving: Saving; file: string; operations: number; seconds: number }) {
    const store = await openLembro(input.saving, input.file)
    const sids: string[] = []
    const population: Population = { store, shape: TYPICAL, sids, added: sids }
    await ratesOf(population, Math.min(10_000, input.operations))
    const rates = await ratesOf(population, input.operations)
    const paced = await pacedFor(population, input.seconds)
    await store.close()
    return { ...rates, ...paced }
  },

  /** On a new file of one of the stores, as often as a second allows. */
  async peer(input: { saver: Saver; file: string; operations: number; seconds: number }) {
    const store = await open(input.saver, input.file, MEMFILE_PERIOD)
    const sids: string[] = []
    const population: Population = { store, shape: TYPICAL, sids, added: sids }
    const isOver = after(input.seconds * 1000)
    const rates: Rates[] = []
    while (!isOver()) rates.push(await ratesOf(population, input.operations))
    const middle = (of: keyof Rates) =>
      1 / (rates.reduce((sum, r) => sum + 1 / r[of], 0) / rates.length)
    return { sets: middle('sets'), touches: middle('touches') }
  },

  /** Opens a new file and fills the store with typical sessions. */
  async fill(input: { saving: Saving; file: string; sessions: number }): Promise<void> {
    const store = await openLembro(input.saving, input.file)
    const sids = await fill(store, TYPICAL, input.sessions)
    full = { store, shape: TYPICAL, sids, added: [] }
    if (store.stats().save !== undefined) await store.save()
  },

  async paced(seconds: number): Promise<Paced> {
    if (full === undefined) throw new Error('there is no full store yet')
    await pacedFor(full, Math.min(1, seconds))
    return pacedFor(full, seconds)
  },
}

async function ratesOf(population: Population, operations: number): Promise<Rates> {
  const sets = 1e9 / (await timedInBatches(population, setNewOwner, operations, IN_FLIGHT))
  const touches = 1e9 / (await timedInBatches(population, OPERATIONS.touch, operations, IN_FLIGHT))
  return { sets, touches }
}

/** Half sets, half touches at a steady pace, for that long. */
async function pacedFor(population: Population, seconds: number): Promise<Paced> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const operations = [OPERATIONS['set again'], OPERATIONS.touch] as const
  const times = await pace(population, operations, OPERATIONS_A_SECOND, after(seconds * 1000))
  await setTimeout(UNTIL_SEEN_MS)
  histogram.disable()
  return {
    'delay, p99': histogram.percentile(99) / NS_IN_MS,
    'delay, longest': histogram.max / NS_IN_MS,
    'acknowledged, p99': quantile(times, 0.99),
    'acknowledged, longest': times.reduce((most, ms) => Math.max(most, ms), 0),
  }
}

export async function run(quick: boolean): Promise<SavingFigures> {
  const sessions = quick ? 20_000 : 1_000_000
  const operations = quick ? 5000 : 50_000
  const seconds = quick ? 0.5 : 2
  const inFile = <Result>(use: (file: string, child: ChildOf) => Promise<Result>) =>
    withFile((file) =>
      withChild<typeof tasks, Result>(import.meta.url, (child) => use(file, child)),
    )
  const savings = Object.keys(SAVINGS) as Saving[]
  const rated = await byTurns(savings, quick ? 1 : 3, (saving) =>
    inFile((file, child) => child.ask('rate', { saving, file, operations, seconds })),
  )
  const peers = await byTurns(SAVERS, 1, (saver) =>
    inFile((file, child) => child.ask('peer', { saver, file, operations: IN_FLIGHT, seconds })),
  )
  const paced = await byTurns(['without `saveFile`', '`saveFile`'] as const, 1, (saving) =>
    inFile(async (file, child) => {
      await child.ask('fill', { saving, file, sessions })
      return child.ask('paced', quick ? 1 : 12)
    }),
  )
  return {
    rates: middles(rated),
    peers: middles(peers),
    sessions,
    full: middles(paced),
    spread: spreadOf(rated['without `saveFile`'].map(({ sets }) => sets)),
  }
}

type ChildOf = Parameters<Parameters<typeof withChild<typeof tasks, unknown>>[1]>[0]

/** The median of each figure. */
function middles<Name extends string, Of extends object>(
  runs: Readonly<Record<Name, readonly Of[]>>,
): Record<Name, Of> {
  const named = Object.entries<readonly Of[]>(runs).map(([name, of]) => {
    const keys = Object.keys(of[0] ?? {}) as (keyof Of)[]
    return [
      name,
      Object.fromEntries(keys.map((key) => [key, median(of.map((run) => Number(run[key])))])),
    ]
  })
  return Object.fromEntries(named)
}

export function tables({ rates, peers, sessions, full, spread }: SavingFigures): Table[] {
  const beside = (rate: number, other: number) => `${whole(rate)} (${digits(ratio(rate, other))})`
  const plain = rates['without `saveFile`']
  return [
    {
      title: 'Saving: sets and touches per second',
      note: `Typical sessions on a new file in the system's temporary folder, ${IN_FLIGHT} operations in flight until all are acknowledged; the checkpoints are part of it. In brackets: the share of what lembro does without a file. The last column: the time until an operation is acknowledged when ${whole(OPERATIONS_A_SECOND)} a second come at a steady pace.`,
      head: ['', 'sets', 'touches', 'acknowledged, p99'],
      rows: Object.entries(rates).map(([saving, of]) => [
        ...[saving, beside(of.sets, plain.sets), beside(of.touches, plain.touches)],
        milliseconds(of['acknowledged, p99']),
      ]),
      spreads: [spread],
    },
    {
      title: 'Saving: sets and touches per second, of stores that save',
      note: 'As above; in brackets: how many times what lembro does. express-memfilestore acknowledges what is in memory, and saves each second here; better-sqlite3-session-store writes on the main thread, a transaction for each call, with SQLite as lembro uses it (`@photostructure/sqlite`, WAL). session-file-store writes a file for each session.',
      head: ['', 'sets', 'touches'],
      rows: Object.entries(peers).map(([saver, { sets, touches }]) => [
        ...[saver, beside(sets, peers.lembro.sets), beside(touches, peers.lembro.touches)],
      ]),
    },
    {
      title: `Saving: the delay of the event loop with ${count(sessions)} sessions`,
      note: `${whole(OPERATIONS_A_SECOND)} operations a second at a steady pace, half sets, half touches, each with the \`get\` of its request. Node's \`monitorEventLoopDelay\` at a resolution of 1 ms, which is part of every figure.`,
      head: ['', ...PACED],
      rows: Object.entries(full).map(([saving, of]) => [
        saving,
        ...PACED.map((what) => milliseconds(of[what])),
      ]),
    },
  ]
}
