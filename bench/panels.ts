/** What the chart shows of a run: a panel for each figure that matters, a bar for each store. */

import { milliseconds, percent, time, whole } from './figures.js'
import type { Results } from './sections.js'
import { COMPARED } from './stores.js'

export interface Bar {
  readonly store: string
  readonly figure: number
}

export interface Panel {
  readonly title: string
  /** What the bars say, and which way is better. */
  readonly better: string
  readonly bars: readonly Bar[]
  show(figure: number): string
  /** Whether the scale is logarithmic, for bars that differ by powers of ten. */
  readonly logarithmic?: boolean
}

/** The panels of those sections that were run. */
export function panelsOf({ operations, memory, stalls, floods }: Results): Panel[] {
  const panels: Panel[] = []
  const [typical] = operations ?? []
  const size = typical?.size ?? ''
  for (const operation of ['touch', 'read request']) {
    const ns = typical?.ns[operation]?.medians
    if (ns === undefined) continue
    const what = operation === 'touch' ? 'A touch' : 'A read request'
    panels.push({
      title: `${what} of a ${size} session`,
      better: 'time until its callback: shorter is better',
      bars: barsOf(ns),
      show: time,
    })
  }
  if (memory !== undefined) {
    panels.push({
      title: 'The heap that a typical session takes',
      better: 'bytes: fewer is better',
      bars: barsOf(memory.typical, ({ each }) => each),
      show: whole,
    })
  }
  const [stall] = stalls ?? []
  if (stall !== undefined) {
    const works = { fill: 'while filling past the room', purge: 'while everything expires' }
    for (const work of ['fill', 'purge'] as const) {
      panels.push({
        title: `The longest stall, ${stall.sessions.toLocaleString('en')} sessions`,
        better: `${works[work]}, logarithmic: shorter is better`,
        bars: barsOf(stall.works[work], ({ whole }) => whole),
        show: milliseconds,
        logarithmic: true,
      })
    }
  }
  if (floods !== undefined) {
    panels.push({
      title: 'Members who stay signed in through a flood',
      better: 'visits that find their session: more is better',
      // A store without a bound loses no session, until the process runs out of memory.
      bars: barsOf(floods.found, ({ strangers }) => strangers.members).filter(
        ({ store }) => store !== 'MemoryStore',
      ),
      show: percent,
    })
  }
  return panels
}

function barsOf<Figure>(
  figures: Readonly<Record<string, Figure>>,
  of: (figure: Figure) => number = Number,
): Bar[] {
  return COMPARED.flatMap((store) => {
    const figure = figures[store]
    return figure === undefined ? [] : [{ store, figure: of(figure) }]
  })
}
