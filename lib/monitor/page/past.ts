/** The last minutes as a table: a row for each quarter of a minute that is over, the newest first. */

import { byId, make } from './elements'
import type { History, Moment } from './history'
import { bytes, rate, time } from './words'

const ROW_MS = 15_000
const MOST_ROWS = 20

let newest = 0

/** Adds the rows that are due. Rows that stand are left alone: somebody may be reading them. */
export function showPast(history: History): void {
  const body = byId('past')
  const periods = Map.groupBy(history.moments(), ({ at }) => Math.ceil(at / ROW_MS) * ROW_MS)
  const now = history.points.at(-1)?.at ?? 0
  for (const [end, moments] of periods) {
    if (end <= newest || end > now) continue
    newest = end
    body.prepend(rowOf(end, moments))
  }
  while (body.children.length > MOST_ROWS) body.lastElementChild?.remove()
}

function rowOf(end: number, moments: readonly Moment[]): HTMLElement {
  const held = moments.findLast((moment) => moment.bytes !== null)?.bytes
  const averages = (['hits', 'misses', 'strangers', 'owned', 'expired'] as const).map((name) =>
    averageOf(moments.map((moment) => moment[name])),
  )
  const heading = make('th', '', time(end))
  heading.setAttribute('scope', 'row')
  const cells = [held == null ? '–' : bytes(held), ...averages]
  return make('tr', '', heading, ...cells.map((text) => make('td', '', text)))
}

function averageOf(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return '–'
  return rate(known.reduce((sum, value) => sum + value, 0) / known.length)
}
