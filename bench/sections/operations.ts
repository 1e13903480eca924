/** What each operation costs, for sessions of several sizes, with owners and without. */

import { digits, percent, time } from '../figures.js'
import type { Noise } from '../noise.js'
import { STORE_OPERATIONS } from '../operations.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import type { Shape } from '../sessions.js'
import { COMPARED, PEERS, STORE_NAMES, type StoreName } from '../stores.js'
import type { Table } from '../table.js'
import { type Field, type Medians, type Turns, takeTurns, withField } from '../turns.js'

export interface ShapeFigures {
  readonly size: string
  readonly owned: boolean
  /** ns of each operation, its deferred callback included; beside that of the callback alone. */
  readonly ns: Readonly<Record<string, Turns<Contender>>>
}

/** The stores, and the deferred callback alone in the process of the floor. */
export type Contender = StoreName | 'callback'

const SIZES = { '200 B': 200, '1 KB': 1024, '10 KB': 10_240 } as const
/** Larger sessions take longer, so that fewer will do. */
const LARGE = 5000
const LARGE_SHARE = 1 / 5

export async function operations(
  scale: Scale,
  progress: Progress,
  noise: Noise,
): Promise<ShapeFigures[]> {
  const figures: ShapeFigures[] = []
  for (const [size, characters] of Object.entries(SIZES)) {
    for (const owned of [true, false]) {
      if (!scale.allShapes && !owned) continue
      const which = `${size}, ${owned ? 'owned' : 'anonymous'}`
      const at = (what: string) => progress.at(`${which}: ${what}`)
      const shape = { characters, owned }
      // The other ways to use lembro differ in nothing that an owner has to do with.
      const ns = await withField(owned ? STORE_NAMES : COMPARED, (field) =>
        timeAll(field, shape, scale, at, noise),
      )
      figures.push({ size, owned, ns })
    }
  }
  return figures
}

async function timeAll(
  field: Field,
  shape: Shape,
  scale: Scale,
  at: (what: string) => void,
  noise: Noise,
): Promise<ShapeFigures['ns']> {
  const share = shape.characters >= LARGE ? LARGE_SHARE : 1
  const sessions = Math.ceil(scale.sessions * share)
  const batches = Math.ceil(scale.batches * share)
  at('filling')
  await field.prepare((store, child) => child.ask('grow', { store, shape, sessions }))
  const contenders: readonly Contender[] = [...field.stores, 'callback']
  return noise.quietest(STORE_OPERATIONS, async (operation) => {
    at(operation)
    const measure = (contender: Contender, batches: number) =>
      contender === 'callback'
        ? field.child('floor').ask('measure', { operation: 'callback alone', batches })
        : field.child(contender).ask('measure', { operation, batches })
    await field.prepare((store) => measure(store, Math.ceil(scale.warmUp * share)))
    await measure('callback', scale.warmUp)
    return takeTurns(contenders, 'floor', scale.rounds, (each) => measure(each, batches))
  })
}

/** A table for each shape. */
export function operationTables(figures: readonly ShapeFigures[]): Table[] {
  return figures.map(({ size, owned, ns }) => ({
    title: `Operations: sessions of ${size}, ${owned ? 'with' : 'without'} owners`,
    note: `The time of one operation until its callback, of which some ${time(ns.touch?.medians.callback)} are the deferred callback that every store gives. In brackets: how many times lembro's time.${owned ? ' "Merge" is lembro with `onConflict: \'merge\'`, where nothing conflicts; "elsewhere" is lembro bound to another copy of express-session.' : ''} "Spread" is that of the floor's rounds.`,
    head: [
      ...['', 'lembro', 'of the floor', 'spread'],
      ...othersOf(owned).map((name) => name.replace('lembro ', '')),
    ],
    rows: Object.entries(ns).flatMap(([operation, { medians, spread }]) =>
      operation === 'touch'
        ? [
            row('touch', medians, spread, owned),
            row('touch, without its callback', withoutCallback(medians), spread, owned),
          ]
        : [row(operation, medians, spread, owned)],
    ),
  }))
}

function othersOf(owned: boolean): readonly StoreName[] {
  return [...(owned ? (['lembro merge', 'lembro elsewhere'] as const) : []), 'floor', ...PEERS]
}

function row(name: string, ns: Medians<Contender>, spread: number, owned: boolean): string[] {
  return [
    ...[name, time(ns.lembro), digits(ns.lembro / ns.floor), percent(spread)],
    ...othersOf(owned).map((other) => `${time(ns[other])} (${digits(ns[other] / ns.lembro)})`),
  ]
}

function withoutCallback(ns: Medians<Contender>): Medians<Contender> {
  const net = Object.entries(ns).map(([name, each]) => [name, each - ns.callback])
  return Object.fromEntries(net) as Medians<Contender>
}
