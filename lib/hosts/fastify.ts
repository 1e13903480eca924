/** A store for `@fastify/session`, which copies what `get` gave into a session of its own, key by key. */

import type { SessionData } from 'express-session'
import { type HostedStore, refill } from './hosted'

/** The key of the origin: one that Fastify copies with all others. */
const ORIGIN = 'lembro:origin'

/** The session that Fastify made its copy of. No part of what is stored, nor of what tells whether it has changed. */
class Origin {
  readonly #session: SessionData

  constructor(session: SessionData) {
    this.#session = session
  }

  get session(): SessionData {
    return this.#session
  }

  toJSON(): undefined {
    return undefined
  }
}

type Ended = (error?: unknown, value?: unknown) => void
type Found = (error: unknown, session?: never) => void

/** What `@fastify/session` expects as its option `store`. */
export interface FastifyStore {
  get(sid: string, found: Found): void
  set(sid: string, session: object, ended: Ended): void
  destroy(sid: string, ended: Ended): void
}

/**
 * A store as `@fastify/session` wants it: `register(session, { store: fastifyStore(store), secret })`.
 *
 * A session that was destroyed while a slow request held it stays destroyed. `request.session` has a
 * key `'lembro:origin'` for that; it is in no JSON.
 */
export function fastifyStore(store: HostedStore): FastifyStore {
  return {
    get(sid, found) {
      const marked = store.get(sid).then((session) => session && withOrigin(session))
      call(marked, found as Ended)
    },
    set(sid, session, ended) {
      // Fastify's own fields have symbols for names.
      const { cookie, [ORIGIN]: origin, ...content } = Object.fromEntries(Object.entries(session))
      const known = origin instanceof Origin ? origin.session : ({} as SessionData)
      call(store.set(sid, refill(known, content, cookie)), ended)
    },
    destroy: (sid, ended) => call(store.destroy(sid), ended),
  }
}

function withOrigin(session: SessionData): SessionData {
  return Object.assign(session, { [ORIGIN]: new Origin(session) })
}

// Out of reach of the promise: what the callback throws is not its failure.
function call(promise: Promise<unknown>, callback: Ended): void {
  promise.then(
    (value) => setImmediate(callback, null, value),
    (error) => setImmediate(callback, error),
  )
}
