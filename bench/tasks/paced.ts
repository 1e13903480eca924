/** How long anything waits for the event loop while a full store saves, a compaction included. */

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { type Brimful, fillToTheBrim } from '../brim.js'
import { DelayMonitor, type Delays } from '../delay.js'
import { p99 } from '../figures.js'
import { OPERATIONS } from '../operations.js'
import { after, pace } from '../pace.js'
import { openLembro, type Saving } from '../saving.js'

export interface Paced {
  readonly delays: Delays
  /** The p99 of the ms until an operation is acknowledged. */
  readonly acknowledged: number
  /** The same while the journal is compacted, and the ms that this takes. */
  readonly compaction: { readonly delays: Delays; readonly ms: number } | undefined
}

/** A compaction that does not come within this time is not one that can be waited for. */
const LONGEST_MS = 120_000
const WARM_UP_MS = 1000

let full: Brimful | undefined

/** Opens a new file and fills the store, until a compaction is about to be due. */
export async function brim(input: {
  saving: Saving
  file: string
  sessions: number
}): Promise<void> {
  const store = await openLembro(input.saving, input.file)
  full = await fillToTheBrim(store, input.file, input.sessions)
}

/** Half sets, half touches at a steady pace, for that long and until a compaction is over. */
export async function paced(input: { perSecond: number; seconds: number }): Promise<Paced> {
  if (full === undefined) throw new Error('there is no full store yet')
  const { store, population } = full
  const run = (stop: () => boolean) =>
    pace(population, [OPERATIONS['set again'], OPERATIONS.touch], input.perSecond, stop)
  await run(after(WARM_UP_MS))
  const whole = new DelayMonitor()
  const compacting = new DelayMonitor()
  const tooLong = after(LONGEST_MS)
  const longEnough = after(input.seconds * 1000)
  const compacted = observe(full, compacting)
  whole.start()
  const acknowledged = await run(() => {
    if (tooLong()) throw new Error('there was no compaction')
    return compacted() && longEnough()
  })
  await whole.stop()
  const last = store.stats().save?.lastCompaction
  return {
    delays: whole.delays,
    acknowledged: p99(acknowledged),
    compaction: last ? { delays: compacting.delays, ms: last.ms } : undefined,
  }
}

/** Tells whether a compaction is over, each time it is asked; lets the monitor run while there is one. */
function observe({ store, file }: Brimful, monitor: DelayMonitor): () => boolean {
  const before = store.stats().save
  if (before === undefined) return () => true
  let over = false
  return () => {
    if (over) return true
    over = store.stats().save?.lastCompaction !== before.lastCompaction
    if (over) void monitor.stop()
    else if (isBeingWritten(file)) monitor.start()
    return over
  }
}

// A snapshot gets its name when it is whole.
function isBeingWritten(file: string): boolean {
  const unfinished = `${path.basename(file)}.tmp-`
  return readdirSync(path.dirname(file)).some((name) => name.startsWith(unfinished))
}
