/** The lines of each chart: what they are called, their colours, and what they show of a moment. */

import type { Moment } from './history'
import { bytes, rate } from './words'

export interface Line {
  readonly term: string
  readonly colour: string
  readonly filled?: boolean
  read(moment: Moment): number | null
}

export interface ChartSpec {
  readonly id: string
  readonly lines: readonly Line[]
  readonly words: (value: number) => string
  /** The least that the scale reaches up to. */
  readonly least: number
}

export const CHARTS: readonly ChartSpec[] = [
  {
    id: 'memory',
    lines: [{ term: 'Held', colour: 'members', filled: true, read: (at) => at.bytes }],
    words: bytes,
    least: 1_024,
  },
  {
    id: 'reads',
    lines: [
      { term: 'Found', colour: 'members', filled: true, read: (at) => at.hits },
      { term: 'Not found', colour: 'newcomers', read: (at) => at.misses },
    ],
    words: rate,
    least: 1,
  },
  {
    id: 'gone',
    lines: [
      { term: 'Strangers', colour: 'strangers', filled: true, read: (at) => at.strangers },
      { term: 'Signed-in', colour: 'alarm', read: (at) => at.owned },
      { term: 'Expired', colour: 'expired', read: (at) => at.expired },
    ],
    words: rate,
    least: 1,
  },
]
