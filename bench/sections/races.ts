/** What parallel requests do to one session: whether a slow one undoes a logout, and whether changes are lost. */

import type { Store } from 'express-session'
import { Lembro } from 'lembro'
import { askNew, inPairs } from '../child.js'
import { percent, type Table } from '../figures.js'
import { called, load, storeNew } from '../operations.js'
import { sidOfRequest, TYPICAL } from '../sessions.js'
import { PEERS, STORES, type StoreName } from '../stores.js'

const TIMES = 200
const RACED = ['lembro', 'lembro merge', ...PEERS] as const

/** The share of logouts after which a slow request could not bring the session back, and of sessions that kept what each of two requests had added. */
export async function race(name: StoreName | 'lembro merge') {
  const isMerging = name === 'lembro merge'
  const merging = { interval: 0, onConflict: 'merge' } as const
  const store = isMerging ? new Lembro(merging) : STORES[name].make()
  let [logouts, changes] = [0, 0]
  for (let n = 0; n < TIMES; n++) {
    if (await logoutSticks(store, n)) logouts++
    if (await bothAreKept(store, n)) changes++
  }
  return { logouts: logouts / TIMES, changes: changes / TIMES }
}

async function logoutSticks(store: Store, n: number): Promise<boolean> {
  const sid = await storeNew(store, TYPICAL, n)
  const slow = await load(store, sidOfRequest(sid))
  await called((done) => store.destroy(sidOfRequest(sid), done))
  slow.views = 1000
  await called((done) => store.set(sidOfRequest(sid), slow, done))
  return load(store, sidOfRequest(sid)).then(
    () => false,
    () => true,
  )
}

async function bothAreKept(store: Store, n: number): Promise<boolean> {
  const sid = await storeNew(store, TYPICAL, n)
  const [one, other] = [await load(store, sidOfRequest(sid)), await load(store, sidOfRequest(sid))]
  one.views = 1000
  other.note = 'of the other'
  await called((done) => store.set(sidOfRequest(sid), one, done))
  await called((done) => store.set(sidOfRequest(sid), other, done))
  const { views, note } = await load(store, sidOfRequest(sid))
  return views === 1000 && note === 'of the other'
}

export function run() {
  return inPairs(RACED, (store) => askNew(import.meta.url, race, store))
}

export function show(figures: Awaited<ReturnType<typeof run>>): Table {
  return {
    title: 'Races: two requests with one session',
    note: `Each of ${TIMES} sessions is loaded by a request, destroyed by another, and then saved by the first: a logout sticks if the session is not back. Each of ${TIMES} others is loaded by two requests; each changes another key and saves.`,
    head: ['', 'logouts that stick', 'changes of both kept'],
    rows: Object.entries(figures).map(([store, { logouts, changes }]) => [
      ...[store, percent(logouts), percent(changes)],
    ]),
  }
}
