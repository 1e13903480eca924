/** The stores that several processes of one machine share: how each is opened, on a file or on the Redis at a port. */

import { once } from 'node:events'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import bindSqliteStore from 'better-sqlite3-session-store'
import session, { type Store } from 'express-session'
import { Lembro } from 'lembro/sqlite'
import bindFileStore from 'session-file-store'
import { hasRedis, openShared } from './shared.js'

const opens = {
  'lembro/sqlite': (saveFile) =>
    new Promise((resolve, reject) => {
      const store: Lembro = new Lembro({ saveFile }, (error) =>
        error === null ? resolve(store) : reject(error),
      )
    }),
  'connect-redis': (_file, port) => openShared('connect-redis', port),
  'better-sqlite3-session-store'(file) {
    // As the page of better-sqlite3 has it; and its default for how long it waits for the lock, on the main thread.
    const client = new DatabaseSync(file, { timeout: 5000 })
    client.exec('PRAGMA journal_mode = WAL')
    return new (bindSqliteStore(session))({ client })
  },
  async 'connect-sqlite3'(file) {
    const { default: bind } = await import('connect-sqlite3')
    const [dir, db] = [path.dirname(file), path.basename(file)]
    const store = new (bind(session))({ dir, db, concurrentDb: true })
    await once(store.client, 'connect')
    return store
  },
  'session-file-store': (file) =>
    new (bindFileStore(session))({ path: file, reapInterval: -1, logFn: () => {} }),
} satisfies Record<string, (file: string, port: number) => Store | Promise<Store>>

export type Sharer = keyof typeof opens

export async function open(sharer: Sharer, file: string, port: number): Promise<Store> {
  return opens[sharer](file, port)
}

/** Those that can be measured here. connect-sqlite3 is not in package.json, since its binary takes minutes to build. */
export async function sharers(): Promise<Sharer[]> {
  const hasBinary = await import('connect-sqlite3').then(() => import('sqlite3')).catch(() => false)
  const missing = [!hasRedis() && 'connect-redis', hasBinary === false && 'connect-sqlite3']
  return (Object.keys(opens) as Sharer[]).filter((name) => !missing.includes(name))
}
