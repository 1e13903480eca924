/** What an operation costs as the store grows. */

import { count, digits, time } from '../figures.js'
import { STORE_OPERATIONS } from '../operations.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { TYPICAL } from '../sessions.js'
import { STORE_NAMES, type StoreName } from '../stores.js'
import type { Table } from '../table.js'
import { type Medians, takeTurns, withField } from '../turns.js'

export interface GrowthFigures {
  readonly sizes: readonly number[]
  /** ns by operation, for each of the sizes. */
  readonly ns: Readonly<Record<string, readonly Medians<StoreName>[]>>
}

const STORES = STORE_NAMES.filter((name) => name !== 'lembro merge')

export function growth(scale: Scale, progress: Progress): Promise<GrowthFigures> {
  return withField(STORES, async (field) => {
    const ns: Record<string, Medians<StoreName>[]> = {}
    for (const sessions of scale.growth) {
      progress.at(`filling up to ${count(sessions)}`)
      await field.prepare((store, child) => child.ask('grow', { store, shape: TYPICAL, sessions }))
      for (const operation of STORE_OPERATIONS) {
        progress.at(`${count(sessions)}: ${operation}`)
        const measure = (store: StoreName, batches: number) =>
          field.child(store).ask('measure', { operation, batches })
        await field.prepare((store) => measure(store, scale.warmUp))
        const medians = await takeTurns(field.stores, scale.rounds, (store) =>
          measure(store, scale.batches),
        )
        ns[operation] = [...(ns[operation] ?? []), medians]
      }
    }
    return { sizes: scale.growth, ns }
  })
}

export function growthTables({ sizes, ns }: GrowthFigures): Table[] {
  const columns = sizes.map(count)
  return [
    {
      title: `Growth: at ${columns.join(', ')} typical sessions`,
      note: 'The time of one operation until its callback. In brackets: how many times that of the smallest store of the same kind.',
      head: ['', ...STORES],
      rows: Object.entries(ns).flatMap(([operation, bySize]) =>
        bySize.map((medians, i) => [
          `${operation}, ${columns[i]}`,
          ...STORES.map((store) =>
            i === 0 ? time(medians[store]) : grown(medians[store], bySize[0]?.[store]),
          ),
        ]),
      ),
    },
  ]
}

function grown(ns: number, first = Number.NaN): string {
  return `${time(ns)} (${digits(ns / first)})`
}
