/** Of `call.ts`: when a method runs and ends. */

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Calls } from '../lib/call'
import { nextTurn } from './support/time'

function make() {
  const done: string[] = []
  const calls = new Calls(new EventEmitter())
  const run = (name: string) => () => {
    done.push(name)
    calls.afterwards(() => done.push('at rest'))
    return name
  }
  return { calls, done, run }
}

describe('a method', () => {
  it('runs at once, and is at rest before it ends', async () => {
    const { calls, done, run } = make()
    const answers = [calls.read(undefined, run('read')), calls.change(undefined, run('change'))]
    assert.deepEqual(done, ['read', 'at rest', 'change', 'at rest'])
    assert.deepEqual(await Promise.all(answers), ['read', 'change'])
  })

  it('is at rest also where it throws', async () => {
    const { calls, done, run } = make()
    const fail = () => {
      run('read')()
      assert.fail('no')
    }
    await assert.rejects(calls.read(undefined, fail) as Promise<void>, /no/)
    assert.deepEqual(done, ['read', 'at rest'])
  })

  it('waits for what is loaded, in the order it was called', async () => {
    const { calls, done, run } = make()
    const go = calls.waitFor({ committed: (end) => end(null) })
    const answers = [
      calls.change(undefined, run('first')),
      calls.read(undefined, run('second')),
      calls.long<string>(undefined, (end) => end(null, run('third')())),
    ]
    await nextTurn()
    assert.deepEqual(done, [])
    go()
    assert.deepEqual(await Promise.all(answers), ['first', 'second', 'third'])
    assert.deepEqual(done, ['first', 'at rest', 'second', 'at rest', 'third'])
  })

  it('that changes something ends when that is saved, or could not be', async () => {
    const { calls, done, run } = make()
    const settle: ((error: Error | null) => void)[] = []
    calls.waitFor({ committed: (end) => settle.push(end) })()
    const saved = calls.change(() => done.push('saved'), run('change'))
    assert.equal(saved, undefined)
    const failed = calls.change(undefined, run('change')) as Promise<string>
    assert.equal(await calls.read(undefined, run('read')), 'read')
    assert.ok(!done.includes('saved'))
    settle[0]?.(null)
    settle[1]?.(new Error('the disk is full'))
    await assert.rejects(failed, /the disk is full/)
    await nextTurn()
    assert.ok(done.includes('saved'))
  })

  it('fails once they are closed, and does nothing', async () => {
    const { calls, done, run } = make()
    calls.close()
    for (const call of [
      calls.read(undefined, run('read')),
      calls.change(undefined, run('change')),
      calls.long(undefined, () => done.push('long')),
    ]) {
      await assert.rejects(call as Promise<unknown>, { code: 'ECLOSED' })
    }
    assert.deepEqual(done, [])
    assert.equal(calls.closed, true)
  })
})
