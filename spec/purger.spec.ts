/** Of `reduce.ts`: the purge. */

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Calls } from '../lib/call'
import { Purger } from '../lib/reduce'
import type { PurgeReport } from '../lib/stats'
import { audit } from './support/audit'
import { FakeClock } from './support/clock'
import { newLedger, put, sidsOf } from './support/ledger'
import { NOON } from './support/time'

/** A purger that takes four steps a slice, and puts that know the time. */
function make({ interval = 1000 } = {}) {
  const clock = new FakeClock()
  const ledger = newLedger({ maxBytes: 1_000_000, clock })
  const reports: PurgeReport[] = []
  const calls = new Calls(new EventEmitter())
  calls.rest = () => {
    audit(ledger)
    clock.work(0.5)
  }
  const purger = new Purger(ledger, clock, calls, interval, (report) => reports.push(report))
  const add = (sid: string, ttl = Infinity) =>
    put(ledger, sid, { expiry: clock.now() + ttl, now: clock.now() })
  return { clock, ledger, purger, reports, add }
}

describe('a purge', () => {
  it('is over when it returns, where few have expired', () => {
    const { clock, ledger, purger, reports, add } = make()
    for (const [sid, ttl] of [
      ['a', 10],
      ['b', 20],
      ['c', 11],
    ] as const)
      add(sid, ttl)
    clock.pass(15)
    let done = 0
    purger.purge(() => done++)
    assert.equal(done, 1)
    assert.deepEqual(sidsOf(ledger), ['b'])
    assert.deepEqual(reports, [{ expired: 2, ms: 1.5 }])
  })

  it('expires in slices, the first of them at once', () => {
    const { clock, ledger, purger, reports, add } = make()
    for (let n = 0; n < 100; n++) add(`s${n}`, 10)
    add('stays')
    clock.pass(10)
    let done = 0
    purger.purge(() => done++)
    assert.deepEqual([ledger.size, done], [97, 0])
    clock.breatheOnce()
    assert.deepEqual([ledger.size, done], [93, 0])
    clock.settle()
    assert.deepEqual([ledger.size, done, reports.length], [1, 1, 1])
    assert.equal(reports[0]?.expired, 100)
  })

  it('goes on after the entries that were prolonged, however many are looked at first', () => {
    const { clock, ledger, purger, add } = make()
    for (let n = 0; n < 1500; n++) add(`prolonged${n}`, 10)
    add('brief', 10)
    for (let n = 0; n < 1500; n++) add(`prolonged${n}`, 100)
    clock.pass(10)
    purger.purge(() => {})
    clock.settle()
    assert.equal(ledger.size, 1500)
    assert.equal(ledger.find('brief'), undefined)
  })

  it('lets a set between its slices be, and makes room for it', () => {
    const { clock, ledger, purger, add } = make()
    for (let n = 0; n < 20; n++) add(`s${n}`, 10)
    clock.pass(10)
    purger.purge(() => {})
    add('s19', 50)
    add('new')
    clock.settle()
    assert.deepEqual(sidsOf(ledger), ['s19', 'new'])
  })

  it('is joined by another that comes meanwhile', () => {
    const { clock, purger, reports, add } = make()
    for (let n = 0; n < 20; n++) add(`s${n}`, 10)
    clock.pass(10)
    const heard: string[] = []
    purger.purge(() => heard.push('first'))
    purger.purge(() => heard.push('second'))
    clock.settle()
    assert.deepEqual(heard, ['first', 'second'])
    assert.equal(reports.length, 1)
  })
})

describe('the purge timer', () => {
  it('is armed by the first entry, and by no other while it runs', () => {
    const { clock, add } = make()
    assert.deepEqual(clock.armed, [])
    add('a')
    add('b')
    assert.deepEqual(clock.armed, [1000])
  })

  it('expires at every interval, and is armed only while there is something to expire', () => {
    const { clock, ledger, add } = make()
    add('a', 10)
    add('b', 1500)
    clock.pass(999)
    assert.equal(ledger.size, 2)
    clock.pass(1)
    assert.deepEqual(sidsOf(ledger), ['b'])
    assert.deepEqual(clock.armed, [1000])
    clock.pass(1000)
    assert.equal(ledger.size, 0)
    assert.deepEqual(clock.armed, [])
    add('c', 10)
    assert.deepEqual(clock.armed, [1000])
  })

  it('is armed again when the purge is over, not while it breathes', () => {
    const { clock, add } = make()
    for (let n = 0; n < 20; n++) add(`s${n}`, 10)
    add('stays')
    clock.pass(1000)
    assert.deepEqual([clock.breathing, clock.armed], [true, []])
    clock.settle()
    assert.deepEqual(clock.armed, [1000])
  })

  it('is stopped at once, and stays so whatever is put, until it is started', () => {
    const { clock, ledger, purger, add } = make()
    add('a', 10)
    purger.stop()
    assert.deepEqual([purger.stopped, clock.armed], [true, []])
    add('b', 10)
    clock.pass(10_000)
    assert.equal(ledger.size, 2)
    purger.start()
    assert.deepEqual([purger.stopped, clock.armed], [false, [1000]])
    clock.pass(1000)
    assert.equal(ledger.size, 0)
  })

  it('is not started by the end of a purge that was stopped meanwhile', () => {
    const { clock, purger, add } = make()
    for (let n = 0; n < 20; n++) add(`s${n}`, 10)
    add('stays')
    clock.pass(1000)
    purger.stop()
    clock.settle()
    assert.deepEqual(clock.armed, [])
  })

  it('is one timer, however often it is started', () => {
    const { clock, purger, add } = make()
    purger.start()
    assert.deepEqual(clock.armed, [])
    add('a')
    for (let n = 0; n < 3; n++) purger.start()
    assert.deepEqual(clock.armed, [1000])
  })

  it('does not exist where the interval is Infinity', () => {
    const { clock, purger, add } = make({ interval: Infinity })
    add('a', 10)
    purger.start()
    clock.pass(NOON)
    assert.deepEqual(clock.armed, [])
  })
})
