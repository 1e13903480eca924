/** Who may stay when strangers flood the store: whether members find their sessions, and strangers can sign in. */

import { withChild } from '../child.js'
import { percent } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { STORE_NAMES } from '../stores.js'
import type { Table } from '../table.js'
import type { Found } from '../tasks/flood.js'
import { inPairs } from '../turns.js'

export interface FloodFigures {
  readonly strangers: number
  readonly found: Readonly<Record<string, Found>>
}

// Those that hold no bound lose nobody, until the process runs out of memory.
const STORES = STORE_NAMES.filter(
  (name) => name !== 'lembro merge' && name !== 'floor' && name !== 'MemoryStore',
)

export async function floods(scale: Scale, progress: Progress): Promise<FloodFigures> {
  const found: Record<string, Found> = {}
  await inPairs(STORES, async (store) => {
    progress.at(store)
    const input = { store, strangers: scale.strangers }
    found[store] = await withChild([], (child) => child.ask('flood', input))
  })
  return { strangers: scale.strangers, found }
}

export function floodTables({ strangers, found }: FloodFigures): Table[] {
  return [
    {
      title: 'Floods: who is still known',
      note: `1,000 members, room for 5,000 sessions, 500 strangers between every 50 visits of members, ${strangers.toLocaleString('en')} strangers in all. Strangers who sign in do so when 100 others have come after them, and come back when 100 more have. MemoryStore has no bound: it loses nobody and grows until the process ends.`,
      head: ['', 'visits of members that found the session', 'strangers who could sign in'],
      rows: STORES.map((store) => [
        store,
        percent(found[store]?.members ?? NaN),
        percent(found[store]?.newcomers ?? NaN),
      ]),
    },
  ]
}
