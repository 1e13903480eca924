/** Of `clock.ts`: work in slices. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inSlices } from '../lib/clock'
import { FakeClock } from './support/clock'

/** Work of so many steps that each take `ms`. */
function start({ steps, ms }: { steps: number; ms: number }) {
  const clock = new FakeClock()
  const work = { clock, taken: 0, done: 0 }
  const step = () => {
    work.taken++
    clock.work(ms)
    return work.taken < steps
  }
  inSlices(clock, step, () => work.done++)
  return work
}

describe('long work', () => {
  it('is over when it returns, where it fits into one slice', () => {
    const { clock, taken, done } = start({ steps: 4, ms: 0.5 })
    assert.deepEqual([taken, done, clock.breathing], [4, 1, false])
  })

  it('is begun at once, and breathes after 2 ms of it', () => {
    const work = start({ steps: 5, ms: 0.5 })
    assert.deepEqual([work.taken, work.done, work.clock.breathing], [4, 0, true])
    work.clock.breatheOnce()
    assert.deepEqual([work.taken, work.done, work.clock.breathing], [5, 1, false])
  })

  it('takes one step a slice, where each takes longer than a slice', () => {
    const work = start({ steps: 3, ms: 100 })
    assert.equal(work.taken, 1)
    work.clock.breatheOnce()
    assert.equal(work.taken, 2)
    assert.equal(work.clock.settle(), 1)
    assert.deepEqual([work.taken, work.done], [3, 1])
  })

  it('goes on through as many slices as it needs, and ends once', () => {
    const work = start({ steps: 1000, ms: 0.25 })
    assert.equal(work.taken, 8)
    assert.equal(work.clock.settle(), 1000 / 8 - 1)
    assert.deepEqual([work.taken, work.done], [1000, 1])
  })
})
