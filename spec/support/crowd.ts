/** People in numbers: members who were there before a flood, and those who come in it. */

import type { LembroStore } from '../../lib/store'
import { newSession, request, slicedSid } from './sessions'
import type { stopTime } from './time'

type Time = ReturnType<typeof stopTime>

/** Signs a user in, or lets a stranger come, and with what else the session has. */
export function come(store: LembroStore, sid: string, user?: unknown, data: object = {}): void {
  const owned = user === undefined ? {} : { user }
  const session = newSession(store, sid, { visits: 1, ...owned, ...data })
  session.cookie.maxAge = 7 * 86_400_000
  store.set(sid, session, () => {})
}

/** A request that reads its session and touches it. Whether the session was there. */
export async function visit(store: LembroStore, sid: string): Promise<boolean> {
  const data = await store.get(slicedSid(sid))
  if (data === undefined) return false
  await store.touch(sid, store.createSession(request(sid, store), data))
  return true
}

/** Signs in so many members, `member-0` and on, who come back a minute later; of a size that they hold `share` of `maxSize`. */
export async function signInMembers(store: LembroStore, time: Time, count: number, share: number) {
  const { maxBytes } = store.stats()
  const room = (maxBytes * share) / count
  for (let n = 0; n < count; n++) {
    const before = store.stats().bytes
    come(store, `member-${n}`, `member-${n}`)
    const text = 'x'.repeat(Math.max(0, room - (store.stats().bytes - before) - 24))
    come(store, `member-${n}`, `member-${n}`, { text })
  }
  time.pass(60_000)
  for (let n = 0; n < count; n++) await visit(store, `member-${n}`)
}

/** How many of the members are still signed in. */
export async function membersIn(store: LembroStore, count: number): Promise<number> {
  let found = 0
  for (let n = 0; n < count; n++) if (await store.get(`member-${n}`)) found++
  return found
}
