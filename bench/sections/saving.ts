/** What it costs to save, what a crash takes, and how soon the sessions are back. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Lembro } from 'lembro'
import { askNew, byTurns } from '../child.js'
import * as figures from '../figures.js'
import { type Opened, open, withFile } from '../homes.js'
import * as ops from '../operations.js'
import { TYPICAL } from '../sessions.js'

const { count, digits, mapValues, mean, medians, milliseconds, quantile, ratio, whole } = figures

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
const KILLED = ['lembro', 'express-memfilestore'] as const satisfies Opened[]

/** Per second, on a new file: sets of new sessions, and touches of them. */
export async function rate(input: { saver: Opened; file: string; seconds: number }) {
  const store = await open(input.saver, { file: input.file, savePeriod: 1000 })
  const added: string[] = []
  const population = { store, shape: TYPICAL, sids: added, added }
  const [sets, touches]: [number[], number[]] = [[], []]
  const end = performance.now() + input.seconds * 1000
  while (performance.now() < end) {
    sets.push(await ops.timedTogether(population, ops.OPERATIONS['set new'], IN_FLIGHT))
    touches.push(await ops.timedTogether(population, ops.OPERATIONS.touch, IN_FLIGHT))
  }
  // The checkpoints are part of it.
  return { sets: 1e9 / mean(sets), touches: 1e9 / mean(touches) }
}

/** Fills a store, then has sets and touches come at a steady pace. */
export async function paceWhenFull(input: {
  saver: Opened
  file: string
  sessions: number
  ms: number
}) {
  const store = await open(input.saver, { file: input.file })
  const sids = await ops.fill(store, TYPICAL, input.sessions)
  if (input.saver !== PLAIN) await (store as Lembro).save()
  const population = { store, shape: TYPICAL, sids, added: [] }
  const operations = [ops.OPERATIONS['set again'], ops.OPERATIONS.touch]
  return pace(population, operations, OPERATIONS_A_SECOND, input.ms)
}

/** Fills a store, and has new sessions come for two and a half save periods. Gives how many were acknowledged, and the longest delay of the event loop in ms. */
export async function fillUntilKilled(input: {
  saver: Opened
  file: string
  sessions: number
  period: number
}) {
  const { sessions, period } = input
  const store = await open(input.saver, { file: input.file, savePeriod: period })
  await ops.fill(store, TYPICAL, sessions)
  const population = { store, shape: TYPICAL, sids: [], added: [] }
  const came = [ops.OPERATIONS['set new']]
  const { acknowledged, stall } = await pace(population, came, NEW_SESSIONS_A_SECOND, 2.5 * period)
  return { acknowledged: sessions + acknowledged, stall }
}

/** Does operations by turns, as many each second however long the store takes for them, for that long. All in ms: until they were acknowledged, and how late the event loop was, the 1 ms by which it is watched included. */
async function pace(
  population: ops.Population,
  operations: readonly ops.Prepare[],
  perSecond: number,
  ms: number,
) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const acknowledged: number[] = []
  const running: Promise<void>[] = []
  const operate = async (prepare: ops.Prepare) => {
    const step = await prepare(population)
    const began = performance.now()
    await ops.called(step)
    acknowledged.push(performance.now() - began)
  }
  const began = performance.now()
  for (let now = began; now < began + ms; now = performance.now()) {
    const due = ((now - began) * perSecond) / 1000
    while (running.length < due) {
      running.push(operate(operations[running.length % operations.length] as ops.Prepare))
    }
    await setTimeout(1)
  }
  await Promise.all(running)
  // A delay is only seen by the next turn of the histogram's own timer.
  await setTimeout(20)
  histogram.disable()
  return {
    ...{ acknowledged: running.length, p99: quantile(acknowledged, 0.99) },
    ...{ longest: quantile(acknowledged, 1), delayed: histogram.percentile(99) / 1e6 },
    stall: histogram.max / 1e6,
  }
}

/** How many ms a store needs to have the sessions back, and how many there are. */
export async function restart({ saver, file }: { saver: Opened; file: string }) {
  const began = performance.now()
  const store = await open(saver, { file })
  const ms = performance.now() - began
  const sessions = await new Promise<number>((resolve, reject) => {
    store.length?.((error, length = 0) => (error ? reject(error) : resolve(length)))
  })
  return { ms, sessions }
}

/** The least that a restart can cost, in ms: the rows of lembro's file, id and body put into a `Map`. */
export function readBare(file: string): number {
  const began = performance.now()
  const bodies = new Map<string, string>()
  const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
    Buffer.from(buffer, byteOffset, byteLength).toString()
  const database = new DatabaseSync(file)
  const rows = database.prepare('SELECT sid, body FROM sessions').iterate()
  for (const { sid, body } of rows as Iterable<Readonly<Record<'sid' | 'body', Uint8Array>>>) {
    bodies.set(textOf(sid), textOf(body))
  }
  database.close()
  return performance.now() - began
}

export async function run(quick: boolean) {
  const [few, many] = quick ? [2000, 10_000] : [100_000, 300_000]
  const [seconds, ms, period] = quick ? [0.1, 300, 200] : [1.2, 5000, 3000]
  const rounds = quick ? 1 : 2
  const rated = await byTurns(SAVERS, rounds, (saver) =>
    withFile((file) => askNew(import.meta.url, rate, { saver, file, seconds })),
  )
  const killed = await byTurns(KILLED, rounds, (saver) =>
    withFile(async (file) => {
      const input = { saver, file, sessions: few, period }
      const filled = await askNew(import.meta.url, fillUntilKilled, input)
      const back = await askNew(import.meta.url, restart, { saver, file })
      const bare = saver === 'lembro' ? await askNew(import.meta.url, readBare, file) : Number.NaN
      return { ...filled, ...back, bare }
    }),
  )
  const paced = (saver: Opened) =>
    withFile((file) => askNew(import.meta.url, paceWhenFull, { saver, file, sessions: many, ms }))
  return {
    ...{ rates: mapValues(rated, medians), few, killed: mapValues(killed, medians) },
    ...{ many, paced: { [PLAIN]: await paced(PLAIN), lembro: await paced('lembro') } },
  }
}

export function tables({ rates, few, killed, many, paced }: SavingFigures): figures.Table[] {
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
      head: ['', 'delay, p99', 'acknowledged, p99', 'acknowledged, longest'],
      rows: Object.entries(paced).map(([saver, { delayed, p99, longest }]) => [
        ...[saver, milliseconds(delayed), milliseconds(p99), milliseconds(longest)],
      ]),
    },
    {
      title: `Crashes: killed with ${count(few)} sessions`,
      note: `${whole(NEW_SESSIONS_A_SECOND)} new sessions a second come in until the process is killed (SIGKILL), half a period after a save. express-memfilestore saves every 3 s here; its README has it save every five minutes. A restart ends when the store calls that it is ready; the process is up already, and the file is in the cache of the system. The bare program, the floor, reads the rows of the same file, and puts id and body into a \`Map\`.`,
      head: ['', 'longest stall', 'acknowledged', 'lost', 'restart', 'bare program'],
      rows: Object.entries(killed).map(([saver, { stall, acknowledged, sessions, ms, bare }]) => [
        ...[saver, milliseconds(stall), whole(acknowledged)],
        ...[whole(acknowledged - sessions), milliseconds(ms), milliseconds(bare)],
      ]),
    },
  ]
}
