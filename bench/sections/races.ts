/** What parallel requests do to one session: whether a slow one undoes a logout, and whether changes are lost. */

import { withChild } from '../child.js'
import { percent } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { STORE_NAMES } from '../stores.js'
import type { Table } from '../table.js'
import type { Raced } from '../tasks/race.js'
import { inPairs } from '../turns.js'

export type RaceFigures = Readonly<Record<string, Raced>>

const STORES = STORE_NAMES.filter((name) => name !== 'floor' && name !== 'lembro elsewhere')

export async function races(_scale: Scale, progress: Progress): Promise<RaceFigures> {
  const figures: Record<string, Raced> = {}
  await inPairs(STORES, async (store) => {
    progress.at(store)
    figures[store] = await withChild([], (child) => child.ask('race', { store }))
  })
  return figures
}

export function raceTables(figures: RaceFigures): Table[] {
  return [
    {
      title: 'Races: two requests with one session',
      note: 'Each of 200 sessions is loaded by a request, destroyed by another, and then saved by the first: a logout sticks if the session is not back. Each of 200 others is loaded by two requests; each changes another key and saves.',
      head: ['', 'logouts that stick', 'changes of both kept'],
      rows: STORES.map((store) => [
        store,
        percent(figures[store]?.logouts ?? NaN),
        percent(figures[store]?.changes ?? NaN),
      ]),
    },
  ]
}
