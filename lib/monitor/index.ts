/** A page that shows an operator how a store does. */

import type { IncomingMessage } from 'node:http'
import { systemClock } from '../clock'
import type { MonitoredStore } from './actions'
import { builtAssets } from './assets'
import { type Middleware, Monitor, type MonitorOptions } from './monitor'

export type { Figures } from '../metrics/figures'
export type { MonitoredStore } from './actions'
export type { Middleware, MonitorOptions } from './monitor'

/**
 * The page as a middleware: `app.use('/sessions', monitor(store, { authorize }))`. It shows figures
 * of `store.stats()`, no session and no id, and has buttons for `prune()` and `reduce()`.
 *
 * Throws a `TypeError` without an `authorize`, and for what is no store.
 */
export function monitor<Request extends IncomingMessage = IncomingMessage>(
  store: MonitoredStore,
  options: MonitorOptions<Request>,
): Middleware<Request> {
  const made = new Monitor(store, options as MonitorOptions<never>, systemClock, builtAssets())
  return (request, response, next) => {
    made.handle(request, response, next).catch(next)
  }
}
