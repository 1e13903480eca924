/** How a verb ends: its callback called once and later, or a promise; and who hears of a failure. */

import { AsyncResource } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import { gotKind } from '../settings/check'
import { warnOnce } from '../settings/warn'
import { emitSafely } from './listeners'

/** A Node callback: an error or `null`, and then the value. */
export type Callback<Value = void> = (error: Error | null, value: Value) => void

/** Ends a long verb. */
export type End<Value> = (error: Error | null, value?: Value) => void

/** @internal */
export class Answers {
  readonly #emitter: EventEmitter

  constructor(emitter: EventEmitter) {
    this.#emitter = emitter
  }

  /**
   * Ends a verb: calls the callback asynchronously and outside of any `try`, so that an error of
   * the application is never taken for one of the verb; without a callback gives a promise. One
   * that fails and that nobody awaits is reported, and is no unhandled rejection: it must not end
   * the process of an application whose former store ignored what nobody asked for.
   */
  give<Value>(callback: unknown, error: Error | null, value?: Value): Promise<Value> | undefined {
    if (typeof callback !== 'function') return this.#promise(error, value as Value)
    if (error === null) {
      setImmediate(callback as Callback<Value>, null, value as Value)
    } else {
      this.#tell(error)
      setImmediate(callback as (error: Error) => void, error)
    }
    return undefined
  }

  /** As `give`, for a verb that ends when `start` calls the function it gets. */
  later<Value>(callback: unknown, start: (end: End<Value>) => void): Promise<Value> | undefined {
    if (typeof callback === 'function') {
      // It may end in the turn of another request, whose context is not the caller's. By hand: a
      // bound function costs ten times as much (Node 20).
      const caller = new AsyncResource('LembroVerb')
      start((error, value) => {
        caller.runInAsyncScope(this.give, this, callback, error, value)
      })
      return undefined
    }
    const promise = new Promise<Value>((resolve) => {
      start((error, value) => resolve(this.#promise(error, value as Value)))
    })
    promise.catch(() => {})
    return promise
  }

  /**
   * What ends a verb with that value, or with an error, in the async context of its caller. It calls
   * the callback before it returns: to be called later than the verb, and outside of any `try`.
   */
  ending<Value>(callback: Callback<Value>, value: Value): (error: Error | null) => void {
    const caller = new AsyncResource('LembroVerb')
    return (error) => {
      if (error === null) caller.runInAsyncScope(callback, null, null, value)
      else caller.runInAsyncScope(this.give, this, callback, error)
    }
  }

  /** Reports a failure that perhaps nobody waits for: to the `'error'` listeners, else as a warning, once for each code. */
  report(error: Error): void {
    if (this.#isHeard) {
      this.#tell(error)
    } else {
      const code = (error as NodeJS.ErrnoException).code ?? error.name
      warnOnce('LEMBRO_FAULT', code, `lembro: ${error.message} (listen to 'error' to hear of each)`)
    }
  }

  get #isHeard(): boolean {
    return this.#emitter.listenerCount('error') > 0
  }

  #promise<Value>(error: Error | null, value: Value): Promise<Value> {
    if (error === null) return Promise.resolve(value)
    this.report(error)
    const rejection = Promise.reject<Value>(error)
    rejection.catch(() => {})
    return rejection
  }

  // Later, so that the listeners run outside of the verb.
  #tell(error: Error): void {
    if (!this.#isHeard) return
    setImmediate(() => emitSafely(this.#emitter, 'error', [error], listenerFault))
  }
}

// A visitor can cause some failures, so a listener that fails must not end the process.
function listenerFault(thrown: unknown): void {
  const message = `lembro: an 'error' listener threw: ${toError(thrown).message}`
  warnOnce('LEMBRO_FAULT', 'listener', message)
}

/** What was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  // It may be the session itself: what it holds is nothing for a message.
  const isObject = Object(thrown) === thrown
  return new Error(isObject ? `no Error was thrown; ${gotKind(thrown)}` : String(thrown))
}
