/** The middleware: who may see the monitor, and which part of it answers a request. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import type { Clock } from '../clock'
import { got, requireStore, toFunction } from '../settings/check'
import { ACTIONS, act, type MonitoredStore } from './actions'
import type { Assets } from './assets'
import { EventStream } from './event-stream'
import { protect, redirectToFolder, sendAsset, sendText } from './replies'
import { sampleOf } from './sample'
import { Sampler } from './sampler'

const EVENTS = '/events'

/** After so long a stream ends and the page connects again: `authorize` is asked anew. @internal */
export const STREAM_MS = 5 * 60_000

export interface MonitorOptions<Request extends IncomingMessage = IncomingMessage> {
  /**
   * Who may see the page and press its buttons: asked for every request. Only `true` is a yes. What
   * it throws goes to `next`, and nothing is shown.
   */
  readonly authorize: (request: Request) => boolean | Promise<boolean>
  /** The store's name, shown on the page beside the process and its host. @default none */
  readonly name?: string
}

/** A middleware of connect or Express. */
export type Middleware<Request extends IncomingMessage = IncomingMessage> = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

type Mounted = IncomingMessage & { readonly originalUrl?: string }

/** @internal */
export class Monitor {
  readonly #store: MonitoredStore
  readonly #authorize: (request: never) => unknown
  readonly #clock: Clock
  readonly #sampler: Sampler
  readonly #assets: Assets
  readonly #about: object

  /** Throws a `TypeError` for what is no store, and without an `authorize`. */
  constructor(store: MonitoredStore, options: MonitorOptions<never>, clock: Clock, assets: Assets) {
    requireStore(store, ['stats', 'prune', 'reduce'])
    const expected = 'a function (request) => true for who may see the sessions of the store'
    this.#authorize = toFunction('authorize', options?.authorize, expected)
    const { name } = options
    if (name !== undefined && typeof name !== 'string') {
      throw new TypeError(`name: expected text; ${got(name)}`)
    }
    // Several processes have a page each: an operator must see whose this is.
    this.#about = { name, pid: process.pid, host: hostname() }
    this.#store = store
    this.#clock = clock
    this.#assets = assets
    this.#sampler = new Sampler(() => sampleOf(store.stats(), clock.now()), clock)
  }

  async handle(req: Mounted, res: ServerResponse, next: (error?: unknown) => void): Promise<void> {
    let allowed: unknown
    try {
      allowed = await this.#authorize(req as never)
    } catch (error) {
      return next(error)
    }
    const path = pathOf(req.url)
    const known = path === EVENTS || ACTIONS.has(path) || this.#assets.has(path)
    if (allowed === true && !known) return next()
    protect(res)
    if (allowed === true) return this.#answer(path, req, res)
    sendText(res, 403, 'You may not see this.')
  }

  async #answer(path: string, req: Mounted, res: ServerResponse): Promise<void> {
    const action = ACTIONS.get(path)
    const methods = action === undefined ? ['GET', 'HEAD'] : ['POST']
    if (!methods.includes(req.method ?? '')) {
      res.setHeader('Allow', methods.join(', '))
      return sendText(res, 405, `Expected ${methods.join(' or ')}; got ${req.method}.`)
    }
    if (action !== undefined) return act(action, this.#store, req, res)
    const asset = this.#assets.get(path)
    if (asset === undefined) return this.#stream(req, res)
    const original = pathOf(req.originalUrl ?? req.url)
    if (path === '/' && !original.endsWith('/')) return redirectToFolder(res, original)
    sendAsset(req, res, asset)
  }

  #stream(req: IncomingMessage, res: ServerResponse): void {
    // The page was closed while `authorize` took its time: nothing would tell of its end any more.
    if (res.destroyed) return
    const stream = new EventStream(res)
    if (req.method === 'HEAD') {
      stream.end()
      return
    }
    const seen = Number(req.headers['last-event-id'])
    stream.send('about', this.#about)
    stream.send('past', this.#sampler.since(Number.isFinite(seen) ? seen : 0))
    const unwatch = this.#sampler.watch((sample) => stream.send('sample', sample, sample.at))
    const cancel = this.#clock.after(STREAM_MS, () => stream.end())
    stream.onceClosed(() => {
      cancel()
      unwatch()
    })
  }
}

function pathOf(url = '/'): string {
  return url.split('?', 1)[0] ?? '/'
}
