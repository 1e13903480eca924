/** Figures: their statistics, how people read them, and tables of them. */

import { markdownTable } from 'markdown-table'
import { interquartileRange, median } from 'simple-statistics'

export { mean, median, quantile } from 'simple-statistics'

/** The distance between the quartiles of some rounds, as a share of their median; `NaN` of less than two. */
export function spreadOf(rounds: number[]): number {
  return rounds.length < 2 ? Number.NaN : interquartileRange(rounds) / median(rounds)
}

/** The median of each figure of some runs. */
export function medians<Of extends object>(runs: readonly Of[]): Of {
  return mapValues(runs[0] as Readonly<Record<string, unknown>>, (_, name) =>
    median(runs.map((run) => Number(run[name as keyof Of]))),
  ) as Of
}

export function mapValues<Name extends string, Value, Result>(
  values: Readonly<Record<Name, Value>>,
  of: (value: Value, name: Name) => Result,
): Record<Name, Result> {
  const entries = Object.entries(values) as [Name, Value][]
  return Object.fromEntries(entries.map(([name, value]) => [name, of(value, name)])) as Record<
    Name,
    Result
  >
}

/** How many times the other figure one is; `NaN` if one of them is missing. */
export function ratio(figure = Number.NaN, other = Number.NaN): number {
  return figure / other
}

const threeDigits = new Intl.NumberFormat('en', {
  ...{ minimumSignificantDigits: 3, maximumSignificantDigits: 3 },
  ...{ maximumFractionDigits: 0, roundingPriority: 'morePrecision' },
})

// Figures that were kept as JSON have null for NaN.
const shown = (show: (figure: number) => string) => (figure: number | null | undefined) =>
  typeof figure === 'number' && Number.isFinite(figure) ? show(figure) : '-'

/** A figure with three significant digits; like those below, a dash if there is none. */
export const digits = shown((figure) => (figure === 0 ? '0' : threeDigits.format(figure)))
export const whole = shown((figure) => Math.round(figure).toLocaleString('en'))
/** ns as `240 ns` or `3.21 µs`. */
export const time = shown((ns) => (ns < 999.5 ? `${ns.toFixed(0)} ns` : `${digits(ns / 1000)} µs`))
export const milliseconds = shown((ms) => (ms < 99.95 ? `${ms.toFixed(1)} ms` : `${whole(ms)} ms`))
export const percent = shown((share) => `${(share * 100).toFixed(share > 0.9995 ? 0 : 1)}%`)
export interface Table {
  readonly title: string
  /** Says how the figures are to be read. */
  readonly note?: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** How far the rounds of the floor spread, of each measurement. */
  readonly spreads?: readonly number[]
}

/** As Markdown that can be read as it is: the first column to the left, the others to the right. */
export function toMarkdown(
  { title, note, head, rows, spreads = [] }: Table,
  level = '###',
): string {
  const told = spreads.filter(Number.isFinite)
  const noise =
    told.length > 0 &&
    `The rounds of the floor spread by ${percent(median(told))}${told.length > 1 ? `, at worst ${percent(Math.max(...told))}` : ''}.`
  const align = head.map((_, i) => (i === 0 ? 'l' : 'r'))
  return [
    `${level} ${title}`,
    [note, noise].filter(Boolean).join(' '),
    rows.length > 0 && markdownTable([head, ...rows], { align }),
  ]
    .filter(Boolean)
    .join('\n\n')
}
