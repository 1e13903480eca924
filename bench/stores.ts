/** The stores side by side, and how each is made, bounded and purged. */

import bindExpressLembro from 'express-lembro'
import bindMemFileStore from 'express-memfilestore'
import session, { type Store } from 'express-session'
import { Lembro } from 'lembro'
import bindMemoryStore from 'memorystore'
import { LembroElsewhere, useElsewhere } from './copies.js'
import { Floor } from './floor.js'
import { LruStore } from './lru.js'
import { newSession, newSid, type Shape } from './sessions.js'

const ExpressLembro = bindExpressLembro(session)
const MemFileStore = bindMemFileStore(session)
const PrunedMemoryStore = bindMemoryStore(session)

/** Room for a number of sessions: a count for a store that counts, the bytes of such sessions for one that weighs. */
export interface Room {
  readonly sessions: number
  readonly such: readonly Shape[]
}

interface Kind {
  /** Without room: unbounded, or bounded far away. */
  make(room?: Room): Store
  /** Expires everything whose time has passed; absent if the store can't. */
  purge?(store: Store, done: () => void): void
  reduce?(store: Store, done: () => void): void
}

const FAR = 2 ** 40
const NEVER = 2 ** 30
const purgePruned = (store: Store, done: () => void) => {
  ;(store as LruStore).prune()
  done()
}
// Reading them all is the only way that these have to drop the expired.
const purgeByReading = (store: Store, done: () => void) => store.all?.(() => done())

function makeLembro(room?: Room, onConflict: 'overwrite' | 'merge' = 'overwrite'): Lembro {
  const weighed = () => {
    const store = new Lembro({ interval: 0, maxSize: Infinity })
    return { store, bytes: () => store.stats().bytes }
  }
  const maxSize = room === undefined ? Infinity : bytesOf(room, weighed())
  return new Lembro({ interval: 0, maxSize, onConflict })
}

const kinds = {
  lembro: {
    make: makeLembro,
    purge: (store, done) => (store as Lembro).prune(done),
    reduce: (store, done) => (store as Lembro).reduce(undefined, done),
  },
  'lembro merge': { make: (room) => makeLembro(room, 'merge') },
  'lembro elsewhere': {
    make: () => useElsewhere(new LembroElsewhere({ interval: 0, maxSize: Infinity })),
  },
  floor: { make: () => new Floor() },
  MemoryStore: { make: () => new session.MemoryStore(), purge: purgeByReading },
  memorystore: {
    make: (room) => new PrunedMemoryStore(room === undefined ? {} : { max: room.sessions }),
    purge: purgePruned,
  },
  'express-lembro': {
    make(room) {
      const weighed = () => {
        const store = new ExpressLembro({ maxSize: FAR, interval: NEVER })
        return { store, bytes: () => store._size }
      }
      const maxSize = room === undefined ? FAR : bytesOf(room, weighed())
      return new ExpressLembro({ maxSize, interval: NEVER })
    },
    purge: purgeByReading,
    reduce: (store, done) => (store as InstanceType<typeof ExpressLembro>).reduce(done),
  },
  'express-memfilestore': {
    make: (room) =>
      new MemFileStore({
        checkPeriod: 0,
        savePeriod: 0,
        saveFile: '',
        ...(room === undefined ? {} : { max: room.sessions }),
      }),
    purge: purgePruned,
  },
  'lru-cache': {
    make: (room) => new LruStore({ max: room?.sessions, maxSize: FAR }),
    purge: purgePruned,
  },
} satisfies Record<string, Kind>

export type StoreName = keyof typeof kinds

export const STORES: Readonly<Record<StoreName, Kind>> = kinds
export const STORE_NAMES = Object.keys(kinds) as StoreName[]
/** All but the other ways in which lembro can be used: those are timed beside it, no more. */
export const COMPARED: readonly StoreName[] = STORE_NAMES.filter(
  (name) => !name.startsWith('lembro '),
)
/** Those that people use today: what lembro is compared with, the floor apart. */
export const PEERS: readonly StoreName[] = COMPARED.filter(
  (name) => name !== 'floor' && name !== 'lembro',
)

function bytesOf(room: Room, weighed: { store: Store; bytes: () => number }): number {
  for (const [n, shape] of room.such.entries()) {
    const sid = newSid()
    weighed.store.set(sid, newSession(weighed.store, sid, shape, 100_000 + n))
  }
  return Math.ceil((weighed.bytes() / room.such.length) * room.sessions)
}
