/** What each operation costs, for sessions of several sizes, with owners and without. */

import { byTurns, type Child, inPairs, withChildren } from '../child.js'
import { digits, median, spreadOf, type Table, time } from '../figures.js'
import {
  fill,
  OPERATION_NAMES,
  OPERATIONS,
  type OperationName,
  type Population,
  timedInBatches,
} from '../operations.js'
import type { Shape } from '../sessions.js'
import { COMPARED, PEERS, STORE_NAMES, STORES, type StoreName } from '../stores.js'

/** ns of an operation for each store, its deferred callback included, and how far the rounds of the floor spread. */
export interface Timed {
  readonly ns: Readonly<Partial<Record<StoreName, number>>>
  readonly spread: number
}

export interface ShapeFigures {
  readonly size: string
  readonly owned: boolean
  readonly by: Readonly<Record<OperationName, Timed>>
}

/** Batches of a hundred operations: in a turn, and before the first one counts. */
interface Amounts {
  readonly rounds: number
  readonly batches: number
  readonly warmUp: number
}

const IN_FLIGHT = 100
const SHAPES = [
  { size: '200 B', owned: true, characters: 200, share: 1 },
  { size: '200 B', owned: false, characters: 200, share: 1 },
  { size: '1 KB', owned: true, characters: 1024, share: 1 },
  // Larger sessions take longer, so that fewer will do.
  { size: '10 KB', owned: true, characters: 10_240, share: 1 / 4 },
] as const

let population: Population | undefined

export const tasks = {
  /** Fills the store up to a number of sessions; makes it first, if there is none. */
  async grow(input: { store: StoreName; shape: Shape; sessions: number }): Promise<void> {
    population ??= {
      ...{ store: STORES[input.store].make(), shape: input.shape },
      ...{ sids: [], added: [] },
    }
    const { store, shape, sids } = population
    const added = await fill(store, shape, input.sessions - sids.length, sids.length)
    population = { store, shape, sids: sids.concat(added), added: [] }
  },

  /** The ns of one operation. */
  async measure(input: { operation: OperationName; batches: number }): Promise<number> {
    if (population === undefined) throw new Error('there is no store yet')
    const figures: number[] = []
    for (let batch = 0; batch < input.batches; batch++) {
      const prepare = OPERATIONS[input.operation]
      figures.push(await timedInBatches(population, prepare, IN_FLIGHT, IN_FLIGHT))
      // The store stays as large as it is said to be.
      for (const sid of population.added.splice(0)) population.store.destroy(sid)
    }
    return figures.reduce((sum, ns) => sum + ns, 0) / figures.length
  },
}

export async function run(quick: boolean): Promise<ShapeFigures[]> {
  const amounts = quick
    ? { rounds: 3, batches: 3, warmUp: 20 }
    : { rounds: 11, batches: 8, warmUp: 100 }
  const figures: ShapeFigures[] = []
  for (const { size, owned, characters, share } of quick ? SHAPES.slice(0, 1) : SHAPES) {
    const sessions = (quick ? 2000 : 10_000) * share
    const { rounds, batches, warmUp } = amounts
    // The other ways to use lembro differ in nothing that an owner has to do with.
    const stores = owned ? STORE_NAMES : COMPARED
    const by = await withChildren(stores, import.meta.url, async (children) => {
      await growAll(children, stores, { characters, owned }, sessions)
      const fewer = { rounds, batches: batches * share, warmUp: warmUp * share }
      return timeAll(children, stores, fewer)
    })
    figures.push({ size, owned, by })
  }
  return figures
}

type Children<Name extends StoreName> = Readonly<Record<Name, Child<typeof tasks>>>

export async function growAll<Name extends StoreName>(
  children: Children<Name>,
  stores: readonly Name[],
  shape: Shape,
  sessions: number,
): Promise<void> {
  await inPairs(stores, (store) => children[store].ask('grow', { store, shape, sessions }))
}

/** Times every operation in all stores. */
export async function timeAll<Name extends StoreName>(
  children: Children<Name>,
  stores: readonly Name[],
  { rounds, batches, warmUp }: Amounts,
): Promise<ShapeFigures['by']> {
  const by: Partial<Record<OperationName, Timed>> = {}
  for (const operation of OPERATION_NAMES) {
    const measure = (store: Name, batches: number) =>
      children[store].ask('measure', { operation, batches })
    await inPairs(stores, (store) => measure(store, warmUp))
    const turns = await byTurns<StoreName, number>(stores, rounds, (store) =>
      measure(store as Name, batches),
    )
    const ns = stores.map((store) => [store, median(turns[store])] as const)
    by[operation] = { ns: Object.fromEntries(ns), spread: spreadOf(turns.floor) }
  }
  return by as ShapeFigures['by']
}

/** A table for each shape. */
export function tables(figures: readonly ShapeFigures[]): Table[] {
  return figures.map(({ size, owned, by }) => {
    const variants = owned ? (['lembro merge', 'lembro elsewhere'] as const) : []
    const others: StoreName[] = [...variants, 'floor', ...PEERS]
    return {
      title: `Operations: sessions of ${size}, ${owned ? 'with' : 'without'} owners`,
      note: `The time of one operation until its callback. In brackets: how many times lembro's time.${owned ? ' "Merge" is lembro with `onConflict: \'merge\'`, where nothing conflicts; "elsewhere" is lembro bound to another copy of express-session.' : ''}`,
      head: ['', 'lembro', ...others.map((name) => name.replace('lembro ', ''))],
      rows: Object.entries(by).map(([operation, { ns }]) => [
        ...[operation, time(ns.lembro)],
        ...others.map((other) => `${time(ns[other])} (${digits(ratio(ns[other], ns.lembro))})`),
      ]),
      spreads: Object.values(by).map(({ spread }) => spread),
    }
  })
}

/** How many times the other figure one is; `NaN` if one of them is missing. */
export function ratio(figure = Number.NaN, other = Number.NaN): number {
  return figure / other
}
