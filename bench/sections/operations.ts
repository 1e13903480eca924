/** What each operation costs, for sessions of several sizes. */

import { byTurns, type Child, inPairs, withChildren } from '../child.js'
import { digits, mapValues, mean, median, ratio, spreadOf, type Table, time } from '../figures.js'
import {
  fill,
  OPERATION_NAMES,
  OPERATIONS,
  type OperationName,
  type Population,
  timedTogether,
} from '../operations.js'
import { type Shape, shapeOf } from '../sessions.js'
import { PEERS, STORE_NAMES, STORES, type StoreName } from '../stores.js'

/** ns of each operation in each store, its deferred callback included, and how far the rounds of the floor spread. */
export type Timed = Record<
  OperationName,
  { ns: Partial<Record<StoreName, number>>; spread: number }
>

const IN_FLIGHT = 100
// Larger sessions take longer, so that a share of the operations will do.
const SHAPES = [
  { size: '200 B', shape: shapeOf(200), share: 1 },
  { size: '1 KB', shape: shapeOf(1024), share: 1 / 2 },
  { size: '10 KB', shape: shapeOf(10_240), share: 1 / 4 },
] as const

let population: Population

/** Fills the store up to a number of sessions; makes it first, if there is none. */
export async function grow(input: { store: StoreName; shape: Shape; sessions: number }) {
  const { shape, sessions } = input
  population ??= { store: STORES[input.store].make(), shape, sids: [], added: [] }
  const { store, sids } = population
  const more = await fill(store, shape, sessions - sids.length, sids.length)
  population = { ...population, sids: sids.concat(more) }
}

/** The ns of one operation. */
export async function measure(input: { operation: OperationName; batches: number }) {
  const figures: number[] = []
  for (let batch = 0; batch < input.batches; batch++) {
    const prepare = OPERATIONS[input.operation]
    figures.push(await timedTogether(population, prepare, IN_FLIGHT))
    // The store stays as large as it is said to be.
    for (const sid of population.added.splice(0)) population.store.destroy(sid)
  }
  // The first ones find in the caches what other processes have put there meanwhile.
  return mean(figures.slice(Math.floor(input.batches / 5)))
}

export async function run(quick: boolean) {
  const shapes = []
  for (const { size, shape, share } of quick ? SHAPES.slice(0, 1) : SHAPES) {
    const by = await withChildren(STORE_NAMES, import.meta.url, (children) =>
      timeAll(children, shape, (quick ? 1000 : 10_000) * share, quick ? 0 : share),
    )
    shapes.push({ size, by })
  }
  return shapes
}

/** Fills all stores up to a number of sessions, and times every operation in them. `share`: how often, of the most; 0 for a quick run. */
export async function timeAll(
  children: Readonly<Record<string, Child>>,
  shape: Shape,
  sessions: number,
  share: number,
): Promise<Timed> {
  // Batches of a hundred operations: in a turn, and before the first one counts.
  const [rounds, batches, warmUp] = share === 0 ? [3, 3, 10] : [9, 16 * share, 120 * share]
  const stores = Object.keys(children) as StoreName[]
  await inPairs(stores, (store) => (children[store] as Child).ask(grow, { store, shape, sessions }))
  const timed: Partial<Timed> = {}
  for (const operation of OPERATION_NAMES) {
    const ask = (store: StoreName, batches: number) =>
      (children[store] as Child).ask(measure, { operation, batches })
    await inPairs(stores, (store) => ask(store, warmUp))
    const turns = await byTurns(stores, rounds, (store) => ask(store, batches))
    timed[operation] = { ns: mapValues(turns, median), spread: spreadOf(turns.floor) }
  }
  return timed as Timed
}

export function show(figures: Awaited<ReturnType<typeof run>>): Table[] {
  const others: StoreName[] = ['floor', ...PEERS]
  return figures.map(({ size, by }, i) => ({
    title: `Operations: sessions of ${size}, with owners`,
    note:
      i > 0
        ? ''
        : "The time of one operation until its callback. In brackets: how many times lembro's time.",
    head: ['', 'lembro', ...others],
    rows: Object.entries(by).map(([operation, { ns }]) => [
      ...[operation, time(ns.lembro)],
      ...others.map((other) => `${time(ns[other])} (${digits(ratio(ns[other], ns.lembro))})`),
    ]),
    spreads: Object.values(by).map(({ spread }) => spread),
  }))
}
