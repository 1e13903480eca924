/** A store that is full of sessions, and whose journal is about to be compacted. */

import { statSync } from 'node:fs'
import type { Lembro } from 'lembro'
import { fill, OPERATIONS, type Population, type Step, timed } from './operations.js'
import { TYPICAL } from './sessions.js'

/** What the journal may still grow by: some two seconds of paced operations. */
const MARGIN_BYTES = 2 * 1024 * 1024
/** A snapshot has stopped growing if it is at most this many times as long as the one before it. */
const AS_LONG = 1.02
const AT_ONCE = 500

/** A full store, its sessions, and where it saves them. */
export interface Brimful {
  readonly store: Lembro
  readonly file: string
  readonly population: Population
  /** Bytes at which the journal is compacted. */
  readonly longest: number
}

/** Stores that many typical sessions, then some of them again until the journal is nearly as long as it gets. */
export async function fillToTheBrim(
  store: Lembro,
  file: string,
  sessions: number,
): Promise<Brimful> {
  const sids = await fill(store, TYPICAL, sessions)
  const population = { store, shape: TYPICAL, sids, added: [] }
  if (store.stats().save === undefined) return { store, file, population, longest: Infinity }
  await store.save()
  const longest = await learnLongest(store, population)
  const brimful = { store, file, population, longest }
  while (roomOf(brimful) > MARGIN_BYTES) await setAgain(population)
  await store.save()
  return brimful
}

/** Bytes that the journal may grow by until it is compacted; below 0 while that is going on. */
export function roomOf({ store, file, longest }: Brimful): number {
  const { bytes = 0 } = store.stats().save ?? {}
  const snapshot = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return longest - (bytes - snapshot)
}

/** Sets sessions again until the store has compacted its files. Gives their bytes before and after. */
export async function untilCompacted(store: Lembro, population: Population) {
  const before = store.stats().save?.lastCompaction
  for (;;) {
    const last = store.stats().save?.lastCompaction
    if (last && last !== before) return last
    await setAgain(population)
  }
}

// Of two compactions in a row the second tells how long the journal got after the first.
async function learnLongest(store: Lembro, population: Population): Promise<number> {
  let before = await untilCompacted(store, population)
  for (;;) {
    const last = await untilCompacted(store, population)
    if (last.to <= before.to * AS_LONG) return last.from - before.to
    before = last
  }
}

async function setAgain(population: Population): Promise<void> {
  const steps: Step[] = []
  for (let i = 0; i < AT_ONCE; i++) steps.push(await OPERATIONS['set again'](population))
  await timed(steps)
}
