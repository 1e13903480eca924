/** What the report says about how quiet the machine was. */

import { percent, quantile } from './figures.js'
import type { Noise } from './noise.js'
import type { SectionName } from './sections.js'
import type { Table } from './table.js'

/** How noisy each section was that was run. */
export type Noises = Readonly<Partial<Record<SectionName, Noise>>>

/** Why sections have no floor. */
const WITHOUT_FLOOR: Partial<Record<SectionName, string>> = {
  memory: 'no floor: bytes, not times',
  floods: 'no floor: shares, not times',
  races: 'no floor: shares, not times',
  redis: 'no floor: compared with connect-redis, once',
}

/** One sentence for the head of a report. */
export function quietness(noises: Noises): string {
  const all = Object.values(noises)
  const spreads = all.flatMap(({ spreads }) => spreads)
  if (spreads.length === 0) return 'Nothing in this run has a floor to tell it by.'
  const again = sum(all, ({ again }) => again)
  const noisy = sum(all, ({ noisy }) => noisy)
  const still = noisy === 0 ? 'no measurement' : `${noisy} of ${spreads.length} measurements`
  return `The rounds of the floor spread by ${percent(quantile(spreads, 0.5))}, the median of all measurements; ${again} were made again, and in ${still} they still spread by more than a quarter.`
}

export function quietnessTable(noises: Noises): Table {
  return {
    title: 'How quiet the machine was',
    note: `The spread is the distance between the quartiles of the floor's rounds, divided by their median: 10% if half of the rounds lie within a tenth. What spreads by more than a quarter is measured again after the others of its section, twice at most and never in a quick run, and the quietest is kept. Figures beside a noisy floor are to be read with care.`,
    head: [
      '',
      'measurements',
      'spread, median',
      'spread, worst',
      'made again',
      'noisy all the same',
    ],
    rows: Object.entries(noises).map(([name, noise]) =>
      noise.spreads.length === 0
        ? [name, WITHOUT_FLOOR[name as SectionName] ?? 'too few rounds to tell', '-', '-', '-', '-']
        : [
            ...[name, String(noise.spreads.length)],
            ...[quantile(noise.spreads, 0.5), Math.max(...noise.spreads)].map(percent),
            ...[noise.again, noise.noisy].map(String),
          ],
    ),
  }
}

function sum(noises: readonly Noise[], figure: (noise: Noise) => number): number {
  return noises.reduce((sum, noise) => sum + figure(noise), 0)
}
