/** HTTP for specs: a server for as long as a spec runs, and a browser that keeps its cookie. */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RunningServer {
  readonly url: string
  close(): Promise<void>
}

/** Serves an application on a free port of this computer. */
export async function serve(app: RequestListener): Promise<RunningServer> {
  const server = createServer(app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A browser as far as specs need one: cookies, forms, and redirects after them. */
export class Browser {
  /** The cookies as the next request sends them, by name. */
  readonly cookies = new Map<string, string>()
  readonly #url: string
  readonly #userAgent: string

  constructor(url: string, userAgent = 'spec') {
    this.#url = url
    this.#userAgent = userAgent
  }

  /** A browser with the same cookies, as of now; for the same site, if it has moved. */
  copy(url = this.#url): Browser {
    const copy = new Browser(url, this.#userAgent)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  async get(path: string): Promise<Page> {
    const response = await this.#send(path, {})
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  /** Sends a form and gives the page that it leads to. */
  async post(path: string, form: Record<string, string> = {}): Promise<Page> {
    const response = await this.#send(path, { method: 'POST', body: new URLSearchParams(form) })
    const text = await response.text()
    const location = response.headers.get('location')
    if (response.status === 303 && location !== null) return this.get(location)
    return { status: response.status, headers: response.headers, text }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ')
    const headers = { 'user-agent': this.#userAgent, ...(cookie && { cookie }) }
    const response = await fetch(new URL(path, this.#url), { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/;\s*/)
    const [name = '', value = ''] = pair.split('=')
    const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice(8)
    if (expires !== undefined && Date.parse(expires) <= Date.now()) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
