/** How noisy a section was: how far the rounds of its floor spread, and what was measured again for that. */

import { quantile } from './figures.js'

/** What came of a measurement, and how far the rounds of its floor spread. */
export interface Spread {
  readonly spread: number
}

/** If the rounds of a floor spread further than this, the machine had other things to do. */
const NOISY = 0.25

/** The distance between the quartiles of some rounds, as a share of their median: 0.1 if half of them lie within a tenth. `NaN` of less than two. */
export function spreadOf(rounds: readonly number[]): number {
  if (rounds.length < 2) return Number.NaN
  return (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / quantile(rounds, 0.5)
}

export class Noise {
  readonly #timesAgain: number
  readonly #kept: Spread[] = []
  #again = 0

  /** `timesAgain`: how often a noisy measurement is made again. */
  constructor(timesAgain: number) {
    this.#timesAgain = timesAgain
  }

  /** Makes measurements by their names; those that were noisy again, after all others, and keeps the quietest of each. */
  async quietest<Name extends string, Result extends Spread>(
    names: readonly Name[],
    measure: (name: Name) => Promise<Result>,
  ): Promise<Record<Name, Result>> {
    const kept = new Map<Name, Result>()
    let next = names
    for (let time = 0; time <= this.#timesAgain; time++) {
      if (time > 0) this.#again += next.length
      for (const name of next) {
        const result = await measure(name)
        const before = kept.get(name)
        if (before === undefined || result.spread < before.spread) kept.set(name, result)
      }
      next = names.filter((name) => isNoisy(kept.get(name)))
    }
    this.#kept.push(...kept.values())
    return Object.fromEntries(names.map((name) => [name, kept.get(name)])) as Record<Name, Result>
  }

  /** The spreads of what was kept, so far as they can be told: none, if the section has no floor. */
  get spreads(): readonly number[] {
    return this.#kept.map(({ spread }) => spread).filter((spread) => !Number.isNaN(spread))
  }

  /** How many measurements were made again, each as often as it was. */
  get again(): number {
    return this.#again
  }

  /** How many of those that were kept are noisy all the same. */
  get noisy(): number {
    return this.#kept.filter(isNoisy).length
  }
}

// If the spread can't be told, measuring again does not help.
function isNoisy(result: Spread | undefined): boolean {
  return result !== undefined && result.spread > NOISY
}
