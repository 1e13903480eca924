/** Who may stay when strangers flood the store: whether members find their sessions, and strangers can sign in. */

import { withChild } from '../child.js'
import { percent, whole } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { COMPARED } from '../stores.js'
import type { Table } from '../table.js'
import type { FloodOf, Found } from '../tasks/flood.js'
import { inPairs } from '../turns.js'

export interface FloodFigures {
  readonly sessions: number
  readonly found: Readonly<Record<string, Readonly<Record<FloodOf, Found>>>>
}

const STORES = COMPARED.filter((name) => name !== 'floor')

export async function floods(scale: Scale, progress: Progress): Promise<FloodFigures> {
  const found: Record<string, Record<FloodOf, Found>> = {}
  await inPairs(STORES, async (store) => {
    progress.at(store)
    const flood = (of: FloodOf) =>
      withChild([], (child) => child.ask('flood', { store, sessions: scale.flood, of }))
    found[store] = {
      strangers: await flood('strangers'),
      newcomers: await flood('newcomers'),
      'one account': await flood('one account'),
    }
  })
  return { sessions: scale.flood, found }
}

export function floodTables({ sessions, found }: FloodFigures): Table[] {
  const lostCount = Number.isNaN(found['express-lembro']?.newcomers.counted)
    ? " express-lembro's count of its bytes turns `NaN` with the first session that is set again, which is the first sign-in: from then on it bounds nothing."
    : ''
  return [
    {
      title: 'Floods: who is still known',
      note: `1,000 members, room for 5,000 sessions, 500 strangers between every 50 visits of members, ${sessions.toLocaleString('en')} strangers in all. Then the same flood again, in which one of each 500 strangers signs in when 100 others have come after, and comes back when 100 more have. Then as many sign-ins of one account.${lostCount} MemoryStore has no bound: it loses nobody and grows until the process ends.`,
      head: [
        '',
        'visits of members that found the session',
        'strangers who could sign in',
        'sessions held after that',
        'the same visits, one account floods',
      ],
      rows: STORES.map((store) => [
        store,
        percent(found[store]?.strangers.members ?? NaN),
        percent(found[store]?.newcomers.newcomers ?? NaN),
        whole(found[store]?.newcomers.held ?? NaN),
        percent(found[store]?.['one account'].members ?? NaN),
      ]),
    },
  ]
}
