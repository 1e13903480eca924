/** The heap that a session takes, and whether the bytes that lembro counts are those that the heap pays. */

import { withChild } from '../child.js'
import { digits, whole } from '../figures.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { type Shape, TYPICAL } from '../sessions.js'
import { COMPARED, type StoreName } from '../stores.js'
import type { Table } from '../table.js'
import type { Weight } from '../tasks/weigh.js'
import { inPairs } from '../turns.js'

export const SHAPES = {
  tiny: { characters: 40, owned: false },
  typical: TYPICAL,
  'typical, anonymous': { ...TYPICAL, owned: false },
  large: { characters: 10_240, owned: true },
  'two-byte': { characters: 250, owned: true, wide: true },
  'cut from two-byte texts': { ...TYPICAL, cut: 'from two bytes' },
  'cut from large requests': { ...TYPICAL, cut: 'from a request' },
} as const satisfies Record<string, Shape>

export type ShapeName = keyof typeof SHAPES
export type MemoryFigures = Readonly<Record<ShapeName, Readonly<Record<string, Weight>>>>

const NAMES = Object.keys(SHAPES) as ShapeName[]
/** Those of texts that would make a store hold more than it counts. */
export const HOSTILE: readonly ShapeName[] = NAMES.filter((name) => 'cut' in SHAPES[name])

export async function memory(scale: Scale, progress: Progress): Promise<MemoryFigures> {
  const figures = Object.fromEntries(NAMES.map((name) => [name, {}])) as Record<
    ShapeName,
    Record<string, Weight>
  >
  const all = NAMES.flatMap((name) => storesFor(name).map((store) => ({ name, store })))
  await inPairs(all, async ({ name, store }) => {
    progress.at(`${name} sessions in ${store}`)
    const input = { store, shape: SHAPES[name], sessions: scale.weighed }
    figures[name][store] = await withChild(['--expose-gc'], (child) => child.ask('weigh', input))
  })
  return figures
}

// The other stores do not claim to count the bytes of hostile texts.
function storesFor(name: ShapeName): readonly StoreName[] {
  return HOSTILE.includes(name) ? ['lembro', 'floor'] : COMPARED
}

export function memoryTables(figures: MemoryFigures): Table[] {
  const shapes = Object.entries(figures)
  return [
    {
      title: 'Memory: bytes of heap for each session',
      note: 'Each session was set by one request and touched by another. In brackets: how many times what lembro takes. An anonymous session is as long as a typical one. Of the last two kinds, the name of the owner and a note are slices of larger texts. Honesty is the heap grown, divided by `stats().bytes`.',
      head: ['', ...shapes.map(([name]) => name)],
      rows: [
        ...COMPARED.map((store) => [
          store,
          ...shapes.map(([, of]) => beside(of[store]?.each, of.lembro?.each, store)),
        ]),
        ['honesty of lembro', ...shapes.map(([, of]) => digits(of.lembro?.honesty))],
      ],
    },
  ]
}

function beside(bytes: number | undefined, lembro = Number.NaN, store: StoreName): string {
  if (bytes === undefined) return '-'
  return store === 'lembro' ? whole(bytes) : `${whole(bytes)} (${digits(bytes / lembro)})`
}
