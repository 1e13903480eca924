/** Entries put into a ledger without the rest of a store around it. */

import { Entry } from '../../lib/entry/entry'
import type { Owner } from '../../lib/entry/holder'
import { type Background, Ledger } from '../../lib/ledger/ledger'
import { NOON } from './time'

export interface Given {
  readonly bytes?: number
  readonly owner?: Owner | undefined
  readonly expiry?: number
  readonly now?: number
}

export const ann = 'ann'

export function newLedger(
  { maxBytes = 1000, maxSessions = Number.POSITIVE_INFINITY } = {},
  background?: Background,
) {
  return new Ledger({ maxBytes, maxSessions }, NOON, background)
}

/** Puts an entry of 100 bytes that belongs to nobody and never expires, unless told otherwise. */
export function put(ledger: Ledger, sid: string, given: Given = {}): Entry {
  const { bytes = 100, owner, expiry = Number.POSITIVE_INFINITY, now = NOON } = given
  const entry = ledger.find(sid) ?? new Entry(sid)
  ledger.put(entry, { body: sid, cookie: undefined, expiry, owner }, bytes, now)
  return entry
}

/** The ids that a ledger holds, the least trusted first, of each trust the oldest first. */
export function sidsOf(ledger: Ledger): string[] {
  const walk = ledger.walk()
  const sids: string[] = []
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) sids.push(entry.sid)
  walk.end()
  return sids
}
