/** Figures: their median, and how people read them. */

/** The middle of some figures; `NaN` of none. */
export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5)
}

/** The figure that this share of them is no larger than, between two of them if need be; `NaN` of none. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const lower = sorted[Math.floor(place)] ?? Number.NaN
  const upper = sorted[Math.ceil(place)] ?? Number.NaN
  return lower + (upper - lower) * (place - Math.floor(place))
}

/** The figure that 99 of a hundred are no larger than; `NaN` of none. */
export function p99(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}

/** A figure with three significant digits, or a dash if there is none. */
export function digits(figure: number | undefined): string {
  if (figure === undefined || !Number.isFinite(figure)) return '-'
  const places = Math.abs(figure) >= 99.95 ? 0 : Math.abs(figure) >= 9.995 ? 1 : 2
  return grouped(figure.toFixed(places))
}

/** ns as `240 ns` or `3.21 µs`. */
export function time(ns: number | undefined): string {
  if (ns === undefined || !Number.isFinite(ns)) return '-'
  return ns < 999.5 ? `${ns.toFixed(0)} ns` : `${digits(ns / 1000)} µs`
}

export function whole(figure: number): string {
  return Number.isFinite(figure) ? grouped(figure.toFixed(0)) : '-'
}

export function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? `${grouped(ms.toFixed(ms < 99.95 ? 1 : 0))} ms` : '-'
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(share > 0.9995 ? 0 : 1)}%` : '-'
}

/** `10k`, `1M`. */
export function count(figure: number): string {
  return figure >= 1e6 ? `${figure / 1e6}M` : figure >= 1e3 ? `${figure / 1e3}k` : String(figure)
}

function grouped(text: string): string {
  return text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',')
}
