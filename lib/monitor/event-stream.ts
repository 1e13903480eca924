/** Server-sent events over one response. */

import type { ServerResponse } from 'node:http'

/** How long a browser waits before it connects again. */
const RETRY_MS = 1_000
/** The most bytes that wait for a slow reader. */
const MOST_WAITING = 256 * 1024

export class EventStream {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
    res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
    // What compresses or buffers on the way would hold events back.
    res.setHeader('Cache-Control', 'no-store, no-transform')
    res.setHeader('X-Accel-Buffering', 'no')
    res.writeHead(200)
    res.write(`retry: ${RETRY_MS}\n\n`)
  }

  /** Sends an event, or leaves it out while the reader is behind. A browser that comes back tells the last id. */
  send(event: string, data: object, id?: number): void {
    if (this.#res.writableLength > MOST_WAITING || this.#res.writableEnded) return
    const head = id === undefined ? '' : `id: ${id}\n`
    this.#res.write(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  end(): void {
    this.#res.end()
  }

  /** Calls back once when the stream has ended, whoever ended it. */
  onceClosed(callback: () => void): void {
    this.#res.once('close', callback)
  }
}
