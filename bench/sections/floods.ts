/** Who may stay when strangers flood the store: whether members find their sessions, and strangers can sign in. */

import type { Store } from 'express-session'
import { askNew, inPairs } from '../child.js'
import { percent, type Table, whole } from '../figures.js'
import { called, load, storeNew } from '../operations.js'
import { type Live, shapeOf, sidOfRequest, TYPICAL } from '../sessions.js'
import { STORE_NAMES, STORES, type StoreName } from '../stores.js'

/** Who floods the store: strangers alone; strangers of whom one in each bout signs in; one account that signs in again and again. */
const FLOODS = ['strangers', 'newcomers', 'one account'] as const

const MEMBERS = 1000
const STRANGERS_AT_ONCE = 500
const VISITS_AT_ONCE = 50
const ROOM = 5000
const STRANGER = shapeOf(60, false)
/** No member has this number. */
const ACCOUNT = 999_999
/** Strangers that come while a newcomer fills in the form, and again until the next visit. */
const MEANWHILE = 100

/** The share of the visits of members that found their session, and of the newcomers who were still signed in when they came back. */
export async function flood(input: {
  store: StoreName
  sessions: number
  of: (typeof FLOODS)[number]
}) {
  // Room for all members, and for four times as many strangers.
  const such = [TYPICAL, STRANGER, STRANGER, STRANGER, STRANGER]
  const store = STORES[input.store].make({ sessions: ROOM, such })
  // The same visits for every store: Park and Miller's numbers.
  let random = 1
  const members: string[] = []
  for (let n = 0; n < MEMBERS; n++) members.push(await storeNew(store, TYPICAL, n))
  let [found, newcomers] = [0, 0]
  const bouts = Math.ceil(input.sessions / STRANGERS_AT_ONCE)
  const signsIn = input.of === 'newcomers'
  const come = (n: number) =>
    input.of === 'one account' ? storeNew(store, TYPICAL, ACCOUNT) : storeNew(store, STRANGER, n)
  for (let bout = 0; bout < bouts; bout++) {
    const newcomer = signsIn ? await storeNew(store, STRANGER, 0) : ''
    for (let i = 0; i < STRANGERS_AT_ONCE; i++) {
      if (signsIn && i === MEANWHILE) await visit(store, newcomer, `newcomer-${bout}`)
      if (signsIn && i === 2 * MEANWHILE) {
        if ((await visit(store, newcomer))?.userId !== undefined) newcomers++
      }
      await visit(store, await come(i))
    }
    for (let i = 0; i < VISITS_AT_ONCE; i++) {
      random = (random * 16_807) % 2_147_483_647
      const n = random % MEMBERS
      if (await visit(store, members[n] as string)) found++
      else members[n] = await storeNew(store, TYPICAL, n)
    }
  }
  return {
    members: found / (bouts * VISITS_AT_ONCE),
    newcomers: newcomers / bouts,
  }
}

/** A request: its session is loaded, and touched, or stored with the user who signs in. */
async function visit(store: Store, of: string, userId?: string): Promise<Live | undefined> {
  const sid = sidOfRequest(of)
  const session = await load(store, sid).catch(() => undefined)
  if (session === undefined) return undefined
  session.touch()
  if (userId === undefined) await called((done) => store.touch?.(sid, session, done))
  else await called((done) => store.set(sid, Object.assign(session, { userId }), done))
  return session
}

export async function run(quick: boolean) {
  const sessions = quick ? 1000 : 50_000
  const stores = STORE_NAMES.filter((name) => name !== 'floor')
  const found = await inPairs(stores, (store) =>
    inPairs(FLOODS, (of) => askNew(import.meta.url, flood, { store, sessions, of })),
  )
  return { sessions, found }
}

export function show({ sessions, found }: Awaited<ReturnType<typeof run>>): Table {
  return {
    title: 'Floods: who is still known',
    note: `1,000 members, room for 5,000 sessions, 500 strangers between every 50 visits of members, ${whole(sessions)} strangers in all. Then the same flood again, in which one of each 500 strangers signs in when 100 others have come after, and comes back when 100 more have. Then as many sign-ins of one account. MemoryStore has no bound: it loses nobody and grows until the process ends.`,
    head: [
      '',
      'visits of members that found the session',
      'strangers who could sign in',
      'the same visits, one account floods',
    ],
    rows: Object.entries(found).map(([store, of]) => [
      ...[store, percent(of.strangers.members), percent(of.newcomers.newcomers)],
      percent(of['one account'].members),
    ]),
  }
}
