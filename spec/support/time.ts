/** The wall clock and the timers under a spec's control, for all of the process: express-session's too. */

import type { TestContext } from 'node:test'

export const NOON = Date.UTC(2026, 0, 1, 12)

/** Stops the time at {@link NOON} for one test. Immediates go on, so callbacks come. */
export function stopTime(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: NOON })
  return {
    /** Lets time pass, timers included. */
    pass: (ms: number) => t.mock.timers.tick(ms),
  }
}

/** When the event loop has come round. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
