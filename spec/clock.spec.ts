import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import timers from 'node:timers'
import { type Clock, LONGEST_DELAY, systemClock } from '../lib/clock'
import { runNode } from './support/process'
import { NOON, nextTurn, stopTime } from './support/time'

/** The clock as one loads it now: it keeps the timers that it finds then. */
function loaded(): Clock {
  delete require.cache[require.resolve('../lib/clock')]
  return require('../lib/clock').systemClock
}

describe('the system clock', () => {
  for (const [asked, delay] of [
    [0, 0],
    [1000, 1000],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 2 ** 31 - 1],
    [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1],
    [Infinity, 2 ** 31 - 1],
  ] as const) {
    it(`calls back after ${asked} ms at the latest that a timer can, without keeping the process alive`, (t) => {
      const unref = t.mock.fn()
      const timer = { unref }
      const { mock } = t.mock.method(timers, 'setTimeout', () => timer as never)
      const callback = () => {}
      loaded().after(asked, callback)
      assert.deepEqual(mock.calls[0]?.arguments, [callback, delay])
      assert.equal(unref.mock.callCount(), 1)
    })
  }

  it('calls back once, unless it was cancelled', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const clock = loaded()
    const heard: string[] = []
    clock.after(1000, () => heard.push('once'))
    const cancel = clock.after(1000, () => heard.push('never'))
    clock.after(LONGEST_DELAY, () => heard.push('not yet'))
    cancel()
    t.mock.timers.tick(999)
    assert.deepEqual(heard, [])
    t.mock.timers.tick(5000)
    assert.deepEqual(heard, ['once'])
  })

  it('tells the time of the wall, and measures by one that never goes back', (t) => {
    stopTime(t)
    assert.equal(systemClock.now(), NOON)
    const before = systemClock.elapsed()
    t.mock.timers.setTime(0)
    assert.equal(systemClock.now(), 0)
    assert.ok(systemClock.elapsed() >= before)
  })

  it('breathes: calls back later, after what the event loop had to do', async () => {
    const heard: string[] = []
    setImmediate(() => heard.push('first'))
    systemClock.breathe(() => heard.push('then'))
    assert.deepEqual(heard, [])
    await nextTurn()
    assert.deepEqual(heard, ['first', 'then'])
  })

  it('lets a process end whose only work is a timer', async () => {
    const { code, out } = await runNode(`
      const { systemClock } = require('./lib/clock')
      systemClock.after(15_000, () => console.log('fired'))
    `)
    assert.deepEqual([code, out], [0, ''])
  })
})
