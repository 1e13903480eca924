/** What the page is told: numbers out of `stats()`, each named here. Nothing else leaves the server. */

import type { Figures } from '../metrics/figures'

/** The figures of one moment, in ms. A `maxBytes` of `null` is no limit. */
export interface Sample extends Omit<Figures, 'maxBytes'> {
  readonly at: number
  readonly maxBytes?: number | null
}

/** What the charts of the past need of a sample. */
export type Point = Pick<Sample, (typeof CHARTED)[number]>

type Shape<T> = {
  readonly [K in keyof T]-?: NonNullable<T[K]> extends object ? Shape<NonNullable<T[K]>> : 'figure'
}

const FIGURE = 'figure'

const SHAPE: Shape<Figures> = {
  sessions: FIGURE,
  anonymous: FIGURE,
  owned: FIGURE,
  newcomers: FIGURE,
  members: FIGURE,
  bytes: FIGURE,
  maxBytes: FIGURE,
  hits: FIGURE,
  misses: FIGURE,
  sets: FIGURE,
  touches: FIGURE,
  destroyed: FIGURE,
  expired: FIGURE,
  evicted: { anonymous: FIGURE, owned: FIGURE, members: FIGURE, perOwner: FIGURE },
  refused: { tooBig: FIGURE, destroyed: FIGURE },
  conflicts: FIGURE,
  reduces: FIGURE,
  lastReduce: { from: FIGURE, to: FIGURE, evicted: FIGURE, ms: FIGURE },
  lastPurge: { expired: FIGURE, ms: FIGURE },
  lastEvicted: { anonymous: FIGURE, owned: FIGURE },
  save: {
    saving: FIGURE,
    bytes: FIGURE,
    pending: FIGURE,
    lastSave: FIGURE,
    lastCompaction: { from: FIGURE, to: FIGURE, ms: FIGURE },
    damaged: FIGURE,
    unread: FIGURE,
  },
  near: {
    hits: FIGURE,
    loads: FIGURE,
    invalidations: FIGURE,
    losses: FIGURE,
    connected: FIGURE,
    coherent: FIGURE,
  },
  shared: { process: FIGURE, waiting: FIGURE },
}

const CHARTED = [
  'at',
  'bytes',
  'maxBytes',
  'sessions',
  'hits',
  'misses',
  'evicted',
  'expired',
  'refused',
] as const satisfies readonly (keyof Sample)[]

export function sampleOf(figures: Figures, at: number): Sample {
  return { at, ...(pick(SHAPE, figures) as Omit<Sample, 'at'>) }
}

export function pointOf(sample: Sample): Point {
  return Object.fromEntries(CHARTED.map((name) => [name, sample[name]])) as unknown as Point
}

/** The numbers, the booleans and the nulls of `value` that the shape names. */
export function pick(shape: object, value: object): Record<string, unknown> {
  const picked: Record<string, unknown> = {}
  for (const [name, part] of Object.entries(shape)) {
    const given = (value as Record<string, unknown>)[name]
    if (isPlain(given)) picked[name] = given
    else if (part !== FIGURE && typeof given === 'object') {
      picked[name] = pick(part as object, given as object)
    }
  }
  return picked
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'boolean'
}

/** The figures of a report of the store, for who asked for it. */
export function reportOf(kind: 'lastReduce' | 'lastPurge', report: object): object {
  return pick(SHAPE[kind], report)
}
