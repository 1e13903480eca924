/** Two requests hold one session at the same time: does a logout stick, and are the changes of both kept? */

import type { Store } from 'express-session'
import { load } from '../operations.js'
import { type Live, newSession, newSid, sidOfRequest, TYPICAL } from '../sessions.js'
import { STORES, type StoreName } from '../stores.js'

/** What came of races. */
export interface Raced {
  /** The share of logouts after which a slow request could not bring the session back. */
  readonly logouts: number
  /** The share of sessions that kept what each of two requests had added. */
  readonly changes: number
}

const TIMES = 200

export async function race({ store: name }: { store: StoreName }): Promise<Raced> {
  const store = STORES[name].make()
  let [logouts, changes] = [0, 0]
  for (let n = 0; n < TIMES; n++) {
    if (await logoutSticks(store, n)) logouts++
    if (await bothAreKept(store, n)) changes++
  }
  return { logouts: logouts / TIMES, changes: changes / TIMES }
}

async function logoutSticks(store: Store, n: number): Promise<boolean> {
  const sid = await start(store, n)
  const slow = await load(store, sidOfRequest(sid))
  await done((callback) => store.destroy(sidOfRequest(sid), callback))
  slow.views = 1000
  await save(store, sid, slow)
  return load(store, sidOfRequest(sid)).then(
    () => false,
    () => true,
  )
}

async function bothAreKept(store: Store, n: number): Promise<boolean> {
  const sid = await start(store, n)
  const [one, other] = [await load(store, sidOfRequest(sid)), await load(store, sidOfRequest(sid))]
  one.views = 1000
  other.note = 'of the other'
  await save(store, sid, one)
  await save(store, sid, other)
  const { views, note } = await load(store, sidOfRequest(sid))
  return views === 1000 && note === 'of the other'
}

async function start(store: Store, n: number): Promise<string> {
  const sid = newSid()
  await save(store, sid, newSession(store, sid, TYPICAL, n))
  return sid
}

function save(store: Store, sid: string, session: Live): Promise<void> {
  return done((callback) => store.set(sidOfRequest(sid), session, callback))
}

function done(call: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error ? reject(error) : resolve()))
  })
}
