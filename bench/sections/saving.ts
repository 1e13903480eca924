/** What it costs to save, what a crash takes, and how soon the sessions are back. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Lembro } from 'lembro'
import { askNew, byTurns } from '../child.js'
import * as figures from '../figures.js'
import { type Home, type Opened, open, withFile } from '../homes.js'
import { called, fill, OPERATIONS, type OperationName, timedTogether } from '../operations.js'
import { TYPICAL } from '../sessions.js'

const { digits, mapValues, mean, medians, milliseconds, quantile, ratio, whole } = figures

const IN_FLIGHT = 500
const OPERATIONS_A_SECOND = 4000
const PLAIN = 'lembro without `saveFile`'
const SAVERS = [
  ...[PLAIN, 'lembro', 'lembro, `savePeriod: 0`', 'lembro with `saveKeys`'],
  ...['express-memfilestore', 'better-sqlite3-session-store', 'session-file-store'],
] as const satisfies Opened[]
/** Those that hold all sessions in memory. */
const KILLED = [PLAIN, 'lembro', 'express-memfilestore'] as const satisfies Opened[]

/** Per second, on a new file: sets of new sessions, and touches of them. */
export async function rate(input: { saver: Opened; file: string; seconds: number }) {
  const store = await open(input.saver, { file: input.file, savePeriod: 1000 })
  const added: string[] = []
  const population = { store, shape: TYPICAL, sids: added, added }
  const [sets, touches]: [number[], number[]] = [[], []]
  const end = performance.now() + input.seconds * 1000
  while (performance.now() < end) {
    sets.push(await timedTogether(population, OPERATIONS['set new'], IN_FLIGHT))
    touches.push(await timedTogether(population, OPERATIONS.touch, IN_FLIGHT))
  }
  // The checkpoints are part of it.
  return { sets: 1e9 / mean(sets), touches: 1e9 / mean(touches) }
}

/** Fills a store, then has operations come at a steady pace, however long it takes for them, to the middle between two saves of express-memfilestore. In ms: until they were acknowledged, and how late the event loop was, the 1 ms by which it is watched included. */
export async function pace(input: Home & { saver: Opened; sessions: number }) {
  const { saver, sessions, savePeriod = 0 } = input
  const opened = performance.now()
  const store = await open(saver, input)
  const sids = await fill(store, TYPICAL, sessions)
  if (saver === 'lembro') await (store as Lembro).save()
  const population = { store, shape: TYPICAL, sids, added: [] }
  const names = ['set new', 'touch', 'set again', 'touch'] as const
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const acknowledged: number[] = []
  const running: Promise<void>[] = []
  const operate = async (name: OperationName) => {
    const step = await OPERATIONS[name](population)
    const began = performance.now()
    await called(step)
    acknowledged.push(performance.now() - began)
  }
  const began = performance.now()
  const end = opened + (Math.ceil((began - opened) / savePeriod) + 0.5) * savePeriod
  for (let now = began; now < end; now = performance.now()) {
    const due = ((now - began) * OPERATIONS_A_SECOND) / 1000
    while (running.length < due)
      running.push(operate(names[running.length % names.length] ?? 'touch'))
    await setTimeout(1)
  }
  await Promise.all(running)
  // A delay is only seen by the next turn of the histogram's own timer.
  await setTimeout(20)
  return {
    ...{ stored: sids.length + population.added.length, p99: quantile(acknowledged, 0.99) },
    ...{ longest: quantile(acknowledged, 1), delayed: histogram.percentile(99) / 1e6 },
    stall: histogram.max / 1e6,
  }
}

/** How many ms a store needs to have the sessions back, and how many there are. */
export async function restart({ saver, file }: { saver: Opened; file: string }) {
  const began = performance.now()
  const store = await open(saver, { file })
  const ms = performance.now() - began
  const found = await new Promise<number>((resolve, reject) => {
    store.length?.((error, length = 0) => (error ? reject(error) : resolve(length)))
  })
  return { ms, found }
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
  const [sessions, seconds, savePeriod] = quick ? [5000, 0.1, 200] : [300_000, 1.2, 8000]
  const rounds = quick ? 1 : 2
  const rated = await byTurns(SAVERS, rounds, (saver) =>
    withFile((file) => askNew(import.meta.url, rate, { saver, file, seconds })),
  )
  const killed = await byTurns(KILLED, 1, (saver) =>
    withFile(async (file) => {
      const paced = await askNew(import.meta.url, pace, { saver, file, sessions, savePeriod })
      const backs = [{ ms: Number.NaN, found: 0, bare: Number.NaN }]
      for (let round = 0; round < rounds && saver !== PLAIN; round++) {
        const back = await askNew(import.meta.url, restart, { saver, file })
        const bare = saver === 'lembro' ? await askNew(import.meta.url, readBare, file) : Number.NaN
        backs[round] = { ...back, bare }
      }
      return { ...paced, ...medians(backs) }
    }),
  )
  return {
    ...{ rates: mapValues(rated, medians), killed: mapValues(killed, medians) },
    sessions,
    savePeriod,
  }
}

type Figures = Awaited<ReturnType<typeof run>>

export function show({ rates, killed, sessions, savePeriod }: Figures): figures.Table[] {
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
      title: `Saving: ${whole(OPERATIONS_A_SECOND)} operations a second with ${whole(sessions)} sessions, until the process is killed`,
      note: `Half sets, of which half are new sessions, half touches. The delay of the event loop is that of \`monitorEventLoopDelay\` at a resolution of 1 ms, which is part of every figure. Once all are acknowledged the process is killed (SIGKILL). express-memfilestore saves every ${digits(savePeriod / 1000)} s here, the last time half of that before; its README has it save every five minutes. A restart ends when the store calls that it is ready; the process is up already, and the file is in the cache of the system. The bare program, the floor, reads the rows of the same file, and puts id and body into a \`Map\`.`,
      head: [
        ...['', 'delay, p99', 'longest', 'acknowledged, p99', 'longest'],
        ...['sessions lost', 'restart', 'bare program'],
      ],
      rows: Object.entries(killed).map(([saver, of]) => [
        ...[saver, milliseconds(of.delayed), milliseconds(of.stall)],
        ...[milliseconds(of.p99), milliseconds(of.longest), whole(of.stored - of.found)],
        ...[milliseconds(of.ms), milliseconds(of.bare)],
      ]),
    },
  ]
}
