/** What it costs to save: operations a second, how soon each is acknowledged, and what the event loop waits. */

import type { Store } from 'express-session'
import { askNew, byTurns, Child } from '../child.js'
import {
  count,
  digits,
  mapValues,
  medians,
  milliseconds,
  quantile,
  ratio,
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
  watchDelay,
  withFile,
} from '../savers.js'
import { TYPICAL } from '../sessions.js'

/** Of operations at a steady pace, in ms: how late the event loop was, and until each was acknowledged. */
const PACED = [
  'delay, p99',
  'delay, longest',
  'acknowledged, p99',
  'acknowledged, longest',
] as const

export type SavingFigures = Awaited<ReturnType<typeof run>>

const OPERATIONS_A_SECOND = 4000
const IN_FLIGHT = 500
/** ms between two saves of express-memfilestore. */
const MEMFILE_PERIOD = 1000

let full: Population

/** On a new file: as many sets of new sessions as it is told, as many touches of them, then both at a steady pace. */
export async function rate(input: {
  saving: Saving
  file: string
  operations: number
  seconds: number
}) {
  const population = populationOf(await openLembro(input.saving, input.file))
  await ratesOf(population, Math.min(10_000, input.operations))
  const rates = await ratesOf(population, input.operations)
  return { ...rates, ...(await pacedFor(population, input.seconds)) }
}

/** On a new file of one of the stores: sets of new sessions, then touches of them, for so many seconds. */
export async function rateOfPeer(input: { saver: Saver; file: string; seconds: number }) {
  const population = populationOf(await open(input.saver, input.file, MEMFILE_PERIOD))
  const isOver = after(input.seconds * 1000)
  const runs: Awaited<ReturnType<typeof ratesOf>>[] = []
  while (!isOver()) runs.push(await ratesOf(population, IN_FLIGHT))
  return medians(runs)
}

/** Opens a new file and fills the store with typical sessions. */
export async function fillUp(input: { saving: Saving; file: string; sessions: number }) {
  const store = await openLembro(input.saving, input.file)
  full = populationOf(store, await fill(store, TYPICAL, input.sessions))
  if (store.stats().save !== undefined) await store.save()
}

export async function pacedWhenFull(seconds: number) {
  await pacedFor(full, Math.min(1, seconds))
  return pacedFor(full, seconds)
}

function populationOf(store: Store, sids: string[] = []): Population {
  return { store, shape: TYPICAL, sids, added: sids }
}

/** Per second. */
async function ratesOf(population: Population, operations: number) {
  const sets = 1e9 / (await timedInBatches(population, setNewOwner, operations, IN_FLIGHT))
  const touches = 1e9 / (await timedInBatches(population, OPERATIONS.touch, operations, IN_FLIGHT))
  return { sets, touches }
}

/** Half sets, half touches at a steady pace, for that long. */
async function pacedFor(population: Population, seconds: number) {
  const delay = watchDelay()
  const operations = [OPERATIONS['set again'], OPERATIONS.touch] as const
  const times = await pace(population, operations, OPERATIONS_A_SECOND, after(seconds * 1000))
  const { p99, longest } = await delay()
  return {
    ...{ 'delay, p99': p99, 'delay, longest': longest },
    'acknowledged, p99': quantile(times, 0.99),
    'acknowledged, longest': times.reduce((most, ms) => Math.max(most, ms), 0),
  }
}

export async function run(quick: boolean) {
  const [operations, seconds] = quick ? [1000, 0.1] : [30_000, 1.5]
  const sessions = quick ? 10_000 : 1_000_000
  const savings = Object.keys(SAVINGS) as Saving[]
  const rated = await byTurns(savings, quick ? 1 : 3, (saving) =>
    withFile((file) => askNew(import.meta.url, rate, { saving, file, operations, seconds })),
  )
  const peers = await byTurns(SAVERS, 1, (saver) =>
    withFile((file) => askNew(import.meta.url, rateOfPeer, { saver, file, seconds: 2 * seconds })),
  )
  const full = await byTurns(['without `saveFile`', '`saveFile`'] as const, 1, (saving) =>
    withFile(async (file) => {
      const child = new Child(import.meta.url)
      await child.ask(fillUp, { saving, file, sessions })
      return child.ask(pacedWhenFull, quick ? 0.5 : 8).finally(() => child.kill())
    }),
  )
  return {
    ...{ rates: mapValues(rated, medians), peers: mapValues(peers, medians) },
    ...{ sessions, full: mapValues(full, medians) },
    spread: spreadOf(rated['without `saveFile`'].map(({ sets }) => sets)),
  }
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
