/** How long a store holds everything else up while it does its long work. */

import { withChild } from '../child.js'
import { count, median, milliseconds } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { STORES as KINDS, STORE_NAMES, type StoreName } from '../stores.js'
import type { Table } from '../table.js'
import type { LongWork } from '../tasks/stall.js'
import type { Longest } from '../watch.js'

export interface StallFigures {
  readonly sessions: number
  readonly works: Readonly<Record<LongWork, Readonly<Record<string, Longest>>>>
}

const WORKS: Readonly<Record<LongWork, string>> = {
  fill: 'filling to 1.5 times the room',
  purge: 'everything expires',
  reduce: 'an explicit `reduce()`',
}
const STORES = STORE_NAMES.filter((name) => name !== 'lembro merge')
const TWO: readonly StoreName[] = ['lembro', 'floor']

export async function stalls(scale: Scale, progress: Progress): Promise<StallFigures[]> {
  const [all, two] = scale.stalls
  return [
    await watch(all.sessions, STORES, all.times, progress),
    await watch(two.sessions, TWO, two.times, progress),
  ]
}

async function watch(
  sessions: number,
  stores: readonly StoreName[],
  times: number,
  progress: Progress,
): Promise<StallFigures> {
  const works = { fill: {}, purge: {}, reduce: {} } as Record<LongWork, Record<string, Longest>>
  for (const work of Object.keys(WORKS) as LongWork[]) {
    const stalls = new Map<StoreName, Longest[]>(stores.map((store) => [store, []]))
    for (let time = 0; time < times; time++) {
      // The others stall for so long that once is enough.
      for (const store of time === 0 ? stores : TWO) {
        progress.at(`${count(sessions)}, ${WORKS[work]}, ${store}`)
        const input = { store, sessions, work }
        if (store !== 'floor' && !canDo(store, work)) continue
        const longest = await withChild([], (child) => child.ask('stall', input))
        stalls.get(store)?.push(longest)
      }
    }
    for (const [store, of] of stalls) if (of.length > 0) works[work][store] = middle(of)
  }
  return { sessions, works }
}

function canDo(store: StoreName, work: LongWork): boolean {
  return work === 'fill' || KINDS[store][work] !== undefined
}

// A stall of the store's own comes again in every run; those that the machine adds do not.
function middle(stalls: readonly Longest[]): Longest {
  return {
    whole: median(stalls.map(({ whole }) => whole)),
    own: Math.min(...stalls.map(({ own }) => own)),
  }
}

export function stallTables(figures: readonly StallFigures[]): Table[] {
  return figures.map(({ sessions, works }) => ({
    title: `Stalls: the longest turn of the event loop, ${sessions.toLocaleString('en')} typical sessions`,
    note: 'In brackets: the longest when garbage collection is taken out, and the time in which the process did not run, since the machine had other things to do, in the calmest of the runs: so the slices of lembro and what traffic comes beside them. The floor has no such work but the first: its figures are those of the traffic alone.',
    head: ['', ...Object.values(WORKS)],
    rows: Object.keys(works.fill).map((store) => [
      store,
      ...Object.values(works).map((of) => beside(of[store])),
    ]),
  }))
}

function beside(stall: Longest | undefined): string {
  return stall === undefined ? '-' : `${milliseconds(stall.whole)} (${milliseconds(stall.own)})`
}
