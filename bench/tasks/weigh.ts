/** Measures the heap that sessions take in a store. Needs `--expose-gc`. */

import type { Store } from 'express-session'
import type { Lembro } from 'lembro'
import { load, nextTurn } from '../operations.js'
import { newSession, newSid, type Shape, sidOfRequest } from '../sessions.js'
import { STORES, type StoreName } from '../stores.js'

const SID_LENGTH = 32
const WARM_UP = 1000

export interface Weight {
  /** Bytes of heap for each session. */
  readonly each: number
  /** Heap grown / the bytes that the store says it holds; `undefined` if it says nothing. */
  readonly honesty: number | undefined
}

/** What V8 has compiled for. Kept, so that it is part of the heap both before and after. */
let warm: Store

/** Fills a store and has each session used once more, as a browser that comes back does. */
export async function weigh(input: {
  store: StoreName
  shape: Shape
  sessions: number
}): Promise<Weight> {
  const { sessions, shape } = input
  warm = STORES[input.store].make()
  await use(warm, shape, WARM_UP)
  const store = STORES[input.store].make()
  const before = await heap()
  await use(store, shape, sessions)
  const grown = (await heap()) - before
  const bytes = 'stats' in store ? (store as Lembro).stats().bytes : undefined
  return { each: grown / sessions, honesty: bytes === undefined ? undefined : grown / bytes }
}

async function use(store: Store, shape: Shape, sessions: number) {
  // Ids as bytes outside of the heap, so that the bench holds no text that a store holds too.
  const sids = Buffer.alloc(sessions * SID_LENGTH)
  for (let n = 0; n < sessions; n++) {
    const sid = newSid()
    sids.write(sid, n * SID_LENGTH, 'latin1')
    store.set(sid, newSession(store, sid, shape, 100_000 + n))
    if (n % 100 === 99) await nextTurn()
  }
  for (let n = 0; n < sessions; n++) {
    const sid = sidOfRequest(sids.toString('latin1', n * SID_LENGTH, (n + 1) * SID_LENGTH))
    const session = await load(store, sid)
    session.touch()
    store.touch?.(sid, session)
  }
}

async function heap(): Promise<number> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('needs --expose-gc')
  for (let i = 0; i < 4; i++) {
    gc()
    await nextTurn()
  }
  return process.memoryUsage().heapUsed
}
