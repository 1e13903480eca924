import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Sweep } from '../../lib/reduce'
import { FakeClock } from '../support/clock'

/** A sweep of so many steps, four of them a slice. */
function make(steps: number) {
  const clock = new FakeClock()
  const heard: string[] = []
  let left = steps
  const step = () => {
    clock.work(0.5)
    return --left > 0
  }
  const sweep = new Sweep(clock, step, (ms) => {
    heard.push('finished')
    return `${ms} ms`
  })
  const run = (name: string) => sweep.run((report) => heard.push(`${name}: ${report}`))
  const again = () => {
    left = steps
  }
  return { clock, sweep, heard, run, again }
}

describe('a sweep', () => {
  it('is over when it returns, if one slice is enough', () => {
    const { sweep, heard, run } = make(3)
    run('a')
    assert.deepEqual(heard, ['finished', 'a: 1.5 ms'])
    assert.equal(sweep.running, false)
  })

  it('goes on slice by slice, and is joined by who asks meanwhile', () => {
    const { clock, sweep, heard, run } = make(10)
    run('a')
    run('b')
    assert.deepEqual([sweep.running, heard], [true, []])
    assert.equal(clock.settle(), 2)
    assert.deepEqual(heard, ['finished', 'a: 5 ms', 'b: 5 ms'])
  })

  it('begins anew for who asks when it is over', () => {
    const { sweep, heard, again, run } = make(1)
    sweep.run(() => {
      again()
      run('b')
    })
    assert.deepEqual(heard, ['finished', 'finished', 'b: 0.5 ms'])
  })
})
