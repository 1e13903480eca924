/** The operations that are timed: each prepared beforehand, so that only the store's part of it counts. */

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

/** Owners from this number on are met nowhere else. */
const NEW_OWNERS = 10_000_000

export const OPERATIONS = {
  'set new': ({ store, shape, added }) => {
    const sid = newSid()
    added.push(sid)
    const session = newSession(store, sid, shape, 200_000)
    return (done) => store.set(sid, session, done)
  },
  'set again': async (population) => {
    const { store } = population
    const sid = pick(population)
    const session = await load(store, sid)
    change(session)
    return (done) => store.set(sid, session, done)
  },
  get: (population) => {
    const { store } = population
    const sid = pick(population)
    return (done) => store.get(sid, (error, data) => done(error ?? missing(data)))
  },
  'get and createSession': (population) => {
    const { store } = population
    const sid = pick(population)
    const request = requestOf(store, sid)
    return (done) =>
      store.get(sid, (error, data) => {
        if (data) store.createSession(request, data)
        done(error ?? missing(data))
      })
  },
  touch: async (population) => {
    const { store } = population
    const sid = pick(population)
    const session = await load(store, sid)
    session.touch()
    return (done) => store.touch?.(sid, session, done)
  },
  'read request': (population) => {
    const { store } = population
    const sid = pick(population)
    const request = requestOf(store, sid)
    return (done) =>
      store.get(sid, (error, data) => {
        if (!data) return done(error ?? missing(data))
        const session = store.createSession(request, data)
        session.touch()
        store.touch?.(sid, session, done)
      })
  },
  'write request': (population) => {
    const { store } = population
    const sid = pick(population)
    const request = requestOf(store, sid)
    return (done) =>
      store.get(sid, (error, data) => {
        if (!data) return done(error ?? missing(data))
        const session = store.createSession(request, data)
        session.touch()
        change(session)
        store.set(sid, session, done)
      })
  },
  // What every store spends on telling its caller, and the bench on timing it.
  'the deferred callback alone': () => (done) => {
    setImmediate(done, null)
  },
} satisfies Record<string, Prepare>

/** A `set` of a session whose owner has no other. */
export const setNewOwner: Prepare = ({ store, shape, added }) => {
  const sid = newSid()
  added.push(sid)
  const session = newSession(store, sid, shape, NEW_OWNERS + added.length)
  return (done) => store.set(sid, session, done)
}

export type OperationName = keyof typeof OPERATIONS
export const OPERATION_NAMES = Object.keys(OPERATIONS) as OperationName[]

/** Makes a call of a store a promise. */
export function called(call: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()))
  })
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

/** Stores sessions of a shape, a hundred at a time, and gives their ids. */
export async function fill(store: Store, shape: Shape, count: number, from = 0): Promise<string[]> {
  const sids: string[] = []
  for (let n = 0; n < count; n++) {
    const sid = newSid()
    sids.push(sid)
    store.set(sid, newSession(store, sid, shape, from + n))
    if (n % 100 === 99) await nextTurn()
  }
  return sids
}

/** Does an operation so many times, so many at once. Gives the ns that one of them takes. */
export async function timedInBatches(
  population: Population,
  prepare: Prepare,
  operations: number,
  inFlight: number,
): Promise<number> {
  let ns = 0
  let done = 0
  for (; done < operations; done += inFlight) {
    const steps: Step[] = []
    for (let i = 0; i < inFlight; i++) steps.push(await prepare(population))
    ns += await timed(steps)
  }
  return ns / done
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

/** The next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

function pick({ sids }: Population): string {
  return sidOfRequest(sids[Math.floor(Math.random() * sids.length)] as string)
}

function change(session: Live): void {
  session.views = (session.views ?? 0) + 1
}

function missing(data: SessionData | null | undefined): Error | undefined {
  return data ? undefined : new Error('a session that was stored is not there')
}
