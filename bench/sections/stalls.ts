/** How long a store holds everything else up while it does its long work. */

import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from 'express-session'
import { askNew, byTurns } from '../child.js'
import { mapValues, median, milliseconds, type Table, whole } from '../figures.js'
import { fill } from '../operations.js'
import { newSession, newSid, TYPICAL } from '../sessions.js'
import { type Kind, PEERS, STORES, type StoreName } from '../stores.js'

/** The longest of the turns of the event loop, in ms. */
interface Longest {
  readonly whole: number
  /** The longest without garbage collection, and without the time in which the process did not run. */
  readonly own: number
}

const WORKS = {
  fill: 'filling to 1.2 times the room',
  reduce: 'an explicit `reduce()`',
  purge: 'everything expires',
} as const
// So far that a store that trims to 75% has nearly filled its room again.
const PAST_THE_ROOM = 1.2
type LongWork = keyof typeof WORKS
type Stalls = Readonly<Record<LongWork, Longest | undefined>>

const SETS_A_TURN = 10
const TWO_DAYS = 2 * 86_400_000
/** Turns shorter than this, in ms, are not looked into. */
const WORTH_KEEPING_MS = 0.5

/** Drives a store into its long work, one after the other, with traffic beside it; leaves out what it can't do. */
export async function stall(input: { store: StoreName; sessions: number }): Promise<Stalls> {
  const { sessions } = input
  const kind: Kind = STORES[input.store]
  const store = kind.make({ sessions, such: [TYPICAL] })
  const filled = watchTurns()
  await fill(store, TYPICAL, sessions * PAST_THE_ROOM, 100_000, SETS_A_TURN)
  const worked = async (work: Kind['purge']) => {
    if (work === undefined) return undefined
    const end = watchTurns()
    await nextTurn()
    await traffic(store, (done) => work(store, done))
    return end()
  }
  const of = { fill: await filled(), reduce: await worked(kind.reduce) }
  // Rather than to wait for a day.
  const { now } = Date
  Date.now = () => now() + TWO_DAYS
  return { ...of, purge: await worked(kind.purge) }
}

/** A session is read and touched in every turn until the work is done. */
async function traffic(store: Store, work: (done: () => void) => void): Promise<void> {
  let busy = true
  work(() => {
    busy = false
  })
  const sid = newSid()
  const session = newSession(store, sid, TYPICAL, 0)
  store.set(sid, session)
  while (busy) {
    store.get(sid, () => {})
    store.touch?.(sid, session, () => {})
    await nextTurn()
  }
}

/** Watches the turns of the event loop until the function that it gives is called. */
function watchTurns(): () => Promise<Longest> {
  const collections: { from: number; to: number }[] = []
  const turns: { from: number; to: number; ran: number }[] = []
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      collections.push({ from: startTime, to: startTime + duration })
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  let watching = true
  let last = performance.now()
  let usage = process.cpuUsage()
  const tick = () => {
    const now = performance.now()
    if (now - last >= WORTH_KEEPING_MS) {
      const { user, system } = process.cpuUsage(usage)
      turns.push({ from: last, to: now, ran: (user + system) / 1000 })
    }
    last = performance.now()
    usage = process.cpuUsage()
    if (watching) setImmediate(tick)
  }
  setImmediate(tick)
  return async () => {
    watching = false
    // Entries of the garbage collector are handed out late.
    await new Promise((resolve) => setTimeout(resolve, 50))
    observer.disconnect()
    let [whole, own] = [0, 0]
    for (const { from, to, ran } of turns) {
      whole = Math.max(whole, to - from)
      // All threads of the process together ran for at most that long.
      if (Math.min(to - from, ran) <= own) continue
      const collected = collections.reduce(
        (ms, each) => ms + Math.max(0, Math.min(each.to, to) - Math.max(each.from, from)),
        0,
      )
      own = Math.max(own, Math.min(ran, to - from - collected))
    }
    return { whole, own }
  }
}

export async function run(quick: boolean) {
  const figures = []
  for (const [i, sessions] of (quick ? [5000] : [200_000, 1_000_000]).entries()) {
    const watch = (stores: readonly StoreName[], times: number) =>
      byTurns(stores, times, (store) => askNew(import.meta.url, stall, { store, sessions }))
    const runs = await watch(['lembro', 'floor'], quick ? 1 : 2 - i)
    // The others stall for so long that once, at one size, is enough.
    const others = i === 0 ? await watch(PEERS, 1) : {}
    const by: Partial<Record<StoreName, Stalls>> = mapValues({ ...runs, ...others }, middle)
    figures.push({ sessions, by })
  }
  return figures
}

// A stall of the store's own comes again in every run; those that the machine adds do not.
function middle(runs: readonly Stalls[]): Stalls {
  return mapValues(WORKS, (_, work) => {
    const stalls = runs.flatMap((run) => run[work] ?? [])
    if (stalls.length === 0) return undefined
    const own = Math.min(...stalls.map(({ own }) => own))
    return { whole: median(stalls.map(({ whole }) => whole)), own }
  })
}

export function show(figures: Awaited<ReturnType<typeof run>>): Table[] {
  return figures.map(({ sessions, by }) => ({
    title: `Stalls: the longest turn of the event loop, ${whole(sessions)} typical sessions`,
    note: 'In brackets: the longest when garbage collection is taken out, and the time in which the process did not run, since the machine had other things to do, in the calmest of the runs: so the slices of lembro and what traffic comes beside them. The floor has no such work but the first.',
    head: ['', ...Object.values(WORKS)],
    rows: Object.entries(by).map(([store, of]) => [
      store,
      ...(Object.keys(WORKS) as LongWork[]).map((work) => {
        const stall = of[work]
        return stall ? `${milliseconds(stall.whole)} (${milliseconds(stall.own)})` : '-'
      }),
    ]),
  }))
}
