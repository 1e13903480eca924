/** Long work done in slices of a few ms, with a return to the event loop after each. */

import type { Clock } from './clock'

/** The longest a slice may hold the event loop, in ms (plus one step). */
export const SLICE_MS = 2

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
