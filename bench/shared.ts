/** The stores of several processes side by side, all over one node-redis: how each is opened. */

import { RedisStore } from 'connect-redis'
import type { Store } from 'express-session'
import { Lembro } from 'lembro/redis'
import { createClient } from 'redis'

/** Room for all sessions of the bench. */
const MAX_SIZE = '64M'
const MAX_ENTRIES = 100_000

const opens = {
  async 'lembro/redis'(port) {
    return new Promise((resolve, reject) => {
      const client = createClient({ socket: { host: '127.0.0.1', port } })
      const store: Lembro = new Lembro({ client, maxSize: MAX_SIZE }, (error) =>
        error === null ? resolve(store) : reject(error),
      )
    })
  },
  async 'connect-redis'(port) {
    const client = createClient({ socket: { host: '127.0.0.1', port } })
    return new RedisStore({ client: await client.connect() })
  },
  async 'connect-redis, client-side cache'(port) {
    const clientSideCache = { ttl: 0, maxEntries: MAX_ENTRIES, evictPolicy: 'LRU' as const }
    const client = createClient({ socket: { host: '127.0.0.1', port }, RESP: 3, clientSideCache })
    return new RedisStore({ client: await client.connect() })
  },
} satisfies Record<string, (port: number) => Promise<Store>>

export type SharedName = keyof typeof opens
export const SHARED_NAMES = Object.keys(opens) as SharedName[]

/** A store that is ready, in front of the Redis on that port. */
export function openShared(name: SharedName, port: number): Promise<Store> {
  return opens[name](port)
}
