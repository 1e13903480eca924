/** A process with an Express site whose sessions are in Redis, run by `pages.ts`. */

import express, { type Request } from 'express'
import session from 'express-session'
import { Lembro } from '../../lib/redis/store'
import { type ClientKind, clientOf } from './clients'

const { client, options, maxAge } = JSON.parse(process.env.SITE ?? '{}') as {
  readonly client: ClientKind
  readonly options: object
  readonly maxAge: number
}
const store = new Lembro({ ...options, client: clientOf(client) }, (error) => {
  if (error !== null) process.send?.({ error: String(error) })
  else listen()
})
store.on('error', () => {})
process.on('disconnect', () => process.exit())

type Live = Request['session'] & { n?: number }

function listen(): void {
  const app = express()
  const cookie = { maxAge }
  app.use(session({ store, secret: 's', resave: false, saveUninitialized: false, cookie }))
  app.get('/read', ({ session }, response) => {
    response.send(String((session as Live).n))
  })
  app.get('/write/:n', ({ session, params }, response) => {
    const live = session as Live
    live.n = Number(params.n)
    response.send('')
  })
  const server = app.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    process.send?.({ port })
  })
  // A pause on a busy machine must not end a connection that a request is just being sent on.
  server.keepAliveTimeout = 0
}
