/** Members come back and newcomers sign in while strangers flood the store: who is still known? */

import type { Store } from 'express-session'
import { load } from '../operations.js'
import { type Live, newSession, newSid, type Shape, sidOfRequest, TYPICAL } from '../sessions.js'
import { STORES, type StoreName } from '../stores.js'

export interface Flood {
  readonly store: StoreName
  readonly sessions: number
  readonly of: FloodOf
}

/** Who floods the store: strangers alone; strangers of whom one in each bout signs in; one account that signs in again and again. */
export type FloodOf = 'strangers' | 'newcomers' | 'one account'

/** What came of a flood. */
export interface Found {
  /** The share of the visits of members that found their session. */
  readonly members: number
  /** The share of the newcomers who were still signed in when they came back. */
  readonly newcomers: number
  /** Sessions in the store when it was over. */
  readonly held: number
  /** The bytes that express-lembro then counts. */
  readonly counted: number | undefined
}

const MEMBERS = 1000
const STRANGERS_AT_ONCE = 500
const VISITS_AT_ONCE = 50
const ROOM = 5000
/** As many as the room would hold beside all members. */
const STRANGERS_IN_ROOM = 4
const STRANGER: Shape = { characters: 60, owned: false }
/** No member has this number. */
const ACCOUNT = 999_999
/** Strangers that come while a newcomer fills in the form, and again until the next visit. */
const MEANWHILE = 100

export async function flood(input: Flood): Promise<Found> {
  const such = [TYPICAL, ...Array.from({ length: STRANGERS_IN_ROOM }, () => STRANGER)]
  const store = STORES[input.store].make({ sessions: ROOM, such })
  const random = seeded(1)
  const members: string[] = []
  for (let n = 0; n < MEMBERS; n++) members.push(await start(store, TYPICAL, n))
  let found = 0
  let newcomers = 0
  const bouts = Math.ceil(input.sessions / STRANGERS_AT_ONCE)
  const signsIn = input.of === 'newcomers'
  const come = (n: number) =>
    input.of === 'one account' ? start(store, TYPICAL, ACCOUNT) : start(store, STRANGER, n)
  for (let bout = 0; bout < bouts; bout++) {
    const newcomer = signsIn ? await start(store, STRANGER, 0) : ''
    for (let i = 0; i < STRANGERS_AT_ONCE; i++) {
      if (signsIn && i === MEANWHILE) await signIn(store, newcomer, `newcomer-${bout}`)
      if (signsIn && i === 2 * MEANWHILE) {
        if ((await visit(store, newcomer))?.userId !== undefined) newcomers++
      }
      await visit(store, await come(i))
    }
    for (let i = 0; i < VISITS_AT_ONCE; i++) {
      const n = Math.floor(random() * MEMBERS)
      if (await visit(store, members[n] as string)) found++
      else members[n] = await start(store, TYPICAL, n)
    }
  }
  return {
    members: found / (bouts * VISITS_AT_ONCE),
    newcomers: newcomers / bouts,
    held: await lengthOf(store),
    counted: '_size' in store ? Number(store._size) : undefined,
  }
}

function lengthOf(store: Store): Promise<number> {
  return new Promise((resolve) => {
    store.length?.((_error, length) => resolve(length ?? Number.NaN))
  })
}

async function start(store: Store, shape: Shape, n: number): Promise<string> {
  const sid = newSid()
  await save(store, sid, newSession(store, sid, shape, n))
  return sid
}

async function signIn(store: Store, of: string, userId: string): Promise<void> {
  const sid = sidOfRequest(of)
  const session = await load(store, sid).catch(() => undefined)
  if (session === undefined) return
  session.userId = userId
  await save(store, sid, session)
}

function save(store: Store, sid: string, session: Live): Promise<unknown> {
  return new Promise((resolve) => {
    store.set(sid, session, resolve)
  })
}

/** A request that changes nothing: its session is loaded and touched. */
async function visit(store: Store, of: string): Promise<Live | undefined> {
  const sid = sidOfRequest(of)
  const session = await load(store, sid).catch(() => undefined)
  if (session === undefined) return undefined
  session.touch()
  await new Promise<void>((resolve) => {
    store.touch?.(sid, session, () => resolve())
  })
  return session
}

// The same visits for every store (mulberry32).
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}
