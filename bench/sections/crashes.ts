/** What a crash takes, and how soon the sessions are back. */

import { statSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Store } from 'express-session'
import { Lembro } from 'lembro'
import { askNew, byTurns } from '../child.js'
import {
  count,
  digits,
  mapValues,
  medians,
  milliseconds,
  percent,
  ratio,
  spreadOf,
  type Table,
  whole,
} from '../figures.js'
import { fill, type Population, setNewOwner } from '../operations.js'
import { after, open, openLembro, pace, watchDelay, withFile } from '../savers.js'
import { TYPICAL } from '../sessions.js'

type Saver = (typeof SAVERS)[number]
export type CrashFigures = Awaited<ReturnType<typeof run>>

/** The stores that save all sessions of their memory. */
const SAVERS = ['lembro', 'express-memfilestore'] as const
const SESSIONS_A_SECOND = 1000

export async function fillUp(input: { file: string; sessions: number }): Promise<void> {
  const store = await openLembro('`saveFile`', input.file)
  await fill(store, TYPICAL, input.sessions)
  await store.save()
}

/** Fills a store, lets new sessions come in until it has saved, and then for half a period more. Gives how many were acknowledged, in all and since the last save, and the longest delay of the event loop in ms. */
export async function crash(input: {
  saver: Saver
  file: string
  sessions: number
  period: number
}) {
  const { saver, file, sessions, period } = input
  const store = await open(saver, file, period)
  const population: Population = { store, shape: TYPICAL, sids: [], added: [] }
  await fill(store, TYPICAL, sessions)
  const run = (stop: () => boolean) => pace(population, [setNewOwner], SESSIONS_A_SECOND, stop)
  const untilSaved = () => {
    const before = lastSave(store, file)
    return run(() => lastSave(store, file) !== before)
  }
  const before = await untilSaved()
  const delay = watchDelay()
  const watched = await untilSaved()
  const sinceSave = (await run(after(period / 2))).length
  const acknowledged = sessions + before.length + watched.length + sinceSave
  return { acknowledged, sinceSave, stall: (await delay()).longest }
}

/** How many ms a store needs to have the sessions back, and how many there are. */
export async function restart({ saver, file }: { saver: Saver; file: string }) {
  const began = performance.now()
  const store = await open(saver, file)
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

/** When everything was last on the disk, in ms. */
function lastSave(store: Store, file: string): number {
  if (store instanceof Lembro) return store.stats().save?.lastSave ?? 0
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

export async function run(quick: boolean) {
  const [few, many] = quick ? [2000, 10_000] : [100_000, 1_000_000]
  const killed = await byTurns(SAVERS, 1, (saver) =>
    withFile(async (file) => {
      const input = { saver, file, sessions: few, period: quick ? 500 : 4000 }
      const crashed = await askNew(import.meta.url, crash, input)
      return { ...crashed, ...(await askNew(import.meta.url, restart, { saver, file })) }
    }),
  )
  const full = await withFile(async (file) => {
    await askNew(import.meta.url, fillUp, { file, sessions: many })
    return byTurns(['lembro', 'bare'] as const, quick ? 1 : 2, (reader) =>
      reader === 'bare'
        ? askNew(import.meta.url, readBare, file)
        : askNew(import.meta.url, restart, { saver: reader, file }),
    )
  })
  return {
    ...{ few, killed: mapValues(killed, medians), many, full: mapValues(full, medians) },
    spread: spreadOf(full.bare.map(({ ms }) => ms)),
  }
}

export function tables({ few, killed, many, full, spread }: CrashFigures): Table[] {
  return [
    {
      title: `Crashes: killed with ${count(few)} sessions`,
      note: `${whole(SESSIONS_A_SECOND)} new sessions a second come in until the process is killed (SIGKILL), 2 s after a save. express-memfilestore saves every 4 s here; its README has it save every five minutes. The stall is the longest from a save until the kill.`,
      head: ['', 'longest stall', 'acknowledged since the last save', 'lost', 'restart'],
      rows: SAVERS.map((saver) => {
        const { stall, sinceSave, acknowledged, sessions, ms } = killed[saver]
        const lost = whole(acknowledged - sessions)
        return [saver, milliseconds(stall), whole(sinceSave), lost, milliseconds(ms)]
      }),
    },
    {
      title: `Restart: with ${count(many)} sessions`,
      note: 'After a kill, until the store calls that it is ready; the process is up already, and the file is in the cache of the system. Beside it a bare program, the floor, reads the rows of the same file, and puts id and body into a `Map`.',
      head: ['until ready', 'sessions found', 'the bare program', 'times as long'],
      rows: [
        [
          ...[milliseconds(full.lembro.ms), percent(full.lembro.sessions / many)],
          ...[milliseconds(full.bare.ms), digits(ratio(full.lembro.ms, full.bare.ms))],
        ],
      ],
      spreads: [spread],
    },
  ]
}
