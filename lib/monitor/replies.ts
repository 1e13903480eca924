/** The answers of the monitor, each with the headers that keep its page to itself. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Asset } from './assets'

const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

export function protect(res: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value)
}

export function sendAsset(req: IncomingMessage, res: ServerResponse, { type, body }: Asset): void {
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Length', body.length)
  res.end(req.method === 'HEAD' ? undefined : body)
}

export function sendText(res: ServerResponse, status: number, text: string): void {
  res.statusCode = status
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.end(`${text}\n`)
}

export function sendJson(res: ServerResponse, status: number, value: object): void {
  res.statusCode = status
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.end(JSON.stringify(value))
}

/** Sends the browser to the same address with a slash at its end, under which the page's own links work. */
export function redirectToFolder(res: ServerResponse, path: string): void {
  res.statusCode = 308
  res.setHeader('Location', `./${path.slice(path.lastIndexOf('/') + 1)}/`)
  res.end()
}
