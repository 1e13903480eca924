import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Stats } from '../lib/stats'
import { ann, newLedger, put } from './support/ledger'
import { NOON } from './support/time'

function make() {
  const ledger = newLedger()
  const stats = new Stats()
  ledger.listen(stats)
  return { ledger, stats, snapshot: () => stats.snapshot(ledger, 1000) }
}

describe('stats', () => {
  it('count nothing at first', () => {
    assert.deepEqual(make().snapshot(), {
      sessions: 0,
      anonymous: 0,
      owned: 0,
      newcomers: 0,
      members: 0,
      bytes: 0,
      maxBytes: 1000,
      hits: 0,
      misses: 0,
      sets: 0,
      touches: 0,
      destroyed: 0,
      expired: 0,
      evicted: { anonymous: 0, owned: 0, members: 0, perOwner: 0 },
      lastEvicted: { anonymous: null, owned: null },
      refused: { tooBig: 0, destroyed: 0 },
      conflicts: 0,
      reduces: 0,
      lastReduce: null,
      lastPurge: null,
    })
  })

  it('count each way to leave by its own name, an eviction by whose it was', () => {
    const { ledger, snapshot } = make()
    for (const [sid, cause, owner] of [
      ['a', 'destroy', undefined],
      ['b', 'expire', ann],
      ['c', 'evict', undefined],
      ['d', 'evict', ann],
      ['e', 'evict', ann],
      ['f', 'limit', ann],
    ] as const) {
      ledger.remove(put(ledger, sid, { owner }), cause)
    }
    const { destroyed, expired, evicted, sets } = snapshot()
    assert.deepEqual([destroyed, expired, sets], [1, 1, 6])
    assert.deepEqual(evicted, { anonymous: 1, owned: 2, members: 0, perOwner: 1 })
  })

  it('count a known member apart from a newcomer, while held and when evicted', () => {
    const { ledger, snapshot } = make()
    put(ledger, 'member', { owner: ann })
    put(ledger, 'newcomer', { owner: ann, now: NOON + 60_000 })
    const member = put(ledger, 'member', { owner: ann, now: NOON + 60_000 })
    const { owned, newcomers, members } = snapshot()
    assert.deepEqual([owned, newcomers, members], [2, 1, 1])
    ledger.remove(member, 'evict')
    assert.deepEqual(snapshot().evicted, { anonymous: 0, owned: 1, members: 1, perOwner: 0 })
  })

  it('tell how long the one evicted last had been unused, and nothing of those that left otherwise', () => {
    const { ledger, snapshot } = make()
    const stranger = put(ledger, 'stranger')
    const signedIn = put(ledger, 'signed-in', { owner: ann, now: NOON + 2000 })
    const other = put(ledger, 'other', { owner: ann })
    put(ledger, 'late', { now: NOON + 7500 })
    ledger.remove(other, 'destroy')
    assert.deepEqual(snapshot().lastEvicted, { anonymous: null, owned: null })
    ledger.remove(stranger, 'evict')
    ledger.remove(signedIn, 'evict')
    assert.deepEqual(snapshot().lastEvicted, { anonymous: 7000, owned: 5000 })
  })

  it('count all that are cleared as destroyed', () => {
    const { ledger, snapshot } = make()
    for (const sid of ['a', 'b']) put(ledger, sid)
    ledger.clear()
    assert.deepEqual([snapshot().destroyed, snapshot().sessions], [2, 0])
  })

  it('tell what is there now, and keep telling what was there then', () => {
    const { ledger, snapshot } = make()
    const entry = put(ledger, 'a')
    const before = snapshot()
    put(ledger, 'b', { owner: ann })
    ledger.touch(entry, undefined, Infinity, 120)
    const { sessions, anonymous, owned, bytes, touches } = snapshot()
    assert.deepEqual([sessions, anonymous, owned, bytes, touches], [2, 1, 1, 220, 1])
    assert.deepEqual([before.sessions, before.bytes, before.touches], [1, 100, 0])
  })

  it('keep the report of the last trim and of the last purge', () => {
    const { stats, snapshot } = make()
    const trims = [1, 2].map((n) => ({ from: 100 * n, to: 50, evicted: n, ms: 0.5 }))
    for (const report of trims) stats.reduced(report)
    stats.purged({ expired: 3, ms: 1 })
    const { reduces, lastReduce, lastPurge } = snapshot()
    assert.deepEqual([reduces, lastReduce, lastPurge], [2, trims[1], { expired: 3, ms: 1 }])
  })

  it('cannot be changed by whoever reads them', () => {
    const snapshot = make().snapshot()
    for (const part of [snapshot, snapshot.evicted, snapshot.lastEvicted, snapshot.refused]) {
      assert.ok(Object.isFrozen(part))
    }
  })
})
