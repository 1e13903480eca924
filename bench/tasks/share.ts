/** What a process does with a store that it shares with others: it fills it, reads it, writes to it, waits for what another writes. */

import type { Store } from 'express-session'
import { median, p99 } from '../figures.js'
import { load, OPERATIONS, type Population, timed } from '../operations.js'
import { newSession, newSid, type Shape, sidOfRequest, TYPICAL } from '../sessions.js'
import { openShared, type SharedName } from '../shared.js'

const IN_FLIGHT = 64
let population: Population | undefined
let elsewhere: Store | undefined

/** Opens the store of this process, on those sessions or on so many new ones. Gives their ids. */
export async function share(input: {
  store: SharedName
  port: number
  sids: readonly string[] | number
}): Promise<readonly string[]> {
  const store = await openShared(input.store, input.port)
  const sids = typeof input.sids === 'number' ? await fill(store, input.sids) : input.sids
  population = { store, shape: TYPICAL, sids, added: [] }
  // Every process has met every session once.
  for (const sid of sids) await load(store, sidOfRequest(sid))
  return sids
}

/** Operations per second, so many at once; and the µs of one alone: median, and 99 of a hundred. */
export async function ask(input: {
  operation: 'get' | 'read request' | 'set again'
  count: number
}) {
  const of = populated()
  const prepare = OPERATIONS[input.operation]
  let ns = 0
  for (let done = 0; done < input.count; done += IN_FLIGHT) {
    const steps = []
    for (let i = 0; i < IN_FLIGHT; i++) steps.push(await prepare(of))
    ns += await timed(steps)
  }
  const alone: number[] = []
  for (let i = 0; i < input.count / 10; i++) alone.push((await timed([await prepare(of)])) / 1000)
  const requests = input.count + alone.length
  return { perSecond: (input.count * 1e9) / ns, p50: median(alone), p99: p99(alone), requests }
}

/** Reads per second of sessions that this process has never met, so many at once; they are signed in, and another store wrote them. */
export async function cold(input: {
  store: SharedName
  port: number
  count: number
  characters: number
}): Promise<number> {
  const { store } = populated()
  elsewhere ??= await openShared(input.store, input.port)
  const shape = { ...TYPICAL, characters: input.characters }
  let ns = 0
  for (let done = 0; done < input.count; done += IN_FLIGHT) {
    const sids = await fill(elsewhere, IN_FLIGHT, shape)
    const steps = sids.map((sid) => (end: (error?: unknown) => void) => {
      store.get(sid, (error, data) => end(error ?? (data ? undefined : new Error('it is missing'))))
    })
    ns += await timed(steps)
  }
  return (input.count * 1e9) / ns
}

/** Changes one session so many times; gives when each change was acknowledged, on the clock of all processes. */
export async function change(input: { count: number; pause: number }): Promise<number[]> {
  const { store, sids } = populated()
  const sid = sids[0] as string
  const times: number[] = []
  for (let n = 1; n <= input.count; n++) {
    const session = newSession(store, sid, TYPICAL, 0)
    session.views = -n
    await new Promise<void>((resolve, reject) => {
      store.set(sid, session, (error) => (error ? reject(error) : resolve()))
    })
    times.push(now())
    await new Promise((resolve) => setTimeout(resolve, input.pause))
  }
  return times
}

/** Reads that session all the time; gives when each of so many changes was first seen. */
export async function see(input: { count: number }): Promise<number[]> {
  const { store, sids } = populated()
  const times: number[] = []
  for (let seen = 0; seen < input.count; ) {
    const { views = 0 } = await load(store, sids[0] as string)
    while (seen < -views) times[seen++] = now()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return times
}

async function fill(store: Store, count: number, shape: Shape = TYPICAL): Promise<string[]> {
  const sids = Array.from({ length: count }, newSid)
  for (const [n, sid] of sids.entries()) {
    await new Promise<void>((resolve, reject) => {
      const done = (error?: unknown) => (error ? reject(error) : resolve())
      store.set(sid, newSession(store, sid, shape, n), done)
    })
  }
  return sids
}

function populated(): Population {
  if (population === undefined) throw new Error('no store is open in this process')
  return population
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
