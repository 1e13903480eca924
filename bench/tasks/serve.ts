/** Serves an Express application whose sessions are in one store, or one without sessions. */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import session, { type Store } from 'express-session'
import { newSession, newSid, TYPICAL } from '../sessions.js'
import { openShared, type SharedName } from '../shared.js'
import { STORES, type StoreName } from '../stores.js'

/** `redis`: the port of the one that holds the sessions, for a store that shares them. */
export type Serving = { store: StoreName | 'none' } | { store: SharedName; redis: number }

const ONE_DAY = 86_400_000

/** Listens on this machine only and gives the port. */
export async function serve(input: Serving): Promise<number> {
  const app = express()
  const store = await storeOf(input)
  if (store !== undefined) {
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

async function storeOf(input: Serving): Promise<Store | undefined> {
  if ('redis' in input) return openShared(input.store, input.redis)
  return input.store === 'none' ? undefined : STORES[input.store].make()
}
