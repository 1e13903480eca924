/** Watches the turns of the event loop for the longest, and how much of it the process itself was to blame for. */

import { PerformanceObserver } from 'node:perf_hooks'

interface Turn {
  readonly from: number
  readonly to: number
  /** ms that all threads of the process were running. */
  readonly ran: number
}

/** The longest of the turns, in ms. */
export interface Longest {
  readonly whole: number
  /** The longest without garbage collection, and without the time in which the process did not run. */
  readonly own: number
}

/** Turns shorter than this, in ms, do not count as stalls. */
const WORTH_KEEPING_MS = 0.5

export class Watch {
  readonly #collections: { readonly from: number; readonly to: number }[] = []
  readonly #turns: Turn[] = []
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      this.#collections.push({ from: startTime, to: startTime + duration })
    }
  })
  #watching = true

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
    let last = performance.now()
    let usage = process.cpuUsage()
    const tick = () => {
      const now = performance.now()
      if (now - last >= WORTH_KEEPING_MS) {
        const { user, system } = process.cpuUsage(usage)
        this.#turns.push({ from: last, to: now, ran: (user + system) / 1000 })
      }
      last = performance.now()
      usage = process.cpuUsage()
      if (this.#watching) setImmediate(tick)
    }
    setImmediate(tick)
  }

  /** Ends the watch and gives the longest turn. */
  async end(): Promise<Longest> {
    this.#watching = false
    // Entries of the garbage collector are handed out late.
    await new Promise((resolve) => setTimeout(resolve, 50))
    this.#observer.disconnect()
    let whole = 0
    let own = 0
    for (const turn of this.#turns) {
      const ms = turn.to - turn.from
      whole = Math.max(whole, ms)
      const bound = Math.min(ms, turn.ran)
      if (bound > own) own = Math.max(own, Math.min(bound, ms - this.#collectedIn(turn)))
    }
    return { whole, own }
  }

  #collectedIn({ from, to }: Turn): number {
    let ms = 0
    for (const each of this.#collections) {
      ms += Math.max(0, Math.min(each.to, to) - Math.max(each.from, from))
    }
    return ms
  }
}
