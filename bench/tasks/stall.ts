/** Drives a store into its long work, with traffic beside it, and watches how long anything has to wait. */

import type { Store } from 'express-session'
import { nextTurn } from '../operations.js'
import { newSession, newSid, TYPICAL } from '../sessions.js'
import { STORES, type StoreName } from '../stores.js'
import { type Longest, Watch } from '../watch.js'

/** `fill` far past the room, `purge` when everything has expired, `reduce` a full store. */
export type LongWork = 'fill' | 'purge' | 'reduce'

const SETS_A_TURN = 10
const PAST_THE_ROOM = 1.5
const TWO_DAYS = 2 * 86_400_000

export async function stall(input: {
  store: StoreName
  sessions: number
  work: LongWork
}): Promise<Longest> {
  const { sessions, work } = input
  const kind = STORES[input.store]
  if (work === 'fill') {
    const store = kind.make({ sessions, such: [TYPICAL] })
    const watch = new Watch()
    await fill(store, sessions * PAST_THE_ROOM)
    return watch.end()
  }
  const run = kind[work]
  if (run === undefined) throw new Error(`${input.store} has no '${work}'`)
  // Room for a few more, so that the fill itself trims nothing.
  const store = kind.make({ sessions: Math.ceil(sessions * 1.05), such: [TYPICAL] })
  await fill(store, sessions)
  if (work === 'purge') setClockForward(TWO_DAYS)
  const watch = new Watch()
  await nextTurn()
  await traffic(store, (done) => run(store, done))
  return watch.end()
}

async function fill(store: Store, sessions: number): Promise<void> {
  for (let n = 0; n < sessions; n++) {
    const sid = newSid()
    store.set(sid, newSession(store, sid, TYPICAL, 100_000 + n))
    if (n % SETS_A_TURN === SETS_A_TURN - 1) await nextTurn()
  }
}

/** A session is read and touched in every turn until the work is done. */
async function traffic(store: Store, work: (done: () => void) => void): Promise<void> {
  let busy = true
  work(() => {
    busy = false
  })
  const sid = newSid()
  const session = newSession(store, sid, TYPICAL, 0)
  store.set(sid, session)
  while (busy) {
    store.get(sid, () => {})
    store.touch?.(sid, session, () => {})
    await nextTurn()
  }
}

// Rather than to wait for a day.
function setClockForward(ms: number): void {
  const { now } = Date
  Date.now = () => now() + ms
}
