/** The delay of the event loop, as Node's own histogram has it. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'

/** ms; without any delay at all it is the resolution, 1 ms and a bit. */
export interface Delays {
  readonly p99: number
  readonly longest: number
}

const NS_IN_MS = 1e6
/** A delay is only seen by the next turn of the histogram's own timer. */
const UNTIL_SEEN_MS = 20

export class DelayMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: 1 })

  /** Goes on watching, if it was stopped. */
  start(): void {
    this.#histogram.enable()
  }

  async stop(): Promise<void> {
    await setTimeout(UNTIL_SEEN_MS)
    this.#histogram.disable()
  }

  /** What was seen in all the time that it watched: `NaN` if that was too short. */
  get delays(): Delays {
    const { count, max } = this.#histogram
    if (count === 0) return { p99: Number.NaN, longest: Number.NaN }
    return { p99: this.#histogram.percentile(99) / NS_IN_MS, longest: max / NS_IN_MS }
  }
}
