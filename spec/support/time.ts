/** The time under a spec's control. */

import type { TestContext } from 'node:test'
import { FakeClock } from './clock'

export { NOON } from './clock'

export interface StoppedTime {
  readonly clock: FakeClock
  /** Lets time pass, timers included, and what they began come to its end. */
  pass(ms: number): void
}

/**
 * Stops the time at {@link NOON} for one test: `clock` is for a store, and `Date` goes with it, since
 * express-session's cookies read that.
 */
export function stopTime(t: TestContext): StoppedTime {
  const clock = new FakeClock()
  t.mock.timers.enable({ apis: ['Date'], now: clock.now() })
  return {
    clock,
    pass(ms) {
      clock.pass(ms)
      t.mock.timers.setTime(clock.now())
      clock.settle()
    },
  }
}

/** When the event loop has come round. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
