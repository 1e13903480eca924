/** Adds up again what a ledger holds, and compares it with what it says. */

import assert from 'node:assert/strict'
import type { Entry } from '../../lib/entry/entry'
import type { Holder } from '../../lib/entry/holder'
import type { Ledger } from '../../lib/ledger/ledger'

/** Fails if the lanes, the indexes, the sizes or the bytes of a ledger disagree. Gives its entries. */
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
  auditIndex(ledger, owned)
  auditHolders(entries)
  return entries
}

/** Fails if an owner has not the entries in the index that have its name. */
function auditIndex(ledger: Ledger, owned: readonly Entry[]): void {
  const byName = new Map<string, Set<Entry>>()
  for (const entry of owned) {
    const { ownerName: name } = entry
    if (name === undefined) continue
    byName.set(name, (byName.get(name) ?? new Set()).add(entry))
  }
  for (const [name, theirs] of byName) {
    const listed = ledger.entriesOf(name)
    assert.equal(listed.length, theirs.size)
    assert.ok(listed.every((entry) => theirs.has(entry)))
  }
}

/** Fails if one who has several entries has one that is not in the ledger, or is another's. */
function auditHolders(entries: readonly Entry[]): void {
  const holders = new Map<Holder, Entry[]>()
  for (const entry of entries) {
    const { holder } = entry
    if (typeof holder !== 'object') continue
    const theirs = holders.get(holder)
    if (theirs === undefined) holders.set(holder, [entry])
    else theirs.push(entry)
  }
  for (const [holder, theirs] of holders) {
    assert.equal(holder.size, theirs.length)
    const bytes = theirs.reduce((sum, entry) => sum + entry.bytes, 0)
    assert.equal(holder.bytes, bytes, `${holder.name} holds other bytes`)
    for (const entry of theirs) {
      assert.ok(new Set(holder).has(entry), `${entry.sid} is not listed by its holder`)
      assert.equal(entry.owned, theirs[0]?.owned)
    }
  }
}

/** Fails if the index of owners and the entries themselves disagree, in which there are or in their order. */
export function auditOwners(ledger: Ledger, names: Iterable<string>): void {
  const entries = entriesOf(ledger)
  for (const name of names) {
    const theirs = entries.filter((entry) => entry.ownerName === name)
    const listed = ledger.entriesOf(name)
    assert.equal(listed.length, theirs.length)
    for (const known of [false, true]) {
      // Of those used within one second, the lanes have the smaller first.
      const inLane = (all: readonly Entry[]) => all.filter((each) => each.known === known)
      assert.deepEqual(sids(inLane(listed)).sort(), sids(inLane(theirs)).sort())
      const used = (all: readonly Entry[]) => inLane(all).map((each) => each.used)
      assert.deepEqual(used(listed), used(theirs))
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
