/** How long a store holds everything else up while it does its long work. */

import { PerformanceObserver } from 'node:perf_hooks'
import type { Store } from 'express-session'
import { askNew, byTurns } from '../child.js'
import { count, mapValues, median, milliseconds, spreadOf, type Table, whole } from '../figures.js'
import { fill, nextTurn } from '../operations.js'
import { newSession, newSid, TYPICAL } from '../sessions.js'
import { COMPARED, STORES, type StoreName } from '../stores.js'

/** The longest of the turns of the event loop, in ms. */
interface Longest {
  readonly whole: number
  /** The longest without garbage collection, and without the time in which the process did not run. */
  readonly own: number
}

const WORKS = {
  fill: 'filling to 1.5 times the room',
  purge: 'everything expires',
  reduce: 'an explicit `reduce()`',
} as const
const PAST_THE_ROOM = 1.5
type LongWork = keyof typeof WORKS
export type StallFigures = Awaited<ReturnType<typeof run>>

const SETS_A_TURN = 10
const TWO_DAYS = 2 * 86_400_000
/** Turns shorter than this, in ms, are not looked into. */
const WORTH_KEEPING_MS = 0.5

/** Drives a store into its long work, with traffic beside it. */
export async function stall(input: { store: StoreName; sessions: number; work: LongWork }) {
  const { sessions, work } = input
  const kind = STORES[input.store]
  // Room for a few more, so that a fill before other work trims nothing.
  const room = work === 'fill' ? sessions : Math.ceil(sessions * 1.05)
  const store = kind.make({ sessions: room, such: [TYPICAL] })
  if (work === 'fill') {
    const end = watchTurns()
    await fill(store, TYPICAL, sessions * PAST_THE_ROOM, 100_000, SETS_A_TURN)
    return end()
  }
  await fill(store, TYPICAL, sessions, 100_000, SETS_A_TURN)
  // Rather than to wait for a day.
  const { now } = Date
  if (work === 'purge') Date.now = () => now() + TWO_DAYS
  const end = watchTurns()
  await nextTurn()
  await traffic(store, (done) => kind[work]?.(store, done))
  return end()
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
    const watch = (work: LongWork, stores: readonly StoreName[], times: number) => {
      const able = stores.filter((store) => work === 'fill' || STORES[store][work])
      const ask = (store: StoreName) => askNew(import.meta.url, stall, { store, sessions, work })
      return byTurns(able, times, ask)
    }
    const works: Partial<Record<LongWork, Partial<Record<StoreName, Longest>>>> = {}
    let spread = Number.NaN
    for (const work of Object.keys(WORKS) as LongWork[]) {
      const runs = await watch(work, ['lembro', 'floor'], quick ? 1 : 2)
      if (work === 'fill') spread = spreadOf(runs.floor.map(({ whole }) => whole))
      // The others stall for so long that once, at one size, is enough.
      const others = COMPARED.filter((name) => name !== 'lembro' && name !== 'floor')
      works[work] = mapValues({ ...runs, ...(i === 0 && (await watch(work, others, 1))) }, middle)
    }
    figures.push({ sessions, works: works as Required<typeof works>, spread })
  }
  return figures
}

// A stall of the store's own comes again in every run; those that the machine adds do not.
function middle(stalls: readonly Longest[]): Longest {
  const whole = median(stalls.map(({ whole }) => whole))
  return { whole, own: Math.min(...stalls.map(({ own }) => own)) }
}

export function tables(figures: StallFigures): Table[] {
  return figures.map(({ sessions, works, spread }, i) => ({
    title: `Stalls: the longest turn of the event loop, ${whole(sessions)} typical sessions`,
    note:
      i > 0
        ? `As above, with ${count(sessions)}.`
        : 'In brackets: the longest when garbage collection is taken out, and the time in which the process did not run, since the machine had other things to do, in the calmest of the runs: so the slices of lembro and what traffic comes beside them. The floor has no such work but the first.',
    head: ['', ...Object.values(WORKS)],
    rows: Object.keys(works.fill).map((store) => [
      store,
      ...Object.values(works).map((of) => {
        const stall = of[store as StoreName]
        return stall ? `${milliseconds(stall.whole)} (${milliseconds(stall.own)})` : '-'
      }),
    ]),
    spreads: [spread],
  }))
}
