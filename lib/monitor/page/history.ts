/** The last minutes: the points that the page has seen, and what happened between them per second. */

import type { Point } from '../sample'

export const WINDOW_MS = 5 * 60_000
/** Between points further apart than this the page did not watch. */
const GAP_MS = 5_000
const LEAST_SPAN_MS = 60_000

/** What happened per second. `null`: nobody watched, or the store began to count again. */
export interface Rates {
  readonly hits: number | null
  readonly misses: number | null
  readonly strangers: number | null
  readonly owned: number | null
  readonly expired: number | null
}

export interface Moment extends Rates {
  readonly at: number
  readonly bytes: number | null
}

const COUNTS = {
  hits: (point: Point) => point.hits,
  misses: (point: Point) => point.misses,
  strangers: (point: Point) => point.evicted?.anonymous,
  owned: (point: Point) => point.evicted?.owned,
  expired: (point: Point) => point.expired,
}

const NO_RATES: Rates = { hits: null, misses: null, strangers: null, owned: null, expired: null }

export class History {
  #points: Point[] = []

  /** Takes in what is newer than what it has. */
  add(points: readonly Point[]): void {
    const last = this.#points.at(-1)?.at ?? Number.NEGATIVE_INFINITY
    const all = [...this.#points, ...points.filter(({ at }) => at > last)]
    const end = all.at(-1)?.at ?? 0
    this.#points = all.filter(({ at }) => at > end - WINDOW_MS)
  }

  get points(): readonly Point[] {
    return this.#points
  }

  /** The first instant and the last that a chart shows: at least a minute. */
  get span(): [number, number] {
    const [first, last] = [this.#points[0]?.at ?? 0, this.#points.at(-1)?.at ?? 0]
    return [Math.min(first, last - LEAST_SPAN_MS), last]
  }

  /** What the charts draw, the oldest first. */
  moments(): Moment[] {
    const moments: Moment[] = []
    let before: Point | undefined
    for (const point of this.#points) {
      const watched = before !== undefined && point.at - before.at <= GAP_MS
      if (before !== undefined && !watched)
        moments.push({ at: before.at + 1, bytes: null, ...NO_RATES })
      const rates = watched && before ? ratesBetween(before, point) : NO_RATES
      moments.push({ at: point.at, bytes: point.bytes ?? null, ...rates })
      before = point
    }
    return moments
  }

  /** How much a count has grown in the time that is seen, a store that began again included. */
  growth(count: (point: Point) => number | undefined): number {
    let grown = 0
    let before: number | undefined
    for (const point of this.#points) {
      const now = count(point)
      if (now === undefined) continue
      if (before !== undefined) grown += now < before ? now : now - before
      before = now
    }
    return grown
  }
}

function ratesBetween(from: Point, to: Point): Rates {
  const seconds = (to.at - from.at) / 1_000
  const rates = Object.entries(COUNTS).map(([name, count]) => {
    const [before, now] = [count(from), count(to)]
    const known = before !== undefined && now !== undefined && now >= before
    return [name, known ? (now - before) / seconds : null]
  })
  return Object.fromEntries(rates) as unknown as Rates
}
