/** The sampler: reads a store once a second for all who watch, and not at all while nobody does. */

import type { Clock } from '../clock'
import { type Point, pointOf, type Sample } from './sample'

export const SAMPLE_MS = 1_000
/** How far back the charts go. */
export const WINDOW_MS = 5 * 60_000

type Watcher = (sample: Sample) => void

export class Sampler {
  readonly #read: () => Sample
  readonly #clock: Clock
  readonly #watchers = new Set<Watcher>()
  #points: Point[] = []
  #latest: Sample | undefined
  #cancel: (() => void) | undefined

  constructor(read: () => Sample, clock: Clock) {
    this.#read = read
    this.#clock = clock
  }

  /** Calls `see` with each sample from now on, the current one first. Returns what ends it. */
  watch(see: Watcher): () => void {
    // Of its own, even if one function watches twice.
    const watcher: Watcher = (sample) => see(sample)
    this.#watchers.add(watcher)
    if (this.#cancel !== undefined && this.#latest !== undefined) watcher(this.#latest)
    else this.#sample()
    return () => {
      this.#watchers.delete(watcher)
      if (this.#watchers.size > 0) return
      this.#cancel?.()
      this.#cancel = undefined
    }
  }

  /** What was seen after an instant and within {@link WINDOW_MS}, the oldest first. */
  since(instant: number): Point[] {
    const from = Math.max(instant, this.#clock.now() - WINDOW_MS)
    return this.#points.filter(({ at }) => at > from)
  }

  #sample(): void {
    const sample = this.#read()
    this.#latest = sample
    this.#points = [...this.since(0), pointOf(sample)]
    this.#cancel = this.#clock.after(SAMPLE_MS, () => this.#sample())
    for (const watcher of this.#watchers) watcher(sample)
  }
}
