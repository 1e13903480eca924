/** The stores side by side, and how each is made, bounded and purged. */

import bindExpressLembro from 'express-lembro'
import bindMemFileStore from 'express-memfilestore'
import session, { type SessionData, type Store } from 'express-session'
import { Lembro } from 'lembro'
import { LRUCache } from 'lru-cache'
import bindMemoryStore from 'memorystore'
import type { Done } from './operations.js'
import { newSession, newSid, type Shape } from './sessions.js'

const ExpressLembro = bindExpressLembro(session)
const MemFileStore = bindMemFileStore(session)
const PrunedMemoryStore = bindMemoryStore(session)

/** Room for a number of sessions: a count for a store that counts, the bytes of such sessions for one that weighs. */
export interface Room {
  readonly sessions: number
  readonly such: readonly Shape[]
}

export interface Kind {
  /** Without room: unbounded, or bounded far away. */
  make(room?: Room): Store
  /** Expires everything whose time has passed; absent if the store can't. */
  purge?(store: Store, done: () => void): void
  reduce?(store: Store, done: () => void): void
}

type Texts = Pick<Map<string, string>, 'get' | 'delete' | 'size'> & {
  set(sid: string, text: string): unknown
}

const FAR = 2 ** 40
const NEVER = 2 ** 30
const ONE_DAY = 86_400_000

/** The floor: the least that a store in memory can cost, a bare `Map` and `JSON`. */
class Floor extends session.Store {
  constructor(readonly texts: Texts = new Map<string, string>()) {
    super()
  }

  keep(sid: string, text: string, _ttl: number | null | undefined): void {
    this.texts.set(sid, text)
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData) => void): void {
    const text = this.texts.get(sid)
    setImmediate(callback, null, text === undefined ? undefined : JSON.parse(text))
  }

  override set(sid: string, given: SessionData, callback?: Done): void {
    this.keep(sid, JSON.stringify(given), given.cookie.maxAge)
    if (callback !== undefined) setImmediate(callback, null)
  }

  // The text holds the cookie, so a new cookie needs a new text.
  override touch(sid: string, given: SessionData, callback?: Done): void {
    const text = this.texts.get(sid)
    if (text !== undefined) {
      const stored = JSON.parse(text)
      stored.cookie = given.cookie
      this.keep(sid, JSON.stringify(stored), given.cookie.maxAge)
    }
    if (callback !== undefined) setImmediate(callback, null)
  }

  override destroy(sid: string, callback?: Done): void {
    this.texts.delete(sid)
    if (callback !== undefined) setImmediate(callback, null)
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    setImmediate(callback, null, this.texts.size)
  }
}

/** A store on lru-cache, as its users write one: JSON, a size for each text, and a bound on their sum. */
class LruStore extends Floor {
  declare readonly texts: LRUCache<string, string>

  constructor(max?: number) {
    const options = {
      maxSize: FAR,
      // The wall clock, which the bench sets forward.
      perf: { now: () => Date.now() },
      sizeCalculation: (text: string, sid: string) => text.length + sid.length,
    }
    super(new LRUCache<string, string>(max === undefined ? options : { ...options, max }))
  }

  override keep(sid: string, text: string, ttl: number | null | undefined): void {
    this.texts.set(sid, text, { ttl: ttl ?? ONE_DAY })
  }

  /** Expires everything whose time has passed. */
  prune(): void {
    this.texts.purgeStale()
  }
}

const purgePruned = (store: Store, done: () => void) => {
  ;(store as LruStore).prune()
  done()
}
// Reading them all is the only way that these have to drop the expired.
const purgeByReading = (store: Store, done: () => void) => store.all?.(() => done())

const kinds = {
  lembro: {
    make(room) {
      const weighing = new Lembro({ interval: 0, maxSize: Infinity })
      const maxSize = room ? bytesOf(room, weighing, () => weighing.stats().bytes) : Infinity
      return new Lembro({ interval: 0, maxSize })
    },
    purge: (store, done) => (store as Lembro).prune(done),
    reduce: (store, done) => (store as Lembro).reduce(undefined, done),
  },
  floor: { make: () => new Floor() },
  MemoryStore: { make: () => new session.MemoryStore(), purge: purgeByReading },
  memorystore: {
    make: (room) => new PrunedMemoryStore(room === undefined ? {} : { max: room.sessions }),
    purge: purgePruned,
  },
  'express-lembro': {
    make(room) {
      const weighing = new ExpressLembro({ maxSize: FAR, interval: NEVER })
      const maxSize = room ? bytesOf(room, weighing, () => weighing._size) : FAR
      return new ExpressLembro({ maxSize, interval: NEVER })
    },
    purge: purgeByReading,
    reduce: (store, done) => (store as Store & { reduce(done: () => void): void }).reduce(done),
  },
  'express-memfilestore': {
    make: (room) =>
      new MemFileStore({
        ...{ checkPeriod: 0, savePeriod: 0, saveFile: '' },
        ...(room === undefined ? {} : { max: room.sessions }),
      }),
    purge: purgePruned,
  },
  'lru-cache': { make: (room) => new LruStore(room?.sessions), purge: purgePruned },
} satisfies Record<string, Kind>

export type StoreName = keyof typeof kinds

export const STORES: Readonly<Record<StoreName, Kind>> = kinds
export const STORE_NAMES = Object.keys(kinds) as StoreName[]
/** Those that people use today: what lembro is compared with, the floor apart. */
export const PEERS = STORE_NAMES.filter((name) => name !== 'floor' && name !== 'lembro')

// Another copy would have lembro measured on paths that few applications take.
if (!(new Lembro({ interval: 0 }) instanceof session.Store)) {
  throw new Error('lembro and the bench have each found their own copy of express-session')
}

function bytesOf(room: Room, store: Store, bytes: () => number): number {
  for (const [n, shape] of room.such.entries()) {
    const sid = newSid()
    store.set(sid, newSession(store, sid, shape, 100_000 + n))
  }
  return Math.ceil((bytes() / room.such.length) * room.sessions)
}
