/** Serves an Express application whose sessions are in one store, or one without sessions. */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import session from 'express-session'
import { newSession, newSid, TYPICAL } from '../sessions.js'
import { STORES, type StoreName } from '../stores.js'

const ONE_DAY = 86_400_000

/** Listens on this machine only and gives the port. */
export async function serve(input: { store: StoreName | 'none' }): Promise<number> {
  const app = express()
  if (input.store !== 'none') {
    const store = STORES[input.store].make()
    app.use(
      session({
        store,
        secret: 'bench',
        resave: false,
        saveUninitialized: false,
        cookie: { maxAge: ONE_DAY },
      }),
    )
    app.get('/sign-in', (req, res) => {
      const { cookie: _, ...data } = newSession(store, newSid(), TYPICAL, 100_000)
      Object.assign(req.session, data)
      res.end('ok')
    })
  }
  app.get('/read', (req, res) => {
    if (input.store !== 'none' && req.session.views === undefined) res.status(401)
    res.end('ok')
  })
  app.get('/write', (req, res) => {
    if (input.store !== 'none') req.session.views = (req.session.views ?? 0) + 1
    res.end('ok')
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
