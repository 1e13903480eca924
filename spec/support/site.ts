/** A small site over HTTP, its sessions in a store: people sign in and out, and some requests are slow. */

import { EventEmitter, once } from 'node:events'
import express, { type Request } from 'express'
import session, { type SessionOptions, type Store } from 'express-session'
import { Browser, type RunningServer, serve } from './http'

/** The session of a request. */
export type Live = Request['session'] & Record<string, unknown>

/** What a slow request does with its session between its two halves. */
export type Late = (live: Live) => unknown

export class Site {
  readonly #gate: EventEmitter
  readonly #server: RunningServer

  private constructor(gate: EventEmitter, server: RunningServer) {
    this.#gate = gate
    this.#server = server
  }

  /** Opens a site. A slow request does `late` once it is let through. */
  static async open(store: Store, late: Late = () => {}, options: Partial<SessionOptions> = {}) {
    const gate = new EventEmitter()
    return new Site(gate, await serve(createApp(store, gate, late, options)))
  }

  browser(): Browser {
    return new Browser(this.#server.url)
  }

  get url(): string {
    return this.#server.url
  }

  /** Sends a slow request with a browser's cookie as it is now, and gives a way to let it through once it waits inside. */
  async slow(browser: Browser, path = '/slow') {
    const waits = once(this.#gate, 'waiting')
    const answer = browser.copy().get(path)
    const [pass] = (await waits) as [() => void]
    return () => {
      pass()
      return answer
    }
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function createApp(store: Store, gate: EventEmitter, late: Late, options: Partial<SessionOptions>) {
  const app = express()
  app.use(
    session({ store, secret: 's', resave: false, saveUninitialized: false, ...options }),
    express.urlencoded({ extended: false }),
  )
  const liveOf = (req: Request) => req.session as Live
  app.post('/sign-in', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      liveOf(req).userId = req.body.name
      res.send('signed in')
    })
  })
  app.post('/sign-out', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.send('signed out')))
  })
  app.get('/visit', (req, res) => {
    const live = liveOf(req)
    live.visits = Number(live.visits ?? 0) + 1
    res.send(String(live.visits))
  })
  app.get('/session', (req, res) => {
    const { cookie: _, ...data } = liveOf(req)
    res.json(data)
  })
  app.get('/slow', async (req, res) => {
    await new Promise<void>((resolve) => gate.emit('waiting', resolve))
    await late(liveOf(req))
    res.send('done')
  })
  app.get('/slow/:key', async (req, res) => {
    await new Promise<void>((resolve) => gate.emit('waiting', resolve))
    liveOf(req)[req.params.key] = true
    res.send('done')
  })
  return app
}
