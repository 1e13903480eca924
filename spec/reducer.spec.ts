/** Of `reduce.ts`: the trim. */

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Calls } from '../lib/call'
import { Reducer } from '../lib/reduce'
import type { ReduceReport } from '../lib/stats'
import { audit } from './support/audit'
import { FakeClock } from './support/clock'
import { newLedger, put, sidsOf } from './support/ledger'
import { NOON } from './support/time'

/** A full ledger of ten times ten entries, and a reducer that takes four steps a slice. */
function full() {
  const clock = new FakeClock()
  const ledger = newLedger({ maxBytes: 1000, clock })
  const reports: ReduceReport[] = []
  const rests = { count: 0 }
  const calls = new Calls(new EventEmitter())
  calls.rest = () => {
    audit(ledger)
    rests.count++
    clock.work(0.5)
  }
  const reducer = new Reducer(ledger, clock, calls, 1000, (report) => reports.push(report))
  for (let n = 0; n < 100; n++) put(ledger, `s${n}`, { bytes: 10 })
  return { clock, ledger, reducer, reports, rests }
}

describe('a trim', () => {
  it('is over when it returns, where it fits into one slice', () => {
    const { clock, ledger, reducer, reports } = full()
    reducer.reduce(970)
    assert.equal(ledger.bytes, 970)
    assert.deepEqual(reports, [{ from: 1000, to: 970, evicted: 3, ms: 2 }])
    assert.equal(clock.breathing, false)
  })

  it('does its first slice at once and the rest after breathing, and reports it once', () => {
    const { clock, ledger, reducer, reports, rests } = full()
    reducer.reduce(750)
    assert.equal(ledger.bytes, 960)
    assert.deepEqual(reports, [])
    clock.breatheOnce()
    assert.equal(ledger.bytes, 920)
    assert.equal(clock.settle(), 5)
    assert.equal(ledger.bytes, 750)
    assert.deepEqual(reports, [{ from: 1000, to: 750, evicted: 25, ms: 13 }])
    assert.equal(rests.count, 26)
    assert.deepEqual(sidsOf(ledger)[0], 's25')
  })

  it('lets a set between its slices make its own room at once', () => {
    const { clock, ledger, reducer, reports } = full()
    reducer.reduce(750)
    put(ledger, 'large', { bytes: 500 })
    assert.equal(ledger.bytes, 1000)
    assert.equal(sidsOf(ledger).at(-1), 'large')
    clock.settle()
    assert.equal(ledger.bytes, 750)
    assert.ok(ledger.find('large'))
    assert.equal(reports.length, 1)
  })

  it('counts as evicted only those who were live', () => {
    const { clock, ledger, reducer, reports } = full()
    for (let n = 0; n < 10; n++) put(ledger, `s${n}`, { bytes: 10, expiry: NOON + 1 })
    clock.pass(1)
    reducer.reduce(800)
    clock.settle()
    assert.equal(reports[0]?.evicted, 10)
    assert.equal(sidsOf(ledger)[0], 's20')
  })

  it('is joined by another that comes meanwhile, down to the lower goal of both', () => {
    const { clock, ledger, reducer, reports } = full()
    const heard: string[] = []
    reducer.reduce(900, () => heard.push('first'))
    reducer.reduce(700, () => heard.push('second'))
    reducer.reduce(800, () => heard.push('third'))
    assert.deepEqual(heard, [])
    clock.settle()
    assert.equal(ledger.bytes, 700)
    assert.deepEqual(heard, ['first', 'second', 'third'])
    assert.equal(reports.length, 1)
  })

  it('forgets its goal when it is over', () => {
    const { clock, ledger, reducer } = full()
    reducer.reduce(500)
    clock.settle()
    for (let n = 0; n < 40; n++) put(ledger, `new${n}`, { bytes: 10 })
    reducer.reduce(800)
    clock.settle()
    assert.equal(ledger.bytes, 800)
  })

  it('may be asked for again by whoever hears that it is over', () => {
    const { clock, ledger, reducer, reports } = full()
    reducer.reduce(990, () => reducer.reduce(980))
    clock.settle()
    assert.equal(ledger.bytes, 980)
    assert.equal(reports.length, 2)
  })

  it('keeps one entry, and does nothing to an empty ledger', () => {
    const { clock, ledger, reducer, reports } = full()
    reducer.reduce(0)
    clock.settle()
    assert.deepEqual(sidsOf(ledger), ['s99'])
    ledger.clear()
    reducer.reduce(0)
    assert.equal(reports[1]?.evicted, 0)
  })
})
