/** What the page's buttons do to the store: a purge, and a trim. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MeasuredStore } from '../metrics/figures'
import { sendJson, sendText } from './replies'
import { isSameOrigin } from './same-origin'
import { reportOf } from './sample'

/** A store as far as the monitor needs one. */
export interface MonitoredStore extends MeasuredStore {
  prune(): Promise<unknown>
  reduce(): Promise<object>
}

type Action = (store: MonitoredStore) => Promise<object>

/** @internal */
export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    '/purge',
    async (store) => {
      await store.prune()
      return reportOf('lastPurge', store.stats().lastPurge ?? {})
    },
  ],
  ['/reduce', async (store) => reportOf('lastReduce', await store.reduce())],
])

/** Does it and answers with its report. What the store refuses is told by its code alone. @internal */
export async function act(
  action: Action,
  store: MonitoredStore,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  req.resume()
  if (!isSameOrigin(req))
    return sendText(res, 403, 'Only the page of the monitor may ask for this.')
  try {
    sendJson(res, 200, await action(store))
  } catch (error) {
    const { code } = Object(error) as { code?: unknown }
    sendJson(res, 500, { error: typeof code === 'string' ? code : 'FAILED' })
  }
}
