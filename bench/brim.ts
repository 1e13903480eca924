/** A store that is full of sessions, and whose journal is about to be compacted. */

import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Lembro } from 'lembro'
import { fill, OPERATIONS, type Population, type Step, timed } from './operations.js'
import { TYPICAL } from './sessions.js'

/** A journal is compacted once it is longer than the snapshot, and than this. */
const LEAST_BYTES = 16 * 1024 * 1024
/** What the journal may still grow by: some two seconds of paced operations. */
const MARGIN_BYTES = 2 * 1024 * 1024
const AT_ONCE = 500

/** A full store, its sessions, and where it saves them. */
export interface Brimful {
  readonly store: Lembro
  readonly file: string
  readonly population: Population
}

/** Stores that many typical sessions, then some of them again until the journal is nearly as long as it gets. */
export async function fillToTheBrim(
  store: Lembro,
  file: string,
  sessions: number,
): Promise<Brimful> {
  const sids = await fill(store, TYPICAL, sessions)
  const population = { store, shape: TYPICAL, sids, added: [] }
  const brimful = { store, file, population }
  if (store.stats().save === undefined) return brimful
  await store.save()
  for (;;) {
    const room = roomOf(brimful)
    // One that the filling made due is not over yet.
    if (room < 0) await setTimeout(100)
    else if (room > MARGIN_BYTES) await setAgain(population)
    else break
  }
  await store.save()
  return brimful
}

/** Bytes that the journal may grow by until it is compacted; below 0 while that is going on. */
export function roomOf({ store, file }: Brimful): number {
  const { bytes = 0 } = store.stats().save ?? {}
  const snapshot = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return Math.max(snapshot, LEAST_BYTES) - (bytes - snapshot)
}

async function setAgain(population: Population): Promise<void> {
  const steps: Step[] = []
  for (let i = 0; i < AT_ONCE; i++) steps.push(await OPERATIONS['set again'](population))
  await timed(steps)
}
