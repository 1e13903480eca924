/** The heap that a session takes, and whether the bytes that lembro counts are those that the heap pays. */

import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises'
import type { Store } from 'express-session'
import type { Lembro } from 'lembro'
import { askNew, inPairs } from '../child.js'
import { digits, ratio, type Table, whole } from '../figures.js'
import { load } from '../operations.js'
import { newSession, newSid, type Shape, shapeOf, sidOfRequest, TYPICAL } from '../sessions.js'
import { STORE_NAMES, STORES, type StoreName } from '../stores.js'

const SHAPES = {
  tiny: shapeOf(40, false),
  typical: TYPICAL,
  'typical, anonymous': shapeOf(250, false),
  large: shapeOf(10_240),
  'two-byte': shapeOf(250, true, true),
}

type ShapeName = keyof typeof SHAPES
const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[]
export type MemoryFigures = Awaited<ReturnType<typeof run>>

const SID_LENGTH = 32

/** What V8 has compiled for. Kept, so that it and what was compiled are part of the heap both before and after. */
let warm: Store

/** Fills a store and has each session used once more, as a browser that comes back does. Gives the bytes of heap for each, and the heap grown divided by the bytes that the store says it holds. */
export async function weigh(input: { store: StoreName; shape: Shape; sessions: number }) {
  const { sessions, shape } = input
  warm = STORES[input.store].make()
  await use(warm, shape, sessions / 2)
  const store = STORES[input.store].make()
  const before = await heap()
  await use(store, shape, sessions)
  const grown = (await heap()) - before
  const bytes = 'stats' in store ? (store as Lembro).stats().bytes : Number.NaN
  return { each: grown / sessions, honesty: grown / bytes }
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
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    // V8 sweeps and compiles beside the program, late on a busy machine.
    await setTimeout(50)
  }
  return process.memoryUsage().heapUsed
}

export function run(quick: boolean) {
  return inPairs(SHAPE_NAMES, (name) => {
    const sessions = (name === 'large' ? 5000 : 25_000) / (quick ? 10 : 1)
    return inPairs(STORE_NAMES, (store) =>
      askNew(import.meta.url, weigh, { store, shape: SHAPES[name], sessions }, ['--expose-gc']),
    )
  })
}

export function show(figures: MemoryFigures): Table {
  const shapes = Object.values(figures)
  const cell = (of: MemoryFigures[ShapeName], store: StoreName) => {
    const { each } = of[store]
    return store === 'lembro'
      ? whole(each)
      : `${whole(each)} (${digits(ratio(each, of.lembro.each))})`
  }
  return {
    title: 'Memory: bytes of heap for each session',
    note: 'Each session was set by one request and touched by another. In brackets: how many times what lembro takes. An anonymous session is as long as a typical one. Honesty is the heap grown, divided by `stats().bytes`.',
    head: ['', ...Object.keys(figures)],
    rows: [
      ...STORE_NAMES.map((store) => [store, ...shapes.map((of) => cell(of, store))]),
      ['honesty of lembro', ...shapes.map((of) => digits(of.lembro.honesty))],
    ],
  }
}
