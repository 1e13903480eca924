/** The stream of events from the server: it comes back by itself, however it was lost. */

import type { Point, Sample } from '../sample'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 15_000

/** Which store this is, and where. */
export interface About {
  readonly name?: string
  readonly pid: number
  readonly host: string
}

export interface Receiver {
  about(about: About): void
  past(points: readonly Point[]): void
  sample(sample: Sample): void
  lost(): void
}

export class Connection {
  readonly #receiver: Receiver
  #wait = FIRST_WAIT_MS

  constructor(receiver: Receiver) {
    this.#receiver = receiver
    this.#connect()
  }

  #connect(): void {
    const source = new EventSource('events')
    source.addEventListener('about', ({ data }) => this.#receiver.about(JSON.parse(data)))
    source.addEventListener('past', ({ data }) => this.#receiver.past(JSON.parse(data)))
    source.addEventListener('sample', ({ data }) => {
      this.#wait = FIRST_WAIT_MS
      this.#receiver.sample(JSON.parse(data))
    })
    source.addEventListener('error', () => {
      this.#receiver.lost()
      // A refused answer ends it for good; a lost connection the browser mends itself.
      if (source.readyState !== EventSource.CLOSED) return
      setTimeout(() => this.#connect(), this.#wait)
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
    })
  }
}
