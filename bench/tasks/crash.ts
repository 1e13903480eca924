/** A store that saves, with sessions coming in, up to the moment at which its process is killed. */

import { statSync } from 'node:fs'
import type { Store } from 'express-session'
import { Lembro } from 'lembro'
import { DelayMonitor } from '../delay.js'
import { fill, type Population, setNewOwner } from '../operations.js'
import { after, pace } from '../pace.js'
import { open, type Saver } from '../saving.js'
import { TYPICAL } from '../sessions.js'

export interface Crash {
  /** Sessions that were acknowledged, in all and since the last save. */
  readonly acknowledged: number
  readonly sinceSave: number
  /** The longest delay of the event loop from one save to the next, in ms. */
  readonly stall: number
}

/** Fills a store, lets new sessions come in until it has saved, and then for half a period more. */
export async function crash(input: {
  saver: Saver
  file: string
  sessions: number
  perSecond: number
  period: number
}): Promise<Crash> {
  const { saver, file, sessions, period } = input
  const store = await open(saver, file, period)
  const population: Population = { store, shape: TYPICAL, sids: [], added: [] }
  await fill(store, TYPICAL, sessions)
  const run = (stop: () => boolean) => pace(population, [setNewOwner], input.perSecond, stop)
  const untilSaved = () => {
    const before = lastSave(store, file)
    return run(() => lastSave(store, file) !== before)
  }
  const before = await untilSaved()
  const monitor = new DelayMonitor()
  monitor.start()
  const watched = await untilSaved()
  await monitor.stop()
  const sinceSave = (await run(after(period / 2))).length
  const acknowledged = sessions + before.length + watched.length + sinceSave
  return { acknowledged, sinceSave, stall: monitor.delays.longest }
}

/** When everything was last on the disk, in ms. */
function lastSave(store: Store, file: string): number {
  if (store instanceof Lembro) return store.stats().save?.lastSave ?? 0
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
