/** A clock that only a spec moves. */

import type { Clock } from '../../lib/clock'

/** The instant at which every spec's time stands. */
export const NOON = Date.UTC(2026, 0, 1, 12)

interface Timer {
  readonly at: number
  readonly delay: number
  readonly callback: () => void
}

export class FakeClock implements Clock {
  #now = NOON
  #elapsed = 0
  #worked = 0
  #timers: Timer[] = []
  #breaths: (() => void)[] = []

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#elapsed + this.#worked
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, delay: ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  globalAfter(ms: number, callback: () => void): () => void {
    return this.after(ms, callback)
  }

  breathe(callback: () => void): void {
    this.#breaths.push(callback)
  }

  /** The delays of the timers that are armed. */
  get armed(): number[] {
    return this.#timers.map(({ delay }) => delay)
  }

  /** Whether anything goes on after a breath. */
  get breathing(): boolean {
    return this.#breaths.length > 0
  }

  /** Lets time pass; the timers of that time fire, in order. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.#moveTo(Math.max(this.#now, next.at))
      next.callback()
    }
    this.#moveTo(end)
  }

  /** Sets the wall clock, forward or back, while no time passes. */
  set(now: number): void {
    this.#now = now
  }

  #moveTo(instant: number): void {
    this.#elapsed += instant - this.#now
    this.#now = instant
  }

  /** Uses up some of a slice: work takes so long, while the wall clock stands. */
  work(ms: number): void {
    this.#worked += ms
  }

  /** Lets the event loop come round once. */
  breatheOnce(): void {
    const breaths = this.#breaths
    this.#breaths = []
    for (const breath of breaths) breath()
  }

  /** Lets the event loop come round until nothing waits for it. Returns how often it did. */
  settle(): number {
    let turns = 0
    for (; this.breathing; turns++) this.breatheOnce()
    return turns
  }
}
