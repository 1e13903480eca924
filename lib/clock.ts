/** The time: the only file that reads it and sets timers; and long work in slices of 2 ms. */

import { AsyncResource } from 'node:async_hooks'
import * as timers from 'node:timers'

/** The longest delay of a Node timer; a longer one would fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1
/** The longest a slice may hold the event loop, in ms (plus one step). */
export const SLICE_MS = 2

/** As they were when this was loaded: a test that fakes the global ones must not stop a store. */
export const { setImmediate } = timers
export const { nextTick } = process
const own: Timers = { setTimeout: timers.setTimeout, clearTimeout: timers.clearTimeout }

type Timers = Pick<typeof globalThis, 'setTimeout' | 'clearTimeout'>

export interface Clock {
  /** The wall clock in ms, as cookies use it. */
  now(): number
  /** Ms that only go forward, to measure with. */
  elapsed(): number
  /** Calls back once after `ms`, clamped to {@link LONGEST_DELAY}, without keeping the process alive unless `keepsAlive`. Returns what cancels it. */
  after(ms: number, callback: () => void, keepsAlive?: boolean): () => void
  /** As `after`, by the timers that are global by then: where a test fakes those, its time purges. Keeps no process alive. */
  globalAfter(ms: number, callback: () => void): () => void
  /** Calls back when the event loop has come round once. */
  breathe(callback: () => void): void
}

// Ended at once, or a search for open handles, as Jest's, would take it for one. It serves all the same.
const nobody = new AsyncResource('lembro')
nobody.emitDestroy()

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after: (ms, callback, keepsAlive = false) => arm(own, ms, callback, keepsAlive),
  globalAfter: (ms, callback) => arm(globalThis, ms, callback, false),
  breathe(callback) {
    setImmediate(callback)
  },
}

function arm(
  { setTimeout, clearTimeout }: Timers,
  ms: number,
  callback: () => void,
  keepsAlive: boolean,
): () => void {
  // Not in the async context of the request that happens to need it, which it would keep alive.
  const timer = nobody.runInAsyncScope(setTimeout, null, callback, Math.min(ms, LONGEST_DELAY))
  // A faked one may be a mere number.
  if (!keepsAlive) (timer as Partial<NodeJS.Timeout>).unref?.()
  return () => clearTimeout(timer)
}

/**
 * Repeats `step` until it returns false, then calls `done`. The first slice runs before this
 * returns, so that small work is over by then; the rest follows slice by slice.
 */
export function inSlices(clock: Clock, step: () => boolean, done: () => void): void {
  const slice = () => {
    const end = clock.elapsed() + SLICE_MS
    do {
      if (!step()) return done()
    } while (clock.elapsed() < end)
    clock.breathe(slice)
  }
  slice()
}

/** Whole seconds that only go forward, whatever the wall clock does: that one is cheaper to read, and tells whether the second is over. */
export class Seconds {
  /** The second that was read last. */
  latest = 0
  /** The wall clock between these two is in that second. */
  #from = 0
  #to = 0

  constructor(private readonly clock: Clock) {}

  /** `now`: what the wall clock says, if it has been read already. */
  read(now = this.clock.now()): number {
    if (now < this.#from || now >= this.#to) {
      const elapsed = this.clock.elapsed()
      this.latest = Math.floor(elapsed / 1000)
      this.#from = now
      this.#to = now + 1000 - (elapsed % 1000)
    }
    return this.latest
  }
}
