/** Of `lanes.ts` and `holders.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Entry } from '../../lib/entry/entry'
import { audit } from '../support/audit'
import { FakeClock } from '../support/clock'
import { ann, at, newLedger, put, sidsOf } from '../support/ledger'
import { NOON } from '../support/time'

const MINUTE = 60_000
const nobody = true

/** A ledger of 1,000 bytes with so many members, newcomers and strangers of ten bytes each. */
function crowd({ members = 0, newcomers = 0, strangers = 0 }) {
  const ledger = newLedger()
  const add = (kind: string, count: number, named: boolean) => {
    for (let n = 0; n < count; n++) {
      put(ledger, `${kind}-${n}`, {
        bytes: 10,
        owner: named ? `${kind}-${n}` : undefined,
      })
    }
  }
  add('member', members, true)
  for (let n = 0; n < members; n++) {
    const entry = ledger.find(`member-${n}`)
    if (entry !== undefined) at(ledger, NOON + MINUTE).touch(entry, undefined, Infinity, 10)
  }
  add('newcomer', newcomers, true)
  add('stranger', strangers, false)
  const counts = () => [ledger.anonymous, ledger.newcomers, ledger.members]
  return { ledger, counts }
}

describe('a session', () => {
  it("is a known member's once it is used a minute after the sign-in, not sooner", () => {
    const ledger = newLedger()
    const entry = put(ledger, 'a', { owner: ann })
    at(ledger, NOON + MINUTE - 1).touch(entry, undefined, Infinity, 100)
    assert.deepEqual([entry.known, ledger.newcomers, ledger.members], [false, 1, 0])
    at(ledger, NOON + MINUTE).touch(entry, undefined, Infinity, 100)
    assert.deepEqual([entry.known, ledger.newcomers, ledger.members], [true, 0, 1])
    put(ledger, 'a', { owner: ann, now: NOON + MINUTE })
    assert.equal(entry.known, true)
    audit(ledger)
  })

  it("is never a known member's without a name", () => {
    const ledger = newLedger()
    put(ledger, 'a', { owner: nobody })
    const entry = put(ledger, 'a', { owner: nobody, now: NOON + 10 * MINUTE })
    assert.deepEqual([entry.known, ledger.newcomers], [false, 1])
  })

  it('begins anew where it gets another owner, or is set again after it left', () => {
    const ledger = newLedger()
    put(ledger, 'a')
    put(ledger, 'a', { owner: ann, now: NOON + MINUTE })
    const entry = put(ledger, 'a', { owner: ann, now: NOON + 2 * MINUTE })
    assert.equal(entry.known, true)
    put(ledger, 'a', { owner: 'bob', now: NOON + 3 * MINUTE })
    assert.equal(entry.known, false)
    put(ledger, 'a', { owner: entry.owner, now: NOON + 4 * MINUTE })
    assert.equal(entry.known, true)
    ledger.remove(entry, 'evict')
    at(ledger, NOON + 5 * MINUTE).put(entry, entry, 100)
    assert.equal(entry.known, false)
    audit(ledger)
  })

  it("is a known member's after a minute though the wall clock was set back an hour", () => {
    const clock = new FakeClock()
    const ledger = newLedger({ clock })
    const entry = put(ledger, 'a', { owner: ann })
    clock.set(NOON - 3_600_000)
    clock.pass(MINUTE - 1)
    ledger.touch(entry, undefined, Infinity, 100)
    assert.equal(entry.known, false)
    clock.pass(1)
    ledger.touch(entry, undefined, Infinity, 100)
    assert.equal(entry.known, true)
  })

  it('does not grow old while the wall clock is set back and forth', () => {
    const clock = new FakeClock()
    const ledger = newLedger({ clock })
    const entry = put(ledger, 'a', { owner: ann })
    for (let n = 0; n < 100; n++) {
      clock.set(NOON - (n % 2) * 3_600_000)
      ledger.touch(entry, undefined, Infinity, 100)
    }
    assert.equal(entry.known, false)
  })
})

describe('who gives way', () => {
  it('is a newcomer before a member, though members are older, down to a fifth', () => {
    const { ledger, counts } = crowd({ members: 60, newcomers: 40 })
    for (let n = 0; n < 30; n++) put(ledger, `new-${n}`, { bytes: 10, owner: `${n}` })
    assert.deepEqual(counts(), [0, 40, 60])
    assert.equal(ledger.find('newcomer-0'), undefined)
  })

  it('is a member beyond three fifths, so that newcomers get their fifth, and strangers theirs', () => {
    const { ledger, counts } = crowd({ members: 100 })
    for (let n = 0; n < 50; n++) put(ledger, `stranger-${n}`, { bytes: 10 })
    assert.deepEqual(counts(), [20, 0, 80])
    for (let n = 0; n < 50; n++) put(ledger, `new-${n}`, { bytes: 10, owner: `${n}` })
    assert.deepEqual(counts(), [20, 20, 60])
    assert.equal(ledger.find('member-39'), undefined)
    assert.ok(ledger.find('member-40'))
  })

  it('is a stranger who never returned before one who did', () => {
    const { ledger } = crowd({ strangers: 40, members: 60 })
    const returned = ledger.find('stranger-0')
    assert.ok(returned)
    at(ledger, NOON + MINUTE + 2000).touch(returned, undefined, Infinity, 10)
    for (let n = 0; n < 500; n++) put(ledger, `new-${n}`, { bytes: 10, now: NOON + MINUTE + 2000 })
    assert.equal(ledger.find('stranger-0'), returned)
    assert.equal(ledger.find('stranger-1'), undefined)
  })

  it('is one of those who returned where they have more than half of the room of strangers', () => {
    const { ledger, counts } = crowd({ strangers: 100 })
    for (let n = 0; n < 80; n++) {
      const entry = ledger.find(`stranger-${n}`)
      if (entry) at(ledger, NOON + 2000).touch(entry, undefined, Infinity, 10)
    }
    for (let n = 0; n < 50; n++) put(ledger, `new-${n}`, { bytes: 10, now: NOON + 2000 })
    assert.deepEqual(counts(), [100, 0, 0])
    assert.equal(ledger.find('stranger-0'), undefined)
    assert.ok(ledger.find('stranger-79'))
    assert.equal(sidsOf(ledger).filter((sid) => sid.startsWith('new')).length, 50)
  })

  it('is the oldest of an owner with far more than who has the oldest of all', () => {
    const ledger = newLedger({ maxBytes: 1_000_000 })
    put(ledger, 'oldest', { bytes: 10_000, owner: 'old' })
    for (let n = 0; n < 99; n++) put(ledger, `many-${n}`, { bytes: 10_000, owner: 'many' })
    for (let n = 0; n < 50; n++) put(ledger, `new-${n}`, { bytes: 10_000, owner: `${n}` })
    assert.equal(ledger.entriesOf('many').length, 49)
    assert.ok(ledger.find('oldest'))
    assert.equal(ledger.newcomers, 100)
    audit(ledger)
  })

  it('is the longest unused, where those who hold far more hold little', () => {
    const ledger = newLedger({ maxBytes: 4_000_000 })
    const large = { bytes: 30_000, owner: 'large' }
    const come = (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        put(ledger, `new-${n}`, { bytes: 400, owner: `${n}`, now: NOON + n * 10 })
      }
    }
    put(ledger, 'large', large)
    come(100, 10_100)
    assert.equal(ledger.find('large'), undefined, 'the oldest')
    put(ledger, 'large', { ...large, now: NOON + 101_000 })
    come(10_200, 19_000)
    assert.ok(ledger.find('large'), 'the newest of 10,000 then')
    assert.equal(ledger.find('new-8900'), undefined)
    audit(ledger)
  })
})

describe('an automatic trim', () => {
  const trimmed = (given: Parameters<typeof crowd>[0]) => {
    const { ledger, counts } = crowd(given)
    while (at(ledger, NOON + MINUTE).relieve(750) !== undefined);
    audit(ledger)
    return counts()
  }

  it('takes strangers down to a tenth before any member up to four fifths', () => {
    assert.deepEqual(trimmed({ members: 62, strangers: 38 }), [13, 0, 62])
    assert.deepEqual(trimmed({ members: 78, strangers: 22 }), [10, 0, 78])
    assert.deepEqual(trimmed({ members: 80, strangers: 20 }), [10, 0, 80])
    assert.deepEqual(trimmed({ members: 90, strangers: 10 }), [10, 0, 80])
  })

  it('takes newcomers down to a tenth as well, while users hold more than four fifths', () => {
    assert.deepEqual(trimmed({ members: 60, newcomers: 40 }), [0, 20, 60])
    assert.deepEqual(trimmed({ members: 70, newcomers: 20, strangers: 10 }), [10, 10, 70])
  })

  it('goes all the way if there are strangers alone, and to four fifths if there are newcomers alone', () => {
    assert.deepEqual(trimmed({ strangers: 100 }), [75, 0, 0])
    assert.deepEqual(trimmed({ newcomers: 100 }), [0, 80, 0])
  })

  it('goes to four fifths if there are members alone', () => {
    assert.deepEqual(trimmed({ members: 100 }), [0, 0, 80])
  })
})

describe('a trim that was asked for', () => {
  it('goes below what members keep, by the shares of its goal', () => {
    const { ledger, counts } = crowd({ members: 60, newcomers: 20, strangers: 20 })
    while (at(ledger, NOON + MINUTE).shrink(500) !== undefined);
    assert.deepEqual(counts(), [10, 10, 30])
    while (at(ledger, NOON + MINUTE).shrink(0) !== undefined);
    assert.equal(ledger.size, 1)
  })
})

describe('a large entry', () => {
  it('pushes out nobody above it', () => {
    const { ledger } = crowd({ members: 60, newcomers: 30 })
    const entry = new Entry('large')
    assert.equal(ledger.wouldPushOut(entry, 201, undefined), true)
    assert.equal(ledger.wouldPushOut(entry, 200, undefined), false)
    assert.equal(ledger.wouldPushOut(entry, 401, ann), true)
  })

  it("of a newcomer pushes out no member's as large as it", () => {
    const ledger = newLedger()
    const members = ['cy', 'di']
    for (const now of [NOON, NOON + MINUTE]) {
      for (const owner of members) put(ledger, `${owner}`, { bytes: 300, owner, now })
    }
    const entry = new Entry('large')
    assert.equal(ledger.wouldPushOut(entry, 400, ann), false)
    assert.equal(ledger.wouldPushOut(entry, 401, ann), true)
  })

  it('leaves its own former size out of account, where it is signed out or grows', () => {
    const { ledger } = crowd({ members: 40 })
    const owned = put(ledger, 'large', { bytes: 300, owner: ann })
    assert.equal(ledger.wouldPushOut(owned, 600, undefined), false)
    assert.equal(ledger.wouldPushOut(owned, 601, undefined), true)
    assert.equal(ledger.wouldPushOut(owned, 600, ann), false)
    assert.equal(ledger.wouldPushOut(owned, 601, ann), true)
  })

  it('takes its turn with others as large', () => {
    const ledger = newLedger()
    for (let n = 0; n < 10; n++) {
      const owner = `${n}`
      assert.equal(ledger.wouldPushOut(new Entry(`s${n}`), 300, owner), false)
      put(ledger, `s${n}`, { bytes: 300, owner })
    }
    assert.deepEqual(sidsOf(ledger), ['s7', 's8', 's9'])
  })
})
