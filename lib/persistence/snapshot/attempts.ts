/** Owns the attempts at something that may fail: one at a time, and after each failure another one, after a longer and longer pause. */

import type { Clock } from '../../clock'

const FIRST_DELAY = 1000
const LONGEST_DELAY = 60_000

export class Attempts {
  readonly #clock: Clock
  readonly #run: () => Promise<void>
  readonly #failed: (error: Error) => void
  readonly #look: () => void
  #failures = 0
  #running: Promise<void> | undefined
  #cancelPause: (() => void) | undefined
  #closed = false

  /** `failed` is called with each failure; `look` after each success, and when it is time to try again. */
  constructor(
    clock: Clock,
    run: () => Promise<void>,
    failed: (error: Error) => void,
    look: () => void,
  ) {
    this.#clock = clock
    this.#run = run
    this.#failed = failed
    this.#look = look
  }

  /** Whether one is under way, or waits for its time, or there will be none any more. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.#cancelPause !== undefined || this.#closed
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Waits for the attempt under way, whether it succeeds or not; without one, makes an attempt now, and rejects if it fails. */
  async now(): Promise<void> {
    if (this.#running !== undefined) {
      await this.#running.catch(() => {})
      return
    }
    this.#cancelPause?.()
    this.#cancelPause = undefined
    await this.start()
  }

  /** Begins an attempt. */
  start(): Promise<void> {
    this.#running = this.#run().then(
      () => {
        this.#running = undefined
        this.#failures = 0
        this.#look()
      },
      (error) => {
        this.#running = undefined
        if (!this.#closed) this.#failed(error)
        this.later()
        throw error
      },
    )
    return this.#running
  }

  /** Looks again later. */
  later(): void {
    if (this.#cancelPause !== undefined || this.#closed) return
    const delay = Math.min(FIRST_DELAY * 2 ** this.#failures++, LONGEST_DELAY)
    this.#cancelPause = this.#clock.after(delay, () => {
      this.#cancelPause = undefined
      this.#look()
    })
  }

  /** Begins none any more, and waits for the one under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelPause?.()
    await this.#running?.catch(() => {})
  }
}
