/** Whole seconds since a start, which only go forward, whatever the wall clock does. */

export class Seconds {
  readonly #start: number
  #latest = 0
  /** When the latest is over: until then there is nothing to work out. */
  #end: number

  constructor(now: number) {
    this.#start = now
    this.#end = now + 1000
  }

  /** The second of that instant, or the latest known one. */
  at(now: number): number {
    if (now < this.#end) return this.#latest
    this.#latest = Math.floor((now - this.#start) / 1000)
    this.#end = this.#start + (this.#latest + 1) * 1000
    return this.#latest
  }

  get latest(): number {
    return this.#latest
  }
}
