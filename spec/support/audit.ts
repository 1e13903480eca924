/** Adds up again what a ledger holds, and compares it with what it says. */

import assert from 'node:assert/strict'
import type { Entry } from '../../lib/entry/entry'
import type { Ledger } from '../../lib/ledger/ledger'
import type { Owners } from '../../lib/session/owners'

/** Fails if the lanes, the index, the sizes or the bytes of a ledger disagree. Gives its entries. */
export function audit(ledger: Ledger, isAtRest = true): Entry[] {
  const entries = entriesOf(ledger)
  if (!isAtRest) return entries
  const sum = entries.reduce((total, entry) => total + entry.bytes, 0)
  assert.equal(ledger.bytes, sum)
  assert.equal(ledger.size, entries.length)
  assert.equal(ledger.anonymous, entries.filter((entry) => entry.owner === undefined).length)
  const owned = entries.filter((entry) => entry.owner !== undefined)
  assert.equal(ledger.owned, owned.length)
  assert.equal(ledger.members, owned.filter((entry) => entry.known).length)
  assert.equal(new Set(entries.map((entry) => entry.sid)).size, entries.length)
  for (const entry of entries) {
    assert.equal(ledger.find(entry.sid), entry)
    const scheduled = entry.sooner !== entry
    assert.ok(scheduled || entry.expiry === Number.POSITIVE_INFINITY, `${entry.sid} is forgotten`)
  }
  return entries
}

/** Fails if the index of owners and the entries themselves disagree. */
export function auditOwners(ledger: Ledger, owners: Owners, names: Iterable<string>): void {
  const entries = entriesOf(ledger)
  for (const name of names) {
    const theirs = entries.filter((entry) => entry.owner?.name === name)
    const listed = owners.entriesOf(name)
    assert.equal(listed.length, theirs.length)
    for (const known of [false, true]) {
      const inLane = (all: readonly Entry[]) => sids(all.filter((each) => each.known === known))
      assert.deepEqual(inLane(listed), inLane(theirs))
    }
  }
}

function entriesOf(ledger: Ledger): Entry[] {
  const walk = ledger.walk()
  const entries: Entry[] = []
  for (let entry = walk.next(); entry !== undefined; entry = walk.next()) entries.push(entry)
  walk.end()
  return entries
}

function sids(entries: readonly Entry[]): string[] {
  return entries.map((entry) => entry.sid)
}
