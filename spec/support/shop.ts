/** The example's shop for specs: open for as long as a spec runs, and the browsers of its visitors. */

import type { IncomingMessage } from 'node:http'
import { Lembro, type LembroOptions } from 'lembro'
import { createApp } from '../../examples/shop/app'
import { browserName } from '../../examples/shop/browser'
import { Browser, type RunningServer, serve } from './http'

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'
export const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1'

export class OpenShop {
  readonly store: Lembro
  readonly #server: RunningServer

  constructor(store: Lembro, server: RunningServer) {
    this.store = store
    this.#server = server
  }

  get url(): string {
    return this.#server.url
  }

  /** The browser of somebody who was never here. */
  browser(userAgent?: string): Browser {
    return new Browser(this.#server.url, userAgent)
  }

  /** The browser of somebody who has just signed in. */
  async member(name: string, userAgent?: string): Promise<Browser> {
    const browser = this.browser(userAgent)
    await browser.post('/sign-in', { name })
    return browser
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close()
    await this.store.close()
  }
}

export async function openShop(options: LembroOptions = {}): Promise<OpenShop> {
  const describe = (req: IncomingMessage) => browserName(req.headers['user-agent'])
  const store = new Lembro({ describe, ...options })
  return new OpenShop(store, await serve(createApp(store, 'secret')))
}
