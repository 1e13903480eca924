/**
 * How a verb runs. Verbs wait until the saved sessions are loaded, and then run in the order they
 * were called. A closed store refuses them. A verb that changed something ends once that is saved.
 */

import { coded } from '../settings/errors'
import { type Answers, type Callback, type End, toError } from './answers'

/** What saves changes, if there is a `saveFile`. */
export interface Saving {
  /**
   * Calls back, later and outside of any `try`, when all that happened before is saved, or can't be;
   * `removes`: whether a session was ended that must not come back.
   */
  committed(done: (error: Error | null) => void, removes: boolean): void
}

export class Verbs {
  readonly #answers: Answers
  readonly #atRest: () => void
  #saving: Saving | undefined
  /** Those that wait for the saved sessions, in order; `undefined` once those are there. */
  #waiting: (() => void)[] | undefined
  #closed = false

  /** `atRest` is called after each verb that ends at once. */
  constructor(answers: Answers, atRest: () => void) {
    this.#answers = answers
    this.#atRest = atRest
  }

  get closed(): boolean {
    return this.#closed
  }

  /** From now on verbs wait until the function that this returns is called. Those that change something end once `saving` has saved it. */
  waitFor(saving: Saving): () => void {
    this.#saving = saving
    this.#waiting = []
    return () => {
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      for (const go of waiting) go()
    }
  }

  /** A verb that changes no session. */
  read<Value>(callback: unknown, run: () => Value) {
    return this.#waiting === undefined
      ? this.#now(callback, run)
      : this.long<Value>(callback, (end) => end(null, this.#run(run)))
  }

  /** A verb that may change sessions; `removes`: whether it is to end some. */
  change<Value>(callback: unknown, run: () => Value, removes = false) {
    const saving = this.#saving
    if (this.#waiting === undefined) return this.#now(callback, run, saving, removes)
    return this.long<Value>(callback, (end) => {
      const value = this.#run(run)
      saving?.committed((error) => end(error, value), removes)
    })
  }

  /** A verb that takes its time, and ends when `start` calls the function it gets. */
  long<Value>(callback: unknown, start: (end: End<Value>) => void) {
    return this.#answers.later<Value>(callback, (end) => {
      const refusal = this.#refusal()
      if (refusal !== undefined) return end(refusal)
      this.whenLoaded(() => {
        try {
          start(end)
        } catch (thrown) {
          end(toError(thrown))
        }
      })
    })
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

  /** From now on every verb fails with `ECLOSED`. */
  close(): void {
    this.#closed = true
  }

  /** Runs a verb before it returns; if something is `saving`, the verb ends once that has saved. */
  #now<Value>(callback: unknown, run: () => Value, saving?: Saving, removes = false) {
    const refusal = this.#refusal()
    if (refusal !== undefined) return this.#answers.give<Value>(callback, refusal)
    let value: Value
    try {
      value = this.#run(run)
    } catch (thrown) {
      return this.#answers.give<Value>(callback, toError(thrown))
    }
    if (saving === undefined) return this.#answers.give(callback, null, value)
    if (typeof callback === 'function') {
      saving.committed(this.#answers.ending(callback as Callback<Value>, value), removes)
      return undefined
    }
    return this.#answers.later<Value>(callback, (end) => {
      saving.committed((error) => end(error, value), removes)
    })
  }

  #run<Value>(run: () => Value): Value {
    try {
      return run()
    } finally {
      this.#atRest()
    }
  }

  #refusal(): Error | undefined {
    if (!this.#closed) return undefined
    return coded('ECLOSED', 'the store is closed')
  }
}
