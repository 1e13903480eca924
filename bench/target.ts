/** A target: what is measured for it, and how far that is from it. */

import { digits } from './figures.js'
import type { Contender, ShapeFigures } from './sections/operations.js'
import type { Results } from './sections.js'

export interface Measured {
  /** One for each size, shape, store or long work that the target is for. */
  readonly figures: readonly number[]
  readonly shown: string
}

export interface Target {
  readonly what: string
  readonly target: string
  readonly least?: number
  readonly most?: number
  /** `undefined` if its section was not run. */
  measure(results: Results): Measured | undefined
  /** Why it is not reached, if it is out of reach. */
  readonly heldBy?: string
}

export function verdict(target: Target, measured: Measured): string {
  const worst = share(target, measured)
  if (worst >= 1) return 'yes'
  const by = Math.round((1 / worst - 1) * 100)
  return Number.isFinite(by) ? `no, by ${by < 1 ? '<1' : by}%` : 'no'
}

/** How much of the target the worst of the figures reaches. */
export function share(
  { least = -Infinity, most = Infinity }: Target,
  { figures }: Measured,
): number {
  return Math.min(
    ...figures.map((figure) =>
      figure < least ? figure / least : figure <= most ? 1 : most / figure,
    ),
  )
}

/** A figure for each size of owned sessions, from the ns that its operations take. */
export function ofSizes(
  operations: Results['operations'],
  figure: (ns: ShapeFigures['ns']) => number,
): Measured | undefined {
  const owned = operations?.filter((shape) => shape.owned)
  return owned && each(owned.map(({ size, ns }) => [size, figure(ns)]))
}

/** How many times as long an operation takes one contender as another. */
export function times(
  ns: ShapeFigures['ns'],
  operation: string,
  contender: Contender,
  other: Contender,
): number {
  const { medians } = ns[operation] ?? {}
  return (medians?.[contender] ?? Number.NaN) / (medians?.[other] ?? Number.NaN)
}

export function each(
  named: readonly (readonly [string, number])[],
  show: (figure: number) => string = digits,
): Measured {
  return {
    figures: named.map(([, figure]) => figure),
    shown: named.map(([name, figure]) => `${show(figure)} (${name})`).join(', '),
  }
}

export function only(figure: number, show: (figure: number) => string = digits): Measured {
  return { figures: [figure], shown: show(figure) }
}
