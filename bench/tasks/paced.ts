/** How long anything waits for the event loop while a full store saves, its checkpoints included. */

import { DelayMonitor, type Delays } from '../delay.js'
import { p99 } from '../figures.js'
import { fill, OPERATIONS, type Population } from '../operations.js'
import { after, pace } from '../pace.js'
import { openLembro, type Saving } from '../saving.js'
import { TYPICAL } from '../sessions.js'

export interface Paced {
  readonly delays: Delays
  /** ms until an operation is acknowledged. */
  readonly acknowledged: Delays
}

const WARM_UP_MS = 1000

let population: Population | undefined

/** Opens a new file and fills the store with typical sessions. */
export async function full(input: {
  saving: Saving
  file: string
  sessions: number
}): Promise<void> {
  const store = await openLembro(input.saving, input.file)
  const sids = await fill(store, TYPICAL, input.sessions)
  population = { store, shape: TYPICAL, sids, added: [] }
  if (store.stats().save !== undefined) await store.save()
}

/** Half sets, half touches at a steady pace, for that long. */
export async function paced(input: { perSecond: number; seconds: number }): Promise<Paced> {
  if (population === undefined) throw new Error('there is no full store yet')
  const operations = [OPERATIONS['set again'], OPERATIONS.touch] as const
  await pace(population, operations, input.perSecond, after(WARM_UP_MS))
  const monitor = new DelayMonitor()
  monitor.start()
  const times = await pace(population, operations, input.perSecond, after(input.seconds * 1000))
  await monitor.stop()
  const longest = times.reduce((most, time) => Math.max(most, time), 0)
  return { delays: monitor.delays, acknowledged: { p99: p99(times), longest } }
}
