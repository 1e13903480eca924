/** Run by `heap.spec.ts` in processes of their own with `--expose-gc`: prints as JSON what the heap shows. */

import { Cookie } from 'express-session'
import type { Core } from '../../lib/core'
import { Lembro } from '../../lib/store'
import { type Data, request, slicedSid } from './sessions'

const SHAPES: Record<string, (n: number) => object> = {
  tiny: () => ({}),
  typical: (n) => ({
    passport: { user: `user-${n}` },
    views: n,
    csrf: `token-${n}-`.padEnd(32, 'x'),
    flash: { notice: ['welcome back'] },
    cart: [{ sku: `sku-${n}`, quantity: 2 }],
  }),
  large: (n) => ({ userId: n, text: String(n).padEnd(8000, 'x') }),
  'two of one owner': (n) => ({ userId: `user-${n >> 1}` }),
  'four of one owner': (n) => ({ userId: `user-${n >> 2}` }),
  'all of one owner': () => ({ userId: 'ann' }),
  'two-byte': (n) => ({ userId: n, name: `世界 ${n}`, text: '世'.repeat(200) }),
}

const COOKIES: Record<string, (n: number) => object> = {
  'of any age': (n) => ({ maxAge: 80_000_000 + n }),
  'of many domains': (n) => ({ domain: `shop-${n}.example.com` }),
  'of many long domains': (n) => ({
    domain: `${`shop-${n}.`.padEnd(60, 'x')}.${'label.'.repeat(30)}com`,
  }),
  'of many paths': (n) => ({ path: `/tenant-${n}`, sameSite: 'lax', secure: true }),
}

function cookie(options: object = {}): Data['cookie'] {
  const make = Cookie as unknown as new (options: object) => Data['cookie']
  return new make({ maxAge: 86_400_000, path: '/', httpOnly: true, ...options })
}

const sidOf = (n: number) => slicedSid(`sid-${n}`.padEnd(32, 'abcdefghijklmnop'))

function heap(): number {
  for (let n = 0; n < 3; n++) (globalThis as unknown as { gc(): void }).gc()
  return process.memoryUsage().heapUsed
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function fill(shape: string, sessions: number) {
  const make = SHAPES[shape] ?? (SHAPES.tiny as (n: number) => object)
  const options = COOKIES[shape] ?? (() => ({}))
  const warm = new Lembro({ maxSize: Infinity })
  for (let n = 0; n < 100; n++)
    warm.set(sidOf(n), { cookie: cookie(options(n)), ...make(n) }, () => {})
  await turn()
  warm.clear()
  const store = new Lembro({ maxSize: Infinity })
  const before = heap()
  for (let n = 0; n < sessions; n++) {
    store.set(sidOf(n), { cookie: cookie(options(n)), ...make(n) }, () => {})
    if (n % 1000 === 0) await turn()
  }
  await turn()
  const grown = heap() - before
  return { grown, bytes: store.stats().bytes, sessions: store.stats().sessions }
}

/** A budget for so many sessions, and as many as that again several times over, so that each set evicts. */
async function turnOver(shape: string, sessions: number) {
  const make = SHAPES[shape] ?? (SHAPES.tiny as (n: number) => object)
  const run = async (store: Lembro, from: number, to: number) => {
    for (let n = from; n < to; n++) {
      store.set(sidOf(n), { cookie: cookie(), ...make(n) }, () => {})
      if (n % 1000 === 0) await turn()
    }
    // Joins a trim that is under way.
    await store.reduce(store.stats().maxBytes)
  }
  const warm = new Lembro({ maxSize: Infinity })
  await run(warm, 0, 1000)
  const maxSize = Math.floor((warm.stats().bytes / 1000) * sessions)
  const store = new Lembro({ maxSize })
  const before = heap()
  await run(store, 0, 4 * sessions)
  // Up to the full budget: right after a trim the index has places that the next sessions take.
  for (let from = 4 * sessions; store.stats().bytes < 0.9 * maxSize; from += 500) {
    await run(store, from, from + 500)
  }
  // The purge also forgets what was evicted, once that has been collected: on a busy machine in many turns.
  const { departed } = (store as unknown as { core: Core }).core
  for (heap(); departed.size > 0; heap()) {
    await store.prune()
    for (let turns = 0; turns < 1000; turns++) await turn()
  }
  const grown = heap() - before
  return { grown, bytes: store.stats().bytes, sessions: store.stats().sessions }
}

/** Each session is set, read by a request, and destroyed; so many are there at a time. */
async function comeAndGo(times: number, atATime: number) {
  const store = new Lembro()
  const data = { cookie: cookie(), userId: 7, text: 'x'.repeat(50) } as unknown as Data
  const round = async (from: number) => {
    for (let n = from; n < from + atATime; n++) {
      const sid = sidOf(n)
      store.set(sid, data, () => {})
      store.get(sid, (_, loaded) => store.createSession(request(sid, store), loaded as Data))
    }
    await turn()
    for (let n = from; n < from + atATime; n++) store.destroy(sidOf(n), () => {})
    await turn()
  }
  for (let n = 0; n < 20 * atATime; n += atATime) await round(n)
  const before = heap()
  for (let n = 0; n < times; n += atATime) await round(n)
  return {
    grown: heap() - before,
    ended: store.stats().destroyed,
    sessions: store.stats().sessions,
  }
}

const [what, ...numbers] = process.argv.slice(-3) as [string, string, string]
const [first, second] = numbers.map(Number) as [number, number]
const measured =
  what === 'comeAndGo'
    ? comeAndGo(first, second)
    : second > 0
      ? turnOver(what, first)
      : fill(what, first)
measured.then((result) => console.log(JSON.stringify(result)))
