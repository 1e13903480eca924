/** What an operation costs as the store grows. */

import { withChildren } from '../child.js'
import { count, digits, ratio, type Table, time } from '../figures.js'
import { OPERATION_NAMES, type OperationName } from '../operations.js'
import { TYPICAL } from '../sessions.js'
import type { StoreName } from '../stores.js'
import { type Timed, timeAll } from './operations.js'

export type GrowthFigures = Awaited<ReturnType<typeof run>>

/** Of the predecessors the one that most people use: a million sessions of each would fill the machine. */
const STORES: readonly StoreName[] = ['lembro', 'floor', 'memorystore']
const TASKS = new URL('./operations.js', import.meta.url).href

export async function run(quick: boolean) {
  const sizes = quick ? [1000, 10_000] : [10_000, 1_000_000]
  const amounts = quick
    ? { rounds: 3, batches: 3, warmUp: 10 }
    : { rounds: 9, batches: 12, warmUp: 60 }
  return withChildren(STORES, TASKS, async (children) => {
    const by: Timed[] = []
    for (const sessions of sizes) by.push(await timeAll(children, TYPICAL, sessions, amounts))
    return { sizes, by }
  })
}

/** How many times as long an operation of a store takes at a size, the largest unless told, as at the smallest. */
export function growthOf(
  { by }: GrowthFigures,
  operation: OperationName,
  store: StoreName,
  size = by.length - 1,
): number {
  return ratio(by[size]?.[operation].ns[store], by[0]?.[operation].ns[store])
}

export function tables(figures: GrowthFigures): Table[] {
  const { sizes, by } = figures
  const cell = (operation: OperationName, store: StoreName, size: number) => {
    const ns = time(by[size]?.[operation].ns[store])
    return size === 0 ? ns : `${ns} (${digits(growthOf(figures, operation, store, size))})`
  }
  return [
    {
      title: `Growth: at ${sizes.map(count).join(', ')} typical sessions`,
      note: 'The time of one operation until its callback, and in brackets how many times that of the smallest store of the same kind.',
      head: ['', ...sizes.flatMap((size) => STORES.map((store) => `${store}, ${count(size)}`))],
      rows: OPERATION_NAMES.map((operation) => [
        operation,
        ...sizes.flatMap((_, size) => STORES.map((store) => cell(operation, store, size))),
      ]),
      spreads: by.flatMap((timed) => Object.values(timed).map(({ spread }) => spread)),
    },
  ]
}
