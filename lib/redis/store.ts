/** The store before Redis: a connection of its own, the home behind it, and the near cache before that. */

import type { Clock } from '../clock'
import { systemWorld } from '../core'
import { HomeStore } from '../home/home-store'
import { namesOf } from './commands'
import { Connection } from './connection'
import { type LembroRedisOptions, parseRedisOptions } from './options'
import { RedisHome } from './redis-home'

/**
 * A session store for express-session on several processes: sessions are in Redis or Valkey, as
 * connect-redis has them, and those that are used are in a near cache of so many bytes.
 *
 * What another process changes is gone from here within about a millisecond; a logout there can't be
 * undone by a slow request here. While Redis can't be reached every verb fails at once, nothing old is
 * served, and express-session, told by `'disconnect'`, lets requests pass without a session.
 *
 * Events: `'error'` (error), `'connect'`, `'disconnect'`; `'destroy'` of what any process has ended; and of the
 * near cache `'evict'`, `'expire'` and `'reduce'`.
 */
export class Lembro extends HomeStore {
  /**
   * Makes a store; `ready` is called once Redis can be used, or with the first reason why it can't:
   * lembro goes on trying. Throws a `TypeError` or `RangeError` for an option that it can't use.
   */
  constructor(options: LembroRedisOptions, ready?: (error: Error | null) => void) {
    const { home, settings, touchAfter } = homeOf(options, systemWorld.clock)
    super(home, settings, touchAfter, systemWorld, ready)
    this.on('newListener', (event) => {
      if (event === 'destroy') home.listen()
    })
  }
}

/** The home that options ask for, not open yet, and what they say of the store before it. @internal */
export function homeOf(options: LembroRedisOptions, clock: Clock) {
  const { settings, route, prefix, touchAfter } = parseRedisOptions(options)
  const names = namesOf(route.keyPrefix, prefix, route.database)
  const home = new RedisHome(new Connection(route, names, clock), names, clock)
  return { home, settings, touchAfter }
}
