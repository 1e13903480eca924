/** Who may stay when strangers flood the store: whether members find their sessions, and strangers can sign in. */

import { withChild } from '../child.js'
import { percent, whole } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { COMPARED } from '../stores.js'
import type { Table } from '../table.js'
import type { Found } from '../tasks/flood.js'
import { inPairs } from '../turns.js'

/** The same flood with members alone, and with strangers among it who sign in. */
interface Floods {
  readonly alone: Found
  readonly signingIn: Found
}

export interface FloodFigures {
  readonly strangers: number
  readonly found: Readonly<Record<string, Floods>>
}

const STORES = COMPARED.filter((name) => name !== 'floor')

export async function floods(scale: Scale, progress: Progress): Promise<FloodFigures> {
  const found: Record<string, Floods> = {}
  await inPairs(STORES, async (store) => {
    progress.at(store)
    const { strangers } = scale
    const flood = (newcomers: boolean) =>
      withChild([], (child) => child.ask('flood', { store, strangers, newcomers }))
    found[store] = { alone: await flood(false), signingIn: await flood(true) }
  })
  return { strangers: scale.strangers, found }
}

export function floodTables({ strangers, found }: FloodFigures): Table[] {
  const lostCount = Number.isNaN(found['express-lembro']?.signingIn.counted)
    ? " express-lembro's count of its bytes turns `NaN` with the first session that is set again, which is the first sign-in: from then on it bounds nothing."
    : ''
  return [
    {
      title: 'Floods: who is still known',
      note: `1,000 members, room for 5,000 sessions, 500 strangers between every 50 visits of members, ${strangers.toLocaleString('en')} strangers in all. Then the same flood again, in which one of each 500 strangers signs in when 100 others have come after, and comes back when 100 more have.${lostCount} MemoryStore has no bound: it loses nobody and grows until the process ends.`,
      head: [
        '',
        'visits of members that found the session',
        'strangers who could sign in',
        'sessions held after that',
      ],
      rows: STORES.map((store) => [
        store,
        percent(found[store]?.alone.members ?? NaN),
        percent(found[store]?.signingIn.newcomers ?? NaN),
        whole(found[store]?.signingIn.held ?? NaN),
      ]),
    },
  ]
}
