import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Entry } from '../../lib/entry/entry'
import { Lanes } from '../../lib/ledger/lanes'
import { Departed } from '../../lib/session/departed'
import { FakeClock } from '../support/clock'
import { nextTurn } from '../support/time'

function loaded(sid: string, name?: string): Entry {
  const entry = new Entry(sid)
  entry.lane = { isOwned: name !== undefined, isMembers: false }
  entry.holder = name
  return entry
}

/** Stores an entry of an owner in lanes of its own, and gives those. */
function stored(entry: Entry): Lanes {
  const lanes = new Lanes(false)
  entry.lane = lanes.of(entry, true)
  lanes.add(entry)
  return lanes
}

describe('departed entries', () => {
  it('are remembered as long as a request may hold their session, whether evicted or expired', () => {
    const departed = new Departed(true, new FakeClock())
    const [evicted, expired, other] = [loaded('a'), loaded('b'), loaded('c')]
    departed.remove(evicted, 'evict')
    departed.remove(expired, 'expire')
    departed.remove(other, 'evict')
    assert.equal(departed.size, 3)
    for (const sid of ['a', 'b', 'nobody']) departed.destroy(sid)
    assert.deepEqual(
      [evicted, expired, other].map((entry) => entry.destroyed),
      [true, true, false],
    )
  })

  it('are marked with those of the owner that they had last, however often they left', () => {
    const departed = new Departed(false, new FakeClock())
    const entry = loaded('a', 'ann')
    departed.remove(entry, 'evict')
    entry.holder = 'bob'
    departed.remove(entry, 'evict')
    departed.destroyOwner('ann', undefined)
    assert.equal(entry.destroyed, false)
    departed.destroyOwner('bob', undefined)
    assert.equal(entry.destroyed, true)
  })

  it('keep no long name', async () => {
    const departed = new Departed(false, new FakeClock())
    const before = heap()
    for (let n = 0; n < 500; n++) departed.remove(loaded(`s${n}`, `${n}`.repeat(30_000)), 'evict')
    // What a WeakRef refers to stays until the turn is over.
    await nextTurn()
    assert.equal(departed.size, 500)
    assert.ok(heap() - before < 1_000_000)
  })

  it('are not remembered without an owner, unless the store knows no owners', () => {
    const departed = new Departed(false, new FakeClock())
    const [stranger, owned] = [loaded('a'), loaded('b', 'ann')]
    for (const entry of [stranger, owned]) departed.remove(entry, 'evict')
    assert.equal(departed.size, 1)
    for (const sid of ['a', 'b']) departed.destroy(sid)
    assert.deepEqual([stranger.destroyed, owned.destroyed], [false, true])
  })

  it('are all marked if one id has left several times', () => {
    const departed = new Departed(true, new FakeClock())
    const lives = [loaded('a'), loaded('a')]
    for (const entry of [...lives, ...lives]) departed.remove(entry, 'expire')
    departed.destroy('a')
    assert.ok(lives.every((entry) => entry.destroyed))
  })

  it('are marked with all the others of their owner, but for the one that is excepted', () => {
    const departed = new Departed(true, new FakeClock())
    const entries = [loaded('a', 'ann'), loaded('b', 'ann'), loaded('c', 'bob'), loaded('d')]
    for (const entry of entries) departed.remove(entry, 'evict')
    departed.destroyOwner('ann', 'b')
    assert.deepEqual(
      entries.map((entry) => entry.destroyed),
      [true, false, false, false],
    )
  })

  it('are not remembered once they are destroyed, or all is cleared', () => {
    const departed = new Departed(true, new FakeClock())
    const [destroyed, cleared] = [loaded('a'), loaded('c')]
    departed.remove(destroyed, 'destroy')
    departed.remove(cleared, 'evict')
    assert.equal(departed.size, 1)
    departed.clear()
    assert.equal(departed.size, 0)
  })

  it('are left alone if a request has stored them again', () => {
    const departed = new Departed(true, new FakeClock())
    const again = loaded('a', 'ann')
    departed.remove(again, 'evict')
    stored(again)
    departed.destroyOwner('ann', undefined)
    assert.equal(again.destroyed, false)
  })

  it('are forgotten by a sweep once no request holds them any more', async () => {
    const clock = new FakeClock()
    const departed = new Departed(true, clock)
    const [held, again] = [loaded('held', 'ann'), loaded('s7', 'bob')]
    for (const entry of [held, again]) departed.remove(entry, 'evict')
    for (let n = 0; n < 900; n++) departed.remove(loaded(`s${n}`, `owner-${n % 300}`), 'evict')
    assert.equal(departed.size, 902)
    for (let turns = 0; turns < 50 && departed.size > 2; turns++) {
      await nextTurn()
      collect()
      departed.sweep()
      clock.settle()
    }
    assert.equal(departed.size, 2)
    departed.destroyOwner('owner-7', undefined)
    departed.destroyOwner('bob', undefined)
    departed.destroy('held')
    assert.deepEqual([held.destroyed, again.destroyed], [true, true])
    departed.sweep()
    clock.settle()
    assert.equal(departed.size, 0)
  })

  it('are none after a clear in the midst of a sweep', () => {
    const clock = new FakeClock()
    const departed = new Departed(true, clock)
    const entries = Array.from({ length: 10 }, (_, n) => loaded(`s${n}`, 'ann'))
    for (const entry of entries) departed.remove(entry, 'evict')
    departed.destroy('s0')
    departed.sweep()
    departed.clear()
    // Held to the end: what departed is only remembered while something else holds it.
    const again = loaded('again', 'ann')
    departed.remove(again, 'evict')
    clock.settle()
    assert.deepEqual([departed.size, again.destroyed], [1, false])
    assert.ok(entries.slice(1).every((entry) => !entry.destroyed))
  })

  it('are remembered again if they were stored and evicted once more', () => {
    const departed = new Departed(true, new FakeClock())
    const entry = loaded('a', 'ann')
    departed.remove(entry, 'evict')
    const lanes = stored(entry)
    departed.destroy('a')
    lanes.remove(entry)
    departed.remove(entry, 'evict')
    departed.destroyOwner('ann', undefined)
    assert.equal(entry.destroyed, true)
  })

  it('are here once after a sweep, however often they left', () => {
    const clock = new FakeClock()
    const departed = new Departed(true, clock)
    const entries = [loaded('a', 'ann'), loaded('b', 'ann')]
    for (let times = 0; times < 5; times++) {
      for (const entry of entries) departed.remove(entry, 'evict')
    }
    departed.sweep()
    clock.settle()
    assert.equal(departed.size, 2)
    departed.destroyOwner('ann', undefined)
    assert.ok(entries.every((entry) => entry.destroyed))
  })

  it('are swept when there are many, a few ms at a time, and again when there are twice as many', () => {
    const clock = new FakeClock()
    const departed = new Departed(true, clock)
    const entries = Array.from({ length: 3000 }, (_, n) => loaded(`s${n}`))
    const leave = (from: number, to: number) => {
      for (const entry of entries.slice(from, to)) departed.remove(entry, 'evict')
    }
    leave(0, 999)
    assert.equal(clock.breathing, false)
    leave(999, 1000)
    assert.equal(clock.breathing, true)
    clock.settle()
    leave(1000, 1999)
    assert.equal(clock.breathing, false)
    leave(1999, 2000)
    assert.equal(clock.breathing, true)
    clock.settle()
    assert.equal(departed.size, 2000)
  })
})

const collect = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

function heap(): number {
  collect()
  return process.memoryUsage().heapUsed
}
