/** What an operation costs as the store grows. */

import { withChildren } from '../child.js'
import { digits, ratio, type Table, time, whole } from '../figures.js'
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
  return withChildren(STORES, TASKS, async (children) => {
    const by: Timed[] = []
    for (const sessions of sizes)
      by.push(await timeAll(children, TYPICAL, sessions, quick ? 0 : 3 / 4))
    return { sizes, by }
  })
}

/** How many times as long an operation of a store takes when the store is large. */
export function growthOf({ by }: GrowthFigures, operation: OperationName, store: StoreName) {
  return ratio(by[1]?.[operation].ns[store], by[0]?.[operation].ns[store])
}

export function show(figures: GrowthFigures): Table {
  const { sizes, by } = figures
  const cell = (operation: OperationName, store: StoreName) => {
    const [few, many] = by.map((timed) => time(timed[operation].ns[store]))
    return `${few}, ${many} (${digits(growthOf(figures, operation, store))})`
  }
  return {
    title: `Growth: at ${sizes.map(whole).join(' and ')} typical sessions`,
    note: 'The time of one operation until its callback in the small store and in the large one, and in brackets how many times as long it takes there.',
    head: ['', ...STORES],
    rows: OPERATION_NAMES.map((operation) => [
      operation,
      ...STORES.map((store) => cell(operation, store)),
    ]),
    spreads: by.flatMap((timed) => Object.values(timed).map(({ spread }) => spread)),
  }
}
