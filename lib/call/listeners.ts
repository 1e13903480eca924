/** Events for the application: what its listeners throw or reject with is reported and ends nothing. */

import { type EventEmitter, errorMonitor } from 'node:events'
import { isThenable } from '../settings/check'

/** Hears what a function of the application threw, or rejected with. */
export type Fault = (thrown: unknown) => void

/**
 * Calls the listeners of an event, each on its own, so that one that fails keeps no other from
 * hearing. What one throws, or rejects with, goes to `fault`.
 */
export function emitSafely(
  emitter: EventEmitter,
  event: string,
  details: readonly unknown[],
  fault: Fault,
): void {
  const watching = event === 'error' ? emitter.rawListeners(errorMonitor) : []
  for (const listener of [...watching, ...emitter.rawListeners(event)]) {
    callSafely(() => Reflect.apply(listener, emitter, details), fault)
  }
}

/** Calls a function of the application that nobody awaits. What it throws, or rejects with, goes to `fault`. */
export function callSafely(call: () => unknown, fault: Fault): void {
  try {
    const result = call()
    if (isThenable(result)) result.then(undefined, fault)
  } catch (thrown) {
    fault(thrown)
  }
}
