/** Whole seconds since a start, which only go forward, whatever the wall clock does. */

export class Seconds {
  readonly #start: number
  #latest = 0

  constructor(now: number) {
    this.#start = now
  }

  /** The second of that instant, or the latest known one. */
  at(now: number): number {
    const second = Math.floor((now - this.#start) / 1000)
    if (second > this.#latest) this.#latest = second
    return this.#latest
  }

  get latest(): number {
    return this.#latest
  }
}
