/** How long a store holds everything else up while it does its long work. */

import { withChild } from '../child.js'
import { count, median, milliseconds } from '../figures.js'
import { type Noise, type Spread, spreadOf } from '../noise.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { COMPARED, STORES, type StoreName } from '../stores.js'
import type { Table } from '../table.js'
import type { LongWork } from '../tasks/stall.js'
import type { Longest } from '../watch.js'

type ByStore = Readonly<Record<string, Longest>>

export interface StallFigures {
  readonly sessions: number
  readonly works: Readonly<Record<LongWork, ByStore>>
}

const WORKS: Readonly<Record<LongWork, string>> = {
  fill: 'filling to 1.5 times the room',
  purge: 'everything expires',
  reduce: 'an explicit `reduce()`',
}
const OTHERS = COMPARED.filter((name) => name !== 'lembro' && name !== 'floor')

export async function stalls(
  scale: Scale,
  progress: Progress,
  noise: Noise,
): Promise<StallFigures[]> {
  const figures: StallFigures[] = []
  for (const [i, { sessions, times }] of scale.stalls.entries()) {
    const watch = (work: LongWork, stores: readonly StoreName[], times: number) =>
      takeTurnsAt(work, stores, times, (store) => {
        progress.at(`${count(sessions)}, ${WORKS[work]}, ${store}`)
        return withChild([], (child) => child.ask('stall', { store, sessions, work }))
      })
    // The others stall for so long that once, at one size, is enough.
    const once = async (work: LongWork) => (i === 0 ? (await watch(work, OTHERS, 1)).longest : {})
    const { fill } = await noise.quietest(['fill'], () => watch('fill', ['lembro', 'floor'], times))
    const [purge, reduce] = [
      await watch('purge', ['lembro'], times),
      await watch('reduce', ['lembro'], times),
    ]
    const works = {
      fill: { ...fill.longest, ...(await once('fill')) },
      purge: { ...purge.longest, ...(await once('purge')) },
      reduce: { ...reduce.longest, ...(await once('reduce')) },
    }
    figures.push({ sessions, works })
  }
  return figures
}

/** Watches those stores that have such work, by turns. */
async function takeTurnsAt(
  work: LongWork,
  stores: readonly StoreName[],
  times: number,
  watch: (store: StoreName) => Promise<Longest>,
): Promise<Spread & { readonly longest: ByStore }> {
  const able = stores.filter((store) => canDo(store, work))
  const runs = new Map<StoreName, Longest[]>(able.map((store) => [store, []]))
  for (let time = 0; time < times; time++) {
    for (const store of able) runs.get(store)?.push(await watch(store))
  }
  const longest = [...runs].map(([store, of]) => [store, middle(of)] as const)
  return {
    longest: Object.fromEntries(longest),
    spread: spreadOf((runs.get('floor') ?? []).map(({ whole }) => whole)),
  }
}

function canDo(store: StoreName, work: LongWork): boolean {
  return work === 'fill' || STORES[store][work] !== undefined
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
    note: 'In brackets: the longest when garbage collection is taken out, and the time in which the process did not run, since the machine had other things to do, in the calmest of the runs: so the slices of lembro and what traffic comes beside them. The floor has no such work but the first.',
    head: ['', ...Object.values(WORKS)],
    rows: COMPARED.filter((store) => works.fill[store] !== undefined).map((store) => [
      store,
      ...Object.values(works).map((of) => beside(of[store])),
    ]),
  }))
}

function beside(stall: Longest | undefined): string {
  return stall === undefined ? '-' : `${milliseconds(stall.whole)} (${milliseconds(stall.own)})`
}
