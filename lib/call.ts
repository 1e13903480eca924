/**
 * How a method of the store runs and ends. It waits until the saved sessions are loaded, in the order
 * of the calls; it ends once, later and outside of any `try`, with a callback or a promise; and what
 * fails goes to whoever waits for it and to the `'error'` listeners.
 */

import { AsyncResource } from 'node:async_hooks'
import { type EventEmitter, errorMonitor } from 'node:events'
import { nextTick, setImmediate } from './clock'
import { coded, gotKind, isThenable, warnOnce } from './settings/check'

/** A Node callback: an error or `null`, and then the value. */
export type Callback<Value = void> = (error: Error | null, value: Value) => void

/** Ends a method that takes its time. */
export type End<Value> = (error: Error | null, value?: Value) => void

/** How a callback is called that hears of no error: in the next turn, in this one, or at once. */
type Way = (callback: (error: null, value: unknown) => void, error: null, value: unknown) => unknown

const atOnce: Way = (callback, error, value) => callback(error, value)

/** Hears what a function of the application threw, or rejected with. */
export type Fault = (thrown: unknown) => void

/** What saves changes, if there is a `saveFile`. */
export interface Saving {
  /**
   * Calls back, later and outside of any `try`, when all that happened before is saved, or can't be;
   * `removes`: whether a session was ended that must not come back.
   */
  committed(done: (error: Error | null) => void, removes: boolean): void
}

/** @internal */
export class Calls {
  #saving: Saving | undefined
  /** Those that wait for the saved sessions, in order; `undefined` once those are there. */
  #waiting: (() => void)[] | undefined
  #afterwards: (() => void)[] = []
  #closed = false
  /** Methods that await a promise. */
  #underWay = 0
  readonly #whenEnded: (() => void)[] = []

  constructor(private readonly emitter: EventEmitter) {}

  get closed(): boolean {
    return this.#closed
  }

  /** From now on every method fails with `ECLOSED`. */
  close(): void {
    this.#closed = true
  }

  /** From now on methods wait until the function that this returns is called. Those that change something end once `saving` has saved it. */
  waitFor(saving: Saving): () => void {
    this.#saving = saving
    this.#waiting = []
    return () => {
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      for (const go of waiting) go()
    }
  }

  /** Calls back once the saved sessions are there: before it returns, if they are there already. */
  whenLoaded(go: () => void): void {
    if (this.#waiting === undefined) go()
    else this.#waiting.push(go)
  }

  /** Calls back when all that happened before is saved, or can't be: at once if nothing saves. */
  committed(done: (error: Error | null) => void, removes = false): void {
    if (this.#saving === undefined) done(null)
    else this.#saving.committed(done, removes)
  }

  /** Has `go` called when the ledger is at rest again: after this method, or this step of a sweep. */
  afterwards(go: () => void): void {
    this.#afterwards.push(go)
  }

  /** Calls what waits for the ledger to be at rest. */
  rest(): void {
    while (this.#afterwards.length > 0) {
      const afterwards = this.#afterwards
      this.#afterwards = []
      for (const go of afterwards) go()
    }
  }

  /** A method that changes no session. */
  read<Value>(callback: unknown, run: () => Value) {
    return this.#waiting === undefined
      ? this.#now(callback, run)
      : this.long<Value>(callback, (end) => end(null, this.#run(run)))
  }

  /** A method that may change sessions; `removes`: whether it is to end some. */
  change<Value>(callback: unknown, run: () => Value, removes = false) {
    if (this.#waiting === undefined) return this.#now(callback, run, this.#saving, removes)
    return this.long<Value>(callback, (end) => {
      const value = this.#run(run)
      this.committed((error) => end(error, value), removes)
    })
  }

  /** A method that takes its time, and ends when `start` calls the function it gets. */
  long<Value>(callback: unknown, start: (end: End<Value>) => void, way?: Way) {
    const begin = (end: End<Value>) => {
      if (this.#closed) return end(isClosed())
      this.whenLoaded(() => {
        try {
          start(end)
        } catch (thrown) {
          end(toError(thrown))
        }
      })
    }
    return this.later<Value>(callback, begin, way)
  }

  /**
   * A method that ends with what `open` makes of what a promise brings, at the last moment: what a
   * promise holds that has waited long stays in memory until V8 collects its old generation. And within
   * this turn: a session that waits for the next one survives the collections of garbage that those
   * after it cause, which doubles what a large one costs.
   */
  awaited<Value, Brought>(
    callback: unknown,
    run: () => Promise<Brought>,
    open: (brought: Brought) => Value,
  ): Promise<Value> | undefined {
    return this.long<Value>(callback, (end) => this.#finish(run, open, end), nextTick)
  }

  /** Resolves when what promises are awaited for has ended. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#underWay === 0) resolve()
      else this.#whenEnded.push(resolve)
    })
  }

  /**
   * Ends a method: calls the callback asynchronously and outside of any `try`, so that an error of
   * the application is never taken for one of the method; without a callback gives a promise. One
   * that fails and that nobody awaits is reported, and is no unhandled rejection: it must not end
   * the process of an application whose former store ignored what nobody asked for.
   */
  end<Value>(
    callback: unknown,
    error: Error | null,
    value?: Value,
    way: Way = setImmediate,
  ): Promise<Value> | undefined {
    if (typeof callback !== 'function') return this.#promise(error, value as Value)
    if (error === null) {
      way(callback as Callback<unknown>, null, value)
    } else {
      this.#tell(error)
      setImmediate(callback as (error: Error) => void, error)
    }
    return undefined
  }

  /** As `end`, for a method that ends when `start` calls the function it gets: even on a closed store. */
  later<Value>(
    callback: unknown,
    start: (end: End<Value>) => void,
    way?: Way,
  ): Promise<Value> | undefined {
    if (typeof callback === 'function') {
      // It may end in the turn of another request, whose context is not the caller's. By hand: a
      // bound function costs ten times as much (Node 20).
      const caller = new AsyncResource('LembroCall')
      start((error, value) => {
        caller.runInAsyncScope(this.end, this, callback, error, value, way)
      })
      return undefined
    }
    const promise = new Promise<Value>((resolve) => {
      start((error, value) => resolve(this.#promise(error, value as Value)))
    })
    promise.catch(() => {})
    return promise
  }

  /** Reports a failure that perhaps nobody waits for: to the `'error'` listeners, else as a warning, once for each code. */
  report(thrown: unknown): void {
    const error = toError(thrown)
    if (this.#isHeard) {
      this.#tell(error)
    } else {
      const code = (error as NodeJS.ErrnoException).code ?? error.name
      warnOnce('LEMBRO_FAULT', code, `lembro: ${error.message} (listen to 'error' to hear of each)`)
    }
  }

  /** Runs a method before it returns; if something is `saving`, the method ends once that has saved. */
  #now<Value>(callback: unknown, run: () => Value, saving?: Saving, removes = false) {
    if (this.#closed) return this.end<Value>(callback, isClosed())
    let value: Value
    try {
      value = this.#run(run)
    } catch (thrown) {
      return this.end<Value>(callback, toError(thrown))
    }
    if (saving === undefined) return this.end(callback, null, value)
    const start = (end: End<Value>) => saving.committed((error) => end(error, value), removes)
    // What saves calls back later, so that the callback can be called at once.
    return this.later<Value>(callback, start, atOnce)
  }

  // Not by `then`, `catch` and `finally`: each is one more promise, a fifth of what a save costs in all (Node 24).
  async #finish<Value, Brought>(
    run: () => Promise<Brought>,
    open: (brought: Brought) => Value,
    end: End<Value>,
  ): Promise<void> {
    this.#underWay++
    try {
      const brought = await run()
      this.rest()
      end(null, open(brought))
    } catch (thrown) {
      this.rest()
      end(toError(thrown))
    }
    if (--this.#underWay === 0) for (const tell of this.#whenEnded.splice(0)) tell()
  }

  #run<Value>(run: () => Value): Value {
    try {
      return run()
    } finally {
      if (this.#afterwards.length > 0) this.rest()
    }
  }

  get #isHeard(): boolean {
    return this.emitter.listenerCount('error') > 0
  }

  #promise<Value>(error: Error | null, value: Value): Promise<Value> {
    if (error === null) return Promise.resolve(value)
    this.report(error)
    const rejection = Promise.reject<Value>(error)
    rejection.catch(() => {})
    return rejection
  }

  // Later, so that the listeners run outside of the method.
  #tell(error: Error): void {
    if (!this.#isHeard) return
    setImmediate(() => emitSafely(this.emitter, 'error', [error], listenerFault))
  }
}

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

/** What was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  // It may be the session itself: what it holds is nothing for a message.
  const isObject = Object(thrown) === thrown
  return new Error(isObject ? `no Error was thrown; ${gotKind(thrown)}` : String(thrown))
}

function isClosed(): Error {
  return coded('ECLOSED', 'the store is closed')
}

// A visitor can cause some failures, so a listener that fails must not end the process.
function listenerFault(thrown: unknown): void {
  const message = `lembro: an 'error' listener threw: ${toError(thrown).message}`
  warnOnce('LEMBRO_FAULT', 'listener', message)
}
