/** The time: the only file that reads it and sets timers. */

import { AsyncResource } from 'node:async_hooks'

/** The longest delay of a Node timer; a longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1

export interface Clock {
  /** The wall clock in ms, as cookies use it. */
  now(): number
  /** Ms that only go forward, to measure with. */
  elapsed(): number
  /** Calls back once after `ms`, clamped to {@link LONGEST_DELAY}, without keeping the process alive unless `keepsAlive`. Returns what cancels it. */
  after(ms: number, callback: () => void, keepsAlive?: boolean): () => void
  /** Calls back when the event loop has come round once. */
  breathe(callback: () => void): void
}

const nobody = new AsyncResource('lembro')

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback, keepsAlive = false) {
    // Not in the async context of the request that happens to need it, which it would keep alive.
    const timer = nobody.runInAsyncScope(setTimeout, null, callback, Math.min(ms, LONGEST_DELAY))
    if (!keepsAlive) timer.unref()
    return () => clearTimeout(timer)
  },
  breathe(callback) {
    setImmediate(callback)
  },
}
