/** The stores whose sessions outlive their process: how each is opened, on a file or on the Redis at a port. */

import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import bindSqliteStore from 'better-sqlite3-session-store'
import { RedisStore } from 'connect-redis'
import bindMemFileStore from 'express-memfilestore'
import session, { type Store } from 'express-session'
import { Lembro } from 'lembro'
import { Lembro as LembroRedis } from 'lembro/redis'
import { Lembro as LembroSqlite } from 'lembro/sqlite'
import { createClient, type RedisClientOptions } from 'redis'
import bindFileStore from 'session-file-store'

/** Where the sessions are. `savePeriod`: how often express-memfilestore saves, in ms: it has no default. */
export interface Home {
  readonly file: string
  readonly port?: number
  readonly savePeriod?: number
}

type Ready = (error: Error | null) => void
const ready = <Kept>(make: (ready: Ready) => Kept) =>
  new Promise<Kept>((resolve, reject) => {
    const store: Kept = make((error) => (error === null ? resolve(store) : reject(error)))
  })

const inMemory = { interval: 0, maxSize: Infinity }
const clientOf = ({ port = 0 }: Home, more?: RedisClientOptions) =>
  createClient({ socket: { host: '127.0.0.1', port }, ...more } as RedisClientOptions)

const opens = {
  'lembro without `saveFile`': () => new Lembro(inMemory),
  lembro: ({ file: saveFile }) => ready((ready) => new Lembro({ ...inMemory, saveFile }, ready)),
  'lembro, `savePeriod: 0`': ({ file: saveFile }) =>
    ready((ready) => new Lembro({ ...inMemory, saveFile, savePeriod: 0 }, ready)),
  'lembro with `saveKeys`'({ file: saveFile }) {
    const saveKeys = ['a key that is known to everybody']
    return ready((ready) => new Lembro({ ...inMemory, saveFile, saveKeys }, ready))
  },
  'lembro/sqlite': ({ file: saveFile }) => ready((ready) => new LembroSqlite({ saveFile }, ready)),
  // Room for all sessions of the bench.
  'lembro/redis': (home) =>
    ready((ready) => new LembroRedis({ client: clientOf(home), maxSize: '64M' }, ready)),
  'connect-redis': async (home) => new RedisStore({ client: await clientOf(home).connect() }),
  async 'connect-redis, cached'(home) {
    const clientSideCache = { ttl: 0, maxEntries: 100_000, evictPolicy: 'LRU' as const }
    return new RedisStore({ client: await clientOf(home, { RESP: 3, clientSideCache }).connect() })
  },
  'express-memfilestore': ({ file: saveFile, savePeriod = 0 }) =>
    new (bindMemFileStore(session))({ checkPeriod: 0, savePeriod, saveFile }),
  'better-sqlite3-session-store'({ file }) {
    // As the page of better-sqlite3 has it; and its default for how long it waits for the lock, on the main thread.
    const client = new DatabaseSync(file, { timeout: 5000 })
    client.exec('PRAGMA journal_mode = WAL')
    return new (bindSqliteStore(session))({ client })
  },
  'session-file-store': ({ file }) =>
    new (bindFileStore(session))({ path: file, retries: 0, reapInterval: -1, logFn: () => {} }),
} satisfies Record<string, (home: Home) => Store | Promise<Store>>

export type Opened = keyof typeof opens

export async function open(name: Opened, home: Home): Promise<Store> {
  return opens[name](home)
}

/** Gives the path of a file in a new folder of its own, and removes the folder afterwards, whatever happens. */
export async function withFile<Result>(use: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lembro-bench-'))
  try {
    return await use(path.join(folder, 'sessions'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
