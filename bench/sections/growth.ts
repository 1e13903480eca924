/** What an operation costs as the store grows. */

import { count, digits, percent, time } from '../figures.js'
import type { Noise } from '../noise.js'
import { STORE_OPERATIONS } from '../operations.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { TYPICAL } from '../sessions.js'
import type { StoreName } from '../stores.js'
import type { Table } from '../table.js'
import { type Turns, takeTurns, withField } from '../turns.js'

export interface GrowthFigures {
  readonly sizes: readonly number[]
  /** ns by operation, for each of the sizes. */
  readonly ns: Readonly<Record<string, readonly Turns<StoreName>[]>>
}

/** Of the predecessors the one that most people use: a million sessions of each would fill the machine. */
const STORES: readonly StoreName[] = ['lembro', 'floor', 'memorystore']

export function growth(scale: Scale, progress: Progress, noise: Noise): Promise<GrowthFigures> {
  return withField(STORES, async (field) => {
    const ns: Record<string, Turns<StoreName>[]> = {}
    for (const sessions of scale.growth) {
      progress.at(`filling up to ${count(sessions)}`)
      await field.prepare((store, child) => child.ask('grow', { store, shape: TYPICAL, sessions }))
      const turns = await noise.quietest(STORE_OPERATIONS, async (operation) => {
        progress.at(`${count(sessions)}: ${operation}`)
        const measure = (store: StoreName, batches: number) =>
          field.child(store).ask('measure', { operation, batches })
        await field.prepare((store) => measure(store, scale.warmUp))
        return takeTurns(field.stores, 'floor', scale.rounds, (store) =>
          measure(store, scale.batches),
        )
      })
      for (const [operation, each] of Object.entries(turns)) {
        ns[operation] = [...(ns[operation] ?? []), each]
      }
    }
    return { sizes: scale.growth, ns }
  })
}

/** How many times as long an operation of a store takes at the largest size as at the smallest. */
export function growthOf(bySize: readonly Turns<StoreName>[], store: StoreName): number {
  return (bySize.at(-1)?.medians[store] ?? NaN) / (bySize[0]?.medians[store] ?? NaN)
}

export function growthTables({ sizes, ns }: GrowthFigures): Table[] {
  const columns = sizes.map(count)
  return [
    {
      title: `Growth: at ${columns.join(', ')} typical sessions`,
      note: 'The time of one operation until its callback. In brackets: how many times that of the smallest store of the same kind. "Spread" is that of the floor\'s rounds.',
      head: ['', ...STORES, 'spread'],
      rows: Object.entries(ns).flatMap(([operation, bySize]) =>
        bySize.map((turns, i) => [
          `${operation}, ${columns[i]}`,
          ...STORES.map((store) => {
            const ns = time(turns.medians[store])
            return i === 0 ? ns : `${ns} (${digits(growthOf(bySize.slice(0, i + 1), store))})`
          }),
          percent(turns.spread),
        ]),
      ),
    },
  ]
}
