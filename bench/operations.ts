/** The operations that are timed: each prepared beforehand, so that only the store's part of it counts. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SessionData, Store } from 'express-session'
import { type Live, newSession, newSid, requestOf, type Shape, sidOfRequest } from './sessions.js'

export type Done = (error?: unknown) => void
/** An operation that is ready to go. */
export type Step = (done: Done) => void

/** A store with sessions in it. */
export interface Population {
  readonly store: Store
  readonly shape: Shape
  readonly sids: readonly string[]
  /** Sessions that were stored while they were timed. */
  readonly added: string[]
}

/** Makes one operation ready, on a session picked at random. */
export type Prepare = (population: Population) => Step | Promise<Step>

export const OPERATIONS = {
  'set new': ({ store, shape, added }) => {
    const sid = newSid()
    // Its owner has no other session.
    const session = newSession(store, sid, shape, 10_000_000 + added.push(sid))
    return (done) => store.set(sid, session, done)
  },
  'set again': async (population) => {
    const [sid, session] = await loadAny(population)
    change(session)
    return (done) => population.store.set(sid, session, done)
  },
  get: ({ store, sids }) => {
    const sid = pick(sids)
    return (done) => store.get(sid, (error, data) => done(error ?? missing(data)))
  },
  'get and createSession': (population) => request(population, (_sid, _session, done) => done()),
  touch: async (population) => {
    const [sid, session] = await loadAny(population)
    session.touch()
    return (done) => population.store.touch?.(sid, session, done)
  },
  'read request': (population) =>
    request(population, (sid, session, done) => {
      session.touch()
      population.store.touch?.(sid, session, done)
    }),
  'write request': (population) =>
    request(population, (sid, session, done) => {
      session.touch()
      change(session)
      population.store.set(sid, session, done)
    }),
} satisfies Record<string, Prepare>

export type OperationName = keyof typeof OPERATIONS
export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[]

function request(
  { store, sids }: Population,
  end: (sid: string, session: Live, done: Done) => void,
): Step {
  const sid = pick(sids)
  const request = requestOf(store, sid)
  return (done) =>
    store.get(sid, (error, data) => {
      if (data) end(sid, store.createSession(request, data), done)
      else done(error ?? missing(data))
    })
}

async function loadAny({ store, sids }: Population): Promise<[string, Live]> {
  const sid = pick(sids)
  return [sid, await load(store, sid)]
}

/** Loads a session as express-session does at the start of a request. */
export function load(store: Store, sid: string): Promise<Live> {
  return new Promise((resolve, reject) => {
    store.get(sid, (error, data) => {
      if (data) resolve(store.createSession(requestOf(store, sid), data))
      else reject(error ?? missing(data))
    })
  })
}

/** Makes a call of a store a promise. */
export function called(call: Step): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()))
  })
}

/** Stores the `n`th session of a shape, and gives its id once it is acknowledged. */
export async function storeNew(store: Store, shape: Shape, n: number): Promise<string> {
  const sid = newSid()
  await called((done) => store.set(sid, newSession(store, sid, shape, n), done))
  return sid
}

/** Stores new sessions of a shape, so many in each turn, and gives their ids. */
export async function fill(store: Store, shape: Shape, count: number, from = 0, inTurn = 100) {
  const sids: string[] = []
  for (let n = 0; n < count; n++) {
    const sid = newSid()
    sids.push(sid)
    store.set(sid, newSession(store, sid, shape, from + n))
    if (n % inTurn === inTurn - 1) await nextTurn()
  }
  return sids
}

/** Does an operation so many times at once. Gives the ns that one of them takes. */
export async function timedTogether(
  population: Population,
  prepare: Prepare,
  times: number,
): Promise<number> {
  const steps: Step[] = []
  for (let i = 0; i < times; i++) steps.push(await prepare(population))
  return (await timed(steps)) / times
}

/** Does operations all at once. Gives the ns until the last is acknowledged. */
export function timed(steps: readonly Step[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let left = steps.length
    const done = (error?: unknown) => {
      if (error) reject(error)
      else if (--left === 0) resolve(Number(process.hrtime.bigint() - began))
    }
    const began = process.hrtime.bigint()
    for (const step of steps) step(done)
  })
}

function pick(sids: readonly string[]): string {
  return sidOfRequest(sids[Math.floor(Math.random() * sids.length)] as string)
}

function change(session: Live): void {
  session.views = (session.views ?? 0) + 1
}

function missing(data: SessionData | null | undefined): Error | undefined {
  return data ? undefined : new Error('a session that was stored is not there')
}
