/** A store for `@fastify/session`, which copies what `get` gave into a session of its own, key by key. */

import * as timers from 'node:timers'
import type { SessionData } from 'express-session'
import { type HostedStore, refill, requireHosted } from './hosted'

/** As it was when this was loaded: a test that fakes the global one must not stop a store. */
const { setImmediate } = timers

/** The key under which the copy has its origin: Fastify copies it with all others. */
const ORIGIN = 'lembro:origin'

/** The session that Fastify made its copy of. It has no JSON, so it is not stored, and Fastify does not take it for a change. */
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
  requireHosted(store)
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

// Later, so that what the callback throws does not reject the promise.
function call(promise: Promise<unknown>, callback: Ended): void {
  promise.then(
    (value) => setImmediate(callback, null, value),
    (error) => setImmediate(callback, error),
  )
}
