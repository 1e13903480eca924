/** Whether a request that changes something comes from the monitor's own page. */

import type { IncomingMessage } from 'node:http'

/**
 * Only a script of the same origin can set a header of its own: a form can't, and for another origin
 * the browser asks first. Sec-Fetch-Site says it outright; a browser that sends none, as one over
 * plain HTTP, sends Origin.
 */
export function isSameOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  if (headers['x-lembro-monitor'] !== '1') return false
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin, host } = headers
  // A sandboxed page has the origin `null`, which has no host: neither has a request without `Host`.
  return origin === undefined || (host !== undefined && hostOf(origin) === host)
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
