import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Entry } from '../../lib/entry/entry'
import type { Ledger, LedgerListener } from '../../lib/ledger/ledger'
import { TimerWheel } from '../../lib/ledger/wheel'
import { audit } from '../support/audit'
import { FakeClock } from '../support/clock'
import { ann, at, newLedger, put, settle, sidsOf } from '../support/ledger'
import { NOON } from '../support/time'

/** Whether live ones had to go for the bytes of what `run` does. */
function crowds(ledger: Ledger, run: () => void): boolean {
  let crowded = false
  ledger.listen({
    crowded: () => {
      crowded = true
    },
  })
  run()
  return crowded
}

describe('put', () => {
  it('adds an entry as the newest, and moves one that is there', () => {
    const ledger = newLedger()
    for (const sid of ['a', 'b', 'c']) put(ledger, sid)
    put(ledger, 'a', { bytes: 150 })
    assert.deepEqual(sidsOf(ledger), ['b', 'c', 'a'])
    assert.equal(ledger.bytes, 350)
    audit(ledger)
  })

  it('makes room before it stores, the oldest first, and says that live ones had to go', () => {
    const ledger = newLedger({ maxBytes: 300 })
    for (const sid of ['a', 'b', 'c']) put(ledger, sid)
    const entry = new Entry('d')
    assert.equal(
      crowds(ledger, () => ledger.put(entry, entry, 150)),
      true,
    )
    assert.deepEqual(sidsOf(ledger), ['c', 'd'])
    audit(ledger)
  })

  it('says that nobody had to go where there was room, or only expired ones went', () => {
    const ledger = newLedger({ maxBytes: 200 })
    const entry = new Entry('c')
    put(ledger, 'a', { expiry: NOON + 10 })
    put(ledger, 'b')
    assert.equal(
      crowds(ledger, () => at(ledger, NOON + 10).put(entry, entry, 100)),
      false,
    )
    assert.deepEqual(sidsOf(ledger), ['b', 'c'])
  })

  it('evicts for more sessions than may be, and none where one is replaced', () => {
    const ledger = newLedger({ maxSessions: 2 })
    for (const sid of ['a', 'b', 'a']) put(ledger, sid)
    assert.deepEqual(sidsOf(ledger), ['b', 'a'])
    put(ledger, 'c')
    assert.deepEqual(sidsOf(ledger), ['a', 'c'])
    audit(ledger)
  })

  it('never evicts the entry that grows, though it is the oldest', () => {
    const ledger = newLedger({ maxBytes: 300 })
    for (const sid of ['a', 'b', 'c']) put(ledger, sid)
    put(ledger, 'a', { bytes: 300 })
    assert.deepEqual(sidsOf(ledger), ['a'])
    audit(ledger)
  })

  it('keeps its books where an entry gets a past expiry and needs room, long after it was due', () => {
    const ledger = newLedger({ maxBytes: 300 })
    const entry = put(ledger, 'a', { expiry: NOON + 10 })
    for (const sid of ['b', 'c']) put(ledger, sid)
    ledger.touch(entry, undefined, NOON + 1000, 100)
    put(ledger, 'a', { bytes: 150, expiry: NOON + 10, now: NOON + 50 })
    assert.equal(audit(ledger).length, 2)
    assert.equal(ledger.find('a'), entry)
  })

  it('moves an entry from lane to lane as its owner signs in and out', () => {
    const ledger = newLedger()
    for (const sid of ['a', 'b']) put(ledger, sid)
    put(ledger, 'a', { owner: ann })
    assert.deepEqual([ledger.anonymous, ledger.owned], [1, 1])
    assert.deepEqual(sidsOf(ledger), ['b', 'a'])
    put(ledger, 'a')
    assert.deepEqual([ledger.anonymous, ledger.owned], [2, 0])
    assert.deepEqual(sidsOf(ledger), ['b', 'a'])
    audit(ledger)
  })

  it('takes back an entry that left before', () => {
    const ledger = newLedger()
    const entry = put(ledger, 'a')
    ledger.remove(entry, 'evict')
    audit(ledger)
    ledger.put(entry, entry, 100)
    assert.equal(ledger.find('a'), entry)
    audit(ledger)
  })
})

describe('eviction', () => {
  const crowd = (strangers: number, members: number, maxBytes = 1000) => {
    const ledger = newLedger({ maxBytes })
    for (let n = 0; n < members; n++) put(ledger, `member-${n}`, { owner: ann })
    for (let n = 0; n < strangers; n++) put(ledger, `stranger-${n}`)
    return ledger
  }

  it('takes strangers first, though members are older, down to a fifth of the budget', () => {
    const ledger = crowd(5, 5)
    for (let n = 0; n < 3; n++) put(ledger, `new-${n}`, { owner: ann })
    assert.deepEqual([ledger.anonymous, ledger.owned], [2, 8])
    put(ledger, 'new-3', { owner: ann })
    assert.deepEqual([ledger.anonymous, ledger.owned], [2, 8])
    assert.equal(ledger.find('member-0'), undefined)
    assert.deepEqual(sidsOf(ledger).slice(0, 2), ['stranger-3', 'stranger-4'])
  })

  it('keeps members in a flood of strangers', () => {
    const ledger = crowd(0, 7)
    for (let n = 0; n < 1000; n++) put(ledger, `flood-${n}`)
    assert.deepEqual([ledger.anonymous, ledger.owned], [3, 7])
  })

  it('keeps room for strangers to sign in among members', () => {
    const ledger = crowd(2, 8)
    put(ledger, 'visitor')
    assert.ok(ledger.find('visitor'))
    assert.equal(ledger.find('stranger-0'), undefined)
    put(ledger, 'member', { owner: ann })
    assert.deepEqual([ledger.anonymous, ledger.owned], [2, 8])
    const members = crowd(0, 10)
    for (const sid of ['one', 'two', 'three']) put(members, sid)
    assert.deepEqual([members.anonymous, members.owned], [2, 8])
  })

  it('is plain oldest first without owners', () => {
    const ledger = crowd(10, 0)
    for (let n = 0; n < 5; n++) put(ledger, `new-${n}`)
    assert.deepEqual(sidsOf(ledger)[0], 'stranger-5')
    assert.equal(ledger.size, 10)
  })

  it('takes members where there are no strangers', () => {
    const ledger = crowd(0, 10)
    put(ledger, 'new', { owner: ann })
    assert.equal(ledger.find('member-0'), undefined)
    audit(ledger)
  })

  it('takes what has expired before anyone live, however new it is', () => {
    const ledger = crowd(5, 4)
    put(ledger, 'brief', { owner: ann, expiry: NOON + 10 })
    put(ledger, 'late', { now: NOON + 10 })
    assert.equal(ledger.find('brief'), undefined)
    assert.equal(ledger.size, 10)
  })

  it('looks anew at an entry that was prolonged, and lets it live', () => {
    const ledger = crowd(9, 0)
    const brief = put(ledger, 'brief', { expiry: NOON + 10 })
    ledger.touch(brief, undefined, NOON + 20, 100)
    put(ledger, 'late', { now: NOON + 10 })
    assert.equal(ledger.find('brief'), brief)
    assert.equal(ledger.find('stranger-0'), undefined)
    put(ledger, 'later', { now: NOON + 20 })
    assert.equal(ledger.find('brief'), undefined)
    assert.ok(ledger.find('stranger-1'))
  })
})

describe('eviction by number', () => {
  it('counts the stranger that comes among the fifth of the strangers', () => {
    const ledger = newLedger({ maxBytes: 10_000, maxSessions: 9 })
    for (let n = 0; n < 8; n++) put(ledger, `member-${n}`, { owner: `${n}` })
    for (let n = 0; n < 5; n++) put(ledger, `stranger-${n}`)
    assert.deepEqual([ledger.anonymous, ledger.owned], [1, 8])
    assert.equal(sidsOf(ledger)[0], 'stranger-4')
  })
})

describe('the search for an expired entry', () => {
  it('looks at 1,000 that were prolonged and no more, then evicts', () => {
    const ledger = newLedger({ maxBytes: 300_000 })
    for (let n = 0; n < 3000; n++) {
      const entry = put(ledger, `s${n}`, { expiry: NOON + 10 })
      ledger.touch(entry, undefined, NOON + 1000, 100)
    }
    const scheduled: string[] = []
    const { schedule } = TimerWheel.prototype
    TimerWheel.prototype.schedule = function (entry) {
      scheduled.push(entry.sid)
      schedule.call(this, entry)
    }
    try {
      put(ledger, 'late', { now: NOON + 10 })
    } finally {
      TimerWheel.prototype.schedule = schedule
    }
    assert.equal(ledger.find('s0'), undefined)
    assert.equal(scheduled.filter((sid) => sid !== 'late').length, 1000)
    audit(ledger)
  })
})

describe('touch', () => {
  it('gives an entry another expiry and weight, and makes it the newest of its lane', () => {
    const ledger = newLedger()
    const entry = put(ledger, 'a')
    put(ledger, 'b')
    assert.equal(
      crowds(ledger, () => ledger.touch(entry, undefined, NOON + 5, 120)),
      false,
    )
    assert.deepEqual(sidsOf(ledger), ['b', 'a'])
    assert.deepEqual([entry.expiry, entry.body, ledger.bytes], [NOON + 5, 'a', 220])
    assert.equal(at(ledger, NOON + 5).expireOne(), true)
    audit(ledger)
  })

  it('makes room where the cookie grew', () => {
    const ledger = newLedger({ maxBytes: 300 })
    const entry = put(ledger, 'a')
    for (const sid of ['b', 'c']) put(ledger, sid)
    assert.equal(
      crowds(ledger, () => ledger.touch(entry, undefined, Infinity, 101)),
      true,
    )
    assert.deepEqual(sidsOf(ledger), ['c', 'a'])
    audit(ledger)
  })
})

describe('remove', () => {
  it('marks what was destroyed, for those who loaded it, and nothing else', () => {
    const ledger = newLedger()
    const [a, b, c] = ['a', 'b', 'c'].map((sid) => put(ledger, sid)) as [Entry, Entry, Entry]
    ledger.remove(a, 'destroy')
    ledger.remove(b, 'evict')
    ledger.remove(c, 'expire')
    assert.deepEqual([a.destroyed, b.destroyed, c.destroyed], [true, false, false])
    assert.deepEqual([ledger.size, ledger.bytes, ledger.find('a')], [0, 0, undefined])
  })
})

describe('shrink', () => {
  it('goes down one entry at a time, the expired first, and keeps the last', () => {
    const ledger = newLedger()
    for (const sid of ['a', 'b', 'c']) put(ledger, sid)
    put(ledger, 'd', { expiry: NOON + 1 })
    assert.equal(at(ledger, NOON + 1).shrink(400), undefined)
    assert.equal(at(ledger, NOON + 1).shrink(399), 'expire')
    assert.equal(at(ledger, NOON + 1).shrink(0), 'evict')
    assert.equal(at(ledger, NOON + 1).shrink(0), 'evict')
    assert.equal(at(ledger, NOON + 1).shrink(0), undefined)
    assert.deepEqual(sidsOf(ledger), ['c'])
  })

  it('leaves strangers a fifth of the goal', () => {
    const ledger = newLedger()
    for (const sid of ['a', 'b', 'c', 'd', 'e']) put(ledger, sid)
    for (const sid of ['v', 'w', 'x', 'y', 'z']) put(ledger, sid, { owner: ann })
    while (ledger.shrink(500) !== undefined);
    assert.deepEqual(sidsOf(ledger), ['e', 'w', 'x', 'y', 'z'])
  })
})

describe('listeners', () => {
  it('hear of everything after it happened, with the budget kept and the books in order', () => {
    const ledger = newLedger({ maxBytes: 250 })
    const heard: string[] = []
    const note = (what: string) => {
      assert.ok(ledger.bytes <= 250)
      heard.push(`${what}: ${ledger.size} of ${ledger.bytes}`)
    }
    ledger.listen({
      put: (entry) => note(`put ${entry.sid} of ${entry.ownerName}`),
      touch: (entry) => note(`touch ${entry.sid}`),
      remove: (entry, cause) => note(`${cause} ${entry.sid}`),
      clear: (size) => note(`clear ${size}`),
      cleared: (entry) => note(`cleared ${entry.sid}`),
    } satisfies LedgerListener)
    const a = put(ledger, 'a', { owner: ann })
    put(ledger, 'a', { bytes: 50 })
    ledger.touch(a, undefined, NOON + 1, 60)
    put(ledger, 'b')
    put(ledger, 'c', { now: NOON + 1 })
    put(ledger, 'd', { bytes: 120, owner: ann })
    ledger.remove(ledger.find('c') as Entry, 'destroy')
    put(ledger, 'e')
    ledger.clear()
    settle(ledger)
    assert.deepEqual(heard, [
      'put a of ann: 1 of 100',
      'put a of undefined: 1 of 50',
      'touch a: 1 of 60',
      'put b of undefined: 2 of 160',
      'expire a: 1 of 100',
      'put c of undefined: 2 of 200',
      'evict b: 1 of 100',
      'put d of ann: 2 of 220',
      'destroy c: 1 of 120',
      'put e of undefined: 2 of 220',
      'clear 2: 0 of 0',
      'cleared e: 0 of 0',
      'cleared d: 0 of 0',
    ])
  })
})

describe('a listener', () => {
  it('hears of the first entry in an empty ledger, and of live ones that had to go for bytes', () => {
    const ledger = newLedger({ maxBytes: 200, maxSessions: 3 })
    const heard: string[] = []
    class Hearing implements LedgerListener {
      readonly heard = heard
      put({ sid }: Entry): void {
        this.heard.push(sid)
      }
      filled(): void {
        this.heard.push('filled')
      }
      crowded(): void {
        this.heard.push('crowded')
      }
    }
    ledger.listen(new Hearing())
    put(ledger, 'a')
    put(ledger, 'b')
    put(ledger, 'c')
    ledger.touch(ledger.find('c') as Entry, undefined, Infinity, 150)
    for (const sid of ['d', 'e', 'f', 'g']) put(ledger, sid, { bytes: 10 })
    ledger.clear()
    put(ledger, 'h')
    assert.deepEqual(heard, [
      ...['a', 'filled', 'b', 'c', 'crowded', 'crowded'],
      ...['d', 'e', 'f', 'g', 'h', 'filled'],
    ])
  })

  it('hears what a newer version replaced, as it was', () => {
    const ledger = newLedger()
    const heard: unknown[] = []
    ledger.listen({
      replaced: ({ sid, bytes, owner, inLane }) => heard.push([sid, bytes, owner, inLane]),
    })
    put(ledger, 'a', { owner: ann })
    put(ledger, 'a', { bytes: 50 })
    assert.deepEqual(heard, [['a', 100, ann, false]])
  })
})

describe('clear', () => {
  it('drops all at once, begins a new epoch, and forgets what was due', () => {
    const ledger = newLedger()
    put(ledger, 'a', { expiry: NOON + 1 })
    put(ledger, 'b', { owner: ann })
    const { epoch } = ledger
    ledger.clear()
    assert.equal(ledger.epoch, epoch + 1)
    assert.deepEqual([ledger.size, ledger.bytes, ledger.find('a')], [0, 0, undefined])
    assert.equal(at(ledger, NOON + 1).expireOne(), false)
    put(ledger, 'a')
    assert.deepEqual(sidsOf(ledger), ['a'])
  })
})

describe('what was cleared', () => {
  const isAlone = (entry: Entry) =>
    [entry.newer, entry.older, entry.sooner, entry.later].every((other) => other === entry)

  it('is taken apart without anyone listening, so that one entry keeps none of the others', () => {
    const ledger = newLedger()
    const owner = 'ann'
    const entries = ['a', 'b', 'c', 'd', 'e'].map((sid) =>
      put(ledger, sid, { owner, expiry: NOON }),
    )
    entries.push(put(ledger, 'f', { expiry: NOON }), put(ledger, 'g', { expiry: NOON }))
    ledger.clear()
    settle(ledger)
    assert.ok(entries.every(isAlone))
    for (const { holder } of entries) assert.notEqual(typeof holder, 'object')
    assert.deepEqual(
      entries.map((entry) => entry.owner),
      [owner, owner, owner, owner, owner, undefined, undefined],
    )
  })

  it('is taken apart a few ms at a time, while new ones come', () => {
    const clock = new FakeClock()
    const ledger = newLedger({ clock })
    const told: string[] = []
    ledger.listen({
      cleared: ({ sid }) => {
        told.push(sid)
        clock.work(5)
      },
    })
    const entries = ['a', 'b', 'c'].map((sid) => put(ledger, sid))
    ledger.clear()
    assert.deepEqual(told, [])
    const anew = put(ledger, 'a')
    for (const sids of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      clock.breatheOnce()
      assert.deepEqual(told, sids)
      audit(ledger)
    }
    clock.settle()
    assert.ok(entries.every(isAlone))
    assert.equal(ledger.find('a'), anew)
  })
})

describe('restore', () => {
  const content = { body: '', cookie: undefined, expiry: NOON + 10, owner: undefined }
  const restore = (ledger: Ledger, sid: string, more: object = {}, unused = 0, held = 0) => {
    const entry = new Entry(sid)
    const given = { ...content, ...more }
    ledger.restore(entry, given, ledger.weigh(entry, given), unused, held)
    return entry
  }

  it('brings one after the other in as the newest, within the budget, and tells nobody', () => {
    const scratch = newLedger()
    restore(scratch, 'a')
    const ledger = newLedger({ maxBytes: 2 * scratch.bytes })
    ledger.listen({ put: () => assert.fail('told') })
    for (const sid of ['a', 'b', 'c']) {
      restore(ledger, sid)
      assert.ok(ledger.bytes <= 2 * scratch.bytes)
    }
    assert.deepEqual(sidsOf(ledger), ['b', 'c'])
    audit(ledger)
    assert.equal(at(ledger, NOON + 10).expireOne(), true)
  })

  it('keeps a known member known, and a stranger who returned', () => {
    const ledger = newLedger({ maxBytes: 10_000 })
    const member = restore(ledger, 'member', { owner: ann }, 3_600_000, 60_000)
    const newcomer = restore(ledger, 'newcomer', { owner: ann }, 3_600_000, 59_999)
    const returned = restore(ledger, 'returned', {}, 0, 2000)
    const stranger = restore(ledger, 'stranger', {}, 0, 1999)
    assert.deepEqual([member.known, newcomer.known], [true, false])
    assert.deepEqual([ledger.members, ledger.newcomers], [1, 1])
    assert.deepEqual(sidsOf(ledger), ['stranger', 'returned', 'newcomer', 'member'])
    assert.deepEqual([member.used, member.age, returned.age, stranger.age], [-3600, 60, 2, 1])
    audit(ledger)
  })

  it('tells how long what it brought in was unused', () => {
    const ledger = newLedger()
    const heard: number[] = []
    const entry = restore(ledger, 'a', {}, 5000)
    ledger.listen({ remove: (_entry, _cause, unused) => heard.push(unused) })
    put(ledger, 'b', { now: NOON + 2000 })
    ledger.remove(entry, 'evict')
    assert.deepEqual(heard, [7000])
  })
})
