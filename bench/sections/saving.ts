/** What it costs to save, what a crash takes, and how soon the sessions are back. */

import { DatabaseSync } from '@photostructure/sqlite'
import type { Lembro } from 'lembro'
import { askNew, byTurns } from '../child.js'
import {
  count,
  digits,
  mapValues,
  mean,
  medians,
  milliseconds,
  percent,
  ratio,
  type Table,
  whole,
} from '../figures.js'
import { type Opened, open, withFile } from '../homes.js'
import { fill, OPERATIONS, type Population, setNewOwner, timedInBatches } from '../operations.js'
import { pace } from '../pace.js'
import { TYPICAL } from '../sessions.js'

export type SavingFigures = Awaited<ReturnType<typeof run>>

const IN_FLIGHT = 500
const OPERATIONS_A_SECOND = 4000
const NEW_SESSIONS_A_SECOND = 1000
const PLAIN = 'lembro without `saveFile`'
const SAVERS = [
  ...[PLAIN, 'lembro', 'lembro, `savePeriod: 0`', 'lembro with `saveKeys`'],
  ...['express-memfilestore', 'better-sqlite3-session-store', 'session-file-store'],
] as const satisfies Opened[]
/** Those that hold all sessions in memory and save them. */
const KILLED = ['lembro', 'express-memfilestore'] as const
type Killed = (typeof KILLED)[number]

let full: Population

/** Per second, on a new file: sets of new sessions, and touches of them. */
export async function rate(input: { saver: Opened; file: string; seconds: number }) {
  const store = await open(input.saver, { file: input.file, savePeriod: 1000 })
  const added: string[] = []
  const population = { store, shape: TYPICAL, sids: added, added }
  const [sets, touches]: [number[], number[]] = [[], []]
  const end = performance.now() + input.seconds * 1000
  while (performance.now() < end) {
    sets.push(await timedInBatches(population, setNewOwner, IN_FLIGHT, IN_FLIGHT))
    touches.push(await timedInBatches(population, OPERATIONS.touch, IN_FLIGHT, IN_FLIGHT))
  }
  // The checkpoints are part of it.
  return { sets: 1e9 / mean(sets), touches: 1e9 / mean(touches) }
}

/** Fills a store, then has sets and touches come at a steady pace. */
export async function pacedWhenFull(input: {
  saver: Opened
  file: string
  sessions: number
  ms: number
}) {
  const store = await open(input.saver, { file: input.file })
  const sids = await fill(store, TYPICAL, input.sessions)
  if (input.saver !== PLAIN) await (store as Lembro).save()
  full = { store, shape: TYPICAL, sids, added: [] }
  const operations = [OPERATIONS['set again'], OPERATIONS.touch]
  return pace(full, operations, OPERATIONS_A_SECOND, input.ms)
}

/** Fills a store, and has new sessions come for two and a half save periods. Gives how many were acknowledged, and the longest delay of the event loop in ms. */
export async function crash(input: {
  saver: Killed
  file: string
  sessions: number
  period: number
}) {
  const { sessions, period } = input
  const store = await open(input.saver, { file: input.file, savePeriod: period })
  await fill(store, TYPICAL, sessions)
  const population = { store, shape: TYPICAL, sids: [], added: [] }
  const came = await pace(population, [setNewOwner], NEW_SESSIONS_A_SECOND, 2.5 * period)
  return { acknowledged: sessions + came.operations, stall: came.stall }
}

/** How many ms a store needs to have the sessions back, and how many there are. */
export async function restart({ saver, file }: { saver: Killed; file: string }) {
  const began = performance.now()
  const store = await open(saver, { file })
  const ms = performance.now() - began
  const sessions = await new Promise<number>((resolve, reject) => {
    store.length?.((error, length = 0) => (error ? reject(error) : resolve(length)))
  })
  return { ms, sessions }
}

/** The least that a restart can cost: the rows of lembro's file, id and body put into a `Map`. */
export async function readBare(file: string) {
  const began = performance.now()
  const bodies = new Map<string, string>()
  const database = new DatabaseSync(file)
  const rows = database.prepare('SELECT sid, body FROM sessions').iterate()
  for (const { sid, body } of rows as Iterable<Readonly<Record<'sid' | 'body', Uint8Array>>>) {
    bodies.set(textOf(sid), textOf(body))
  }
  database.close()
  return { ms: performance.now() - began, sessions: bodies.size }
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

export async function run(quick: boolean) {
  const [few, many] = quick ? [2000, 10_000] : [100_000, 300_000]
  const [seconds, ms, period] = quick ? [0.1, 300, 200] : [1.2, 5000, 3000]
  const rated = await byTurns(SAVERS, quick ? 1 : 2, (saver) =>
    withFile((file) => askNew(import.meta.url, rate, { saver, file, seconds })),
  )
  const killed = await byTurns(KILLED, 1, (saver) =>
    withFile(async (file) => {
      const crashed = await askNew(import.meta.url, crash, { saver, file, sessions: few, period })
      return { ...crashed, ...(await askNew(import.meta.url, restart, { saver, file })) }
    }),
  )
  const paced = (saver: Opened, file: string) =>
    askNew(import.meta.url, pacedWhenFull, { saver, file, sessions: many, ms })
  const bare = await withFile((file) => paced(PLAIN, file))
  const { saved, back } = await withFile(async (file) => ({
    saved: await paced('lembro', file),
    back: await byTurns(['lembro', 'bare program'] as const, quick ? 1 : 2, (reader) =>
      reader === 'lembro'
        ? askNew(import.meta.url, restart, { saver: reader, file })
        : askNew(import.meta.url, readBare, file),
    ),
  }))
  return {
    ...{ rates: mapValues(rated, medians), few, killed: mapValues(killed, medians) },
    ...{ many, paced: { bare, saved }, back: mapValues(back, medians) },
  }
}

export function tables({ rates, few, killed, many, paced, back }: SavingFigures): Table[] {
  const beside = (rate: number, other: number) => `${whole(rate)} (${digits(ratio(rate, other))})`
  const plain = rates[PLAIN]
  return [
    {
      title: 'Saving: sets and touches per second',
      note: `Typical sessions on a new file in the system's temporary folder, ${IN_FLIGHT} operations in flight until all are acknowledged; the checkpoints are part of it. In brackets: the share of what lembro does without a file. express-memfilestore acknowledges what is in memory, and saves each second here; better-sqlite3-session-store writes on the main thread, with SQLite as lembro uses it; session-file-store writes a file for each session.`,
      head: ['', 'sets', 'touches'],
      rows: SAVERS.map((saver) => [
        ...[saver, beside(rates[saver].sets, plain.sets)],
        beside(rates[saver].touches, plain.touches),
      ]),
    },
    {
      title: `Saving: ${whole(OPERATIONS_A_SECOND)} operations a second with ${count(many)} sessions`,
      note: "Half sets, half touches, each with the `get` of its request. The delay of the event loop is that of Node's `monitorEventLoopDelay` at a resolution of 1 ms, which is part of every figure.",
      head: ['', 'delay, p99', 'delay, longest', 'acknowledged, p99', 'acknowledged, longest'],
      rows: Object.entries({ [PLAIN]: paced.bare, lembro: paced.saved }).map(([saver, of]) => [
        ...[saver, milliseconds(of.delayed), milliseconds(of.stall)],
        ...[milliseconds(of.p99), milliseconds(of.longest)],
      ]),
    },
    {
      title: `Crashes: killed with ${count(few)} sessions`,
      note: `${whole(NEW_SESSIONS_A_SECOND)} new sessions a second come in until the process is killed (SIGKILL), half a period after a save. express-memfilestore saves every 3 s here; its README has it save every five minutes.`,
      head: ['', 'longest stall', 'acknowledged', 'lost', 'restart'],
      rows: Object.entries(killed).map(([saver, { stall, acknowledged, sessions, ms }]) => [
        ...[saver, milliseconds(stall), whole(acknowledged)],
        ...[whole(acknowledged - sessions), milliseconds(ms)],
      ]),
    },
    {
      title: `Restart: with ${count(many)} sessions`,
      note: 'After a kill, until the store calls that it is ready; the process is up already, and the file is in the cache of the system. The bare program, the floor, reads the rows of the same file, and puts id and body into a `Map`.',
      head: ['', 'until ready', 'sessions found'],
      rows: Object.entries(back).map(([reader, { ms, sessions }]) => [
        ...[reader, milliseconds(ms), percent(sessions / many)],
      ]),
    },
  ]
}
