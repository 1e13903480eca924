/** Entries put into a ledger without the rest of a store around it. */

import { type Content, Entry } from '../../lib/entry/entry'
import { Ledger } from '../../lib/ledger/ledger'
import type { Owner } from '../../lib/settings/owner'
import { FakeClock } from './clock'

export interface Given {
  readonly body?: string
  readonly bytes?: number
  readonly owner?: Owner | undefined
  readonly expiry?: number
  /** The instant at which it happens; nothing for the same as before. */
  readonly now?: number
}

export const ann = 'ann'

const clocks = new WeakMap<Ledger, FakeClock>()

export function newLedger({
  maxBytes = 1000,
  maxSessions = Number.POSITIVE_INFINITY,
  clock = new FakeClock(),
} = {}) {
  const ledger = new Ledger({ maxBytes, maxSessions }, clock)
  clocks.set(ledger, clock)
  return ledger
}

/** A ledger from {@link newLedger}, at that instant or a later one. */
export function at(ledger: Ledger, now: number): Ledger {
  const clock = clocks.get(ledger) as FakeClock
  if (now > clock.now()) clock.pass(now - clock.now())
  return ledger
}

/** Lets a ledger from {@link newLedger} do what it left for later. */
export function settle(ledger: Ledger): void {
  clocks.get(ledger)?.settle()
}

/** Puts an entry of 100 bytes that belongs to nobody and never expires, unless told otherwise. */
export function put(ledger: Ledger, sid: string, given: Given = {}): Entry {
  const { body = sid, bytes = 100, owner, expiry = Number.POSITIVE_INFINITY, now = 0 } = given
  const entry = ledger.find(sid) ?? new Entry(sid)
  at(ledger, now).put(entry, { body, cookie: undefined, expiry, owner }, bytes)
  return entry
}

/** A content of nobody that never expires, unless told otherwise. */
export function content(given: Partial<Content> = {}): Content {
  return {
    body: '',
    cookie: undefined,
    expiry: Number.POSITIVE_INFINITY,
    owner: undefined,
    ...given,
  }
}

/** The ids that a ledger holds, the least trusted first, of each trust the oldest first. */
export function sidsOf(ledger: Ledger): string[] {
  const walk = ledger.walk()
  const sids: string[] = []
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) sids.push(entry.sid)
  walk.end()
  return sids
}
