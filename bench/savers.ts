/** The stores that save: how each is opened on a file, and operations that come to it at a steady pace. */

import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'
import bindSqliteStore from 'better-sqlite3-session-store'
import bindMemFileStore from 'express-memfilestore'
import session, { type Store } from 'express-session'
import { Lembro } from 'lembro'
import bindFileStore from 'session-file-store'
import { called, type Population, type Prepare } from './operations.js'

/** What lembro's ways to save add to its options. */
export const SAVINGS = {
  'without `saveFile`': { saveFile: null },
  '`saveFile`': {},
  '`savePeriod: 0`': { savePeriod: 0 },
  'with `saveKeys`': { saveKeys: ['a key that is known to everybody'] },
} as const

export type Saving = keyof typeof SAVINGS

/** Opens lembro on a file. Rejects if the file can't be used. */
export function openLembro(saving: Saving, saveFile: string): Promise<Lembro> {
  return new Promise((resolve, reject) => {
    const options = { interval: 0, maxSize: Infinity, saveFile, ...SAVINGS[saving] }
    const store = new Lembro(options, (error) => (error === null ? resolve(store) : reject(error)))
  })
}

/** How each store is opened on a file. `period` is how often express-memfilestore saves: it has no default. */
const opens = {
  lembro: (saveFile) => openLembro('`saveFile`', saveFile),
  'express-memfilestore'(saveFile, savePeriod) {
    return new (bindMemFileStore(session))({ checkPeriod: 0, savePeriod, saveFile })
  },
  'better-sqlite3-session-store'(saveFile) {
    const client = new DatabaseSync(saveFile)
    // As the page of better-sqlite3 has it.
    client.exec('PRAGMA journal_mode = WAL')
    return new (bindSqliteStore(session))({ client })
  },
  'session-file-store'(saveFile) {
    const options = { path: saveFile, retries: 0, reapInterval: -1, logFn: () => {} }
    return new (bindFileStore(session))(options)
  },
} satisfies Record<string, (saveFile: string, period: number) => Store | Promise<Store>>

export type Saver = keyof typeof opens
export const SAVERS = Object.keys(opens) as Saver[]

export async function open(saver: Saver, saveFile: string, period = 0): Promise<Store> {
  return opens[saver](saveFile, period)
}

/** Gives the path of a file in a new folder of its own, and removes the folder afterwards, whatever happens. */
export async function withFile<Result>(use: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lembro-bench-'))
  try {
    return await use(path.join(folder, 'sessions'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Does operations by turns, as many each second however long the store takes for them, until it is told to stop. Gives the ms until each was acknowledged. */
export async function pace(
  population: Population,
  operations: readonly [Prepare, ...Prepare[]],
  perSecond: number,
  stop: () => boolean,
): Promise<number[]> {
  const acknowledged: number[] = []
  const running: Promise<void>[] = []
  const operate = async (prepare: Prepare) => {
    const step = await prepare(population)
    const began = performance.now()
    await called(step)
    acknowledged.push(performance.now() - began)
  }
  const began = performance.now()
  while (!stop()) {
    const due = ((performance.now() - began) * perSecond) / 1000
    while (running.length < due) {
      running.push(operate(operations[running.length % operations.length] ?? operations[0]))
    }
    await setTimeout(1)
  }
  await Promise.all(running)
  return acknowledged
}

/** Watches how late the event loop is until the function that it gives is called: ms, the resolution of 1 ms included. */
export function watchDelay(): () => Promise<{ p99: number; longest: number }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  return async () => {
    // A delay is only seen by the next turn of the histogram's own timer.
    await setTimeout(20)
    histogram.disable()
    return { p99: histogram.percentile(99) / 1e6, longest: histogram.max / 1e6 }
  }
}

/** Tells whether that many ms have passed since it was made. */
export function after(ms: number): () => boolean {
  const end = performance.now() + ms
  return () => performance.now() >= end
}
