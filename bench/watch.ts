/** Watches a process for stalls: of its event loop, of single calls, and how much of each was garbage collection. */

import { PerformanceObserver } from 'node:perf_hooks'

interface Span {
  readonly from: number
  readonly to: number
}

/** The longest of its kind, in ms; `own` is the longest when garbage collection is taken out. */
export interface Longest {
  readonly whole: number
  readonly own: number
}

/** Spans shorter than this are nobody's stall. */
const WORTH_KEEPING_MS = 0.5

export class Watch {
  readonly #collections: Span[] = []
  readonly #turns: Span[] = []
  readonly #calls: Span[] = []
  readonly #observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      this.#collections.push({ from: startTime, to: startTime + duration })
    }
  })
  #watching = true
  #last = performance.now()

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
    const tick = () => {
      const now = performance.now()
      keep(this.#turns, this.#last, now)
      this.#last = now
      if (this.#watching) setImmediate(tick)
    }
    setImmediate(tick)
  }

  /** Times one call. */
  call<Value>(run: () => Value): Value {
    const from = performance.now()
    const value = run()
    keep(this.#calls, from, performance.now())
    return value
  }

  /** Ends the watch and gives the longest turn of the event loop and the longest call. */
  async end(): Promise<{ turn: Longest; call: Longest }> {
    this.#watching = false
    // Entries of the garbage collector are handed out late.
    await new Promise((resolve) => setTimeout(resolve, 50))
    this.#observer.disconnect()
    return { turn: this.#longest(this.#turns), call: this.#longest(this.#calls) }
  }

  #longest(spans: readonly Span[]): Longest {
    let whole = 0
    let own = 0
    for (const span of spans) {
      const ms = span.to - span.from
      whole = Math.max(whole, ms)
      if (ms > own) own = Math.max(own, ms - this.#collectedIn(span))
    }
    return { whole, own }
  }

  #collectedIn({ from, to }: Span): number {
    let ms = 0
    for (const each of this.#collections) {
      ms += Math.max(0, Math.min(each.to, to) - Math.max(each.from, from))
    }
    return ms
  }
}

function keep(spans: Span[], from: number, to: number): void {
  if (to - from >= WORTH_KEEPING_MS) spans.push({ from, to })
}
