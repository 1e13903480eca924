/** What a crash takes, and how soon the sessions are back. */

import { statSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Store } from 'express-session'
import { Lembro } from 'lembro'
import { byTurns, withChild } from '../child.js'
import {
  count,
  digits,
  median,
  milliseconds,
  percent,
  spreadOf,
  type Table,
  whole,
} from '../figures.js'
import { fill, type Population, setNewOwner } from '../operations.js'
import { after, open, openLembro, pace, withFile } from '../savers.js'
import { TYPICAL } from '../sessions.js'
import { ratio } from './operations.js'

interface Crash {
  /** Sessions that were acknowledged, in all and since the last save. */
  readonly acknowledged: number
  readonly sinceSave: number
  /** The longest delay of the event loop from one save to the next, in ms. */
  readonly stall: number
}

/** How long a program needs to have the sessions back, and how many there are. */
interface Restart {
  readonly ms: number
  readonly sessions: number
}

type Saver = (typeof SAVERS)[number]

export interface CrashFigures {
  readonly sessions: readonly [number, number]
  readonly killed: Readonly<Record<Saver, Crash & Restart>>
  /** Of the full store: lembro, and a bare program that reads the rows of its file. */
  readonly full: Readonly<Record<'lembro' | 'bare', Restart>>
  readonly spread: number
}

/** The stores that save all sessions of their memory. */
const SAVERS = ['lembro', 'express-memfilestore'] as const
const SESSIONS_A_SECOND = 1000

export const tasks = {
  async fill(input: { file: string; sessions: number }): Promise<void> {
    const store = await openLembro('`saveFile`', input.file)
    await fill(store, TYPICAL, input.sessions)
    await store.save()
  },

  /** Fills a store, lets new sessions come in until it has saved, and then for half a period more. */
  async crash(input: { saver: Saver; file: string; sessions: number; period: number }) {
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
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const watched = await untilSaved()
    const sinceSave = (await run(after(period / 2))).length
    const acknowledged = sessions + before.length + watched.length + sinceSave
    return { acknowledged, sinceSave, stall: delay.max / 1e6 }
  },

  async restart({ saver, file }: { saver: Saver; file: string }): Promise<Restart> {
    const began = performance.now()
    const store = await open(saver, file)
    const ms = performance.now() - began
    const sessions = await new Promise<number>((resolve, reject) => {
      store.length?.((error, length = 0) => (error ? reject(error) : resolve(length)))
    })
    return { ms, sessions }
  },

  /** The least that a restart can cost: the rows of lembro's file, id and body put into a `Map`. */
  bare({ file }: { file: string }): Restart {
    const began = performance.now()
    const bodies = new Map<string, string>()
    const database = new DatabaseSync(file)
    const rows = database.prepare('SELECT sid, body FROM sessions').iterate()
    for (const { sid, body } of rows as Iterable<Readonly<Record<'sid' | 'body', Uint8Array>>>) {
      bodies.set(textOf(sid), textOf(body))
    }
    database.close()
    return { ms: performance.now() - began, sessions: bodies.size }
  },
}

/** When everything was last on the disk, in ms. */
function lastSave(store: Store, file: string): number {
  if (store instanceof Lembro) return store.stats().save?.lastSave ?? 0
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

export async function run(quick: boolean): Promise<CrashFigures> {
  const sessions = quick ? ([5000, 20_000] as const) : ([100_000, 1_000_000] as const)
  const inChild = withChild<typeof tasks, Restart>
  const killed: Partial<Record<Saver, Crash & Restart>> = {}
  for (const saver of SAVERS) {
    killed[saver] = await withFile(async (file) => {
      const input = { saver, file, sessions: sessions[0], period: quick ? 500 : 4000 }
      const crash = await withChild<typeof tasks, Crash>(import.meta.url, (child) =>
        child.ask('crash', input),
      )
      const back = await inChild(import.meta.url, (child) => child.ask('restart', { saver, file }))
      return { ...crash, ...back }
    })
  }
  return withFile(async (file) => {
    await withChild<typeof tasks, void>(import.meta.url, (child) =>
      child.ask('fill', { file, sessions: sessions[1] }),
    )
    const runs = await byTurns(['lembro', 'bare'] as const, quick ? 1 : 3, (reader) =>
      inChild(import.meta.url, (child) =>
        reader === 'bare'
          ? child.ask('bare', { file })
          : child.ask('restart', { saver: reader, file }),
      ),
    )
    const middle = (of: readonly Restart[]) => ({
      ms: median(of.map(({ ms }) => ms)),
      sessions: median(of.map(({ sessions }) => sessions)),
    })
    return {
      sessions,
      killed: killed as CrashFigures['killed'],
      full: { lembro: middle(runs.lembro), bare: middle(runs.bare) },
      spread: spreadOf(runs.bare.map(({ ms }) => ms)),
    }
  })
}

export function tables({ sessions, killed, full, spread }: CrashFigures): Table[] {
  return [
    {
      title: `Crashes: killed with ${count(sessions[0])} sessions`,
      note: `${whole(SESSIONS_A_SECOND)} new sessions a second come in until the process is killed (SIGKILL), 2 s after a save. express-memfilestore saves every 4 s here; its README has it save every five minutes. The stall is the longest from one save to the next.`,
      head: ['', 'longest stall', 'acknowledged since the last save', 'lost', 'restart'],
      rows: SAVERS.map((saver) => {
        const { stall, sinceSave, acknowledged, sessions, ms } = killed[saver]
        const lost = whole(acknowledged - sessions)
        return [saver, milliseconds(stall), whole(sinceSave), lost, milliseconds(ms)]
      }),
    },
    {
      title: `Restart: with ${count(sessions[1])} sessions`,
      note: 'After a kill, until the store calls that it is ready; the process is up already, and the file is in the cache of the system. Beside it a bare program, the floor, reads the rows of the same file, and puts id and body into a `Map`.',
      head: ['until ready', 'sessions found', 'the bare program', 'times as long'],
      rows: [
        [
          ...[milliseconds(full.lembro.ms), percent(full.lembro.sessions / sessions[1])],
          ...[milliseconds(full.bare.ms), digits(ratio(full.lembro.ms, full.bare.ms))],
        ],
      ],
      spreads: [spread],
    },
  ]
}
