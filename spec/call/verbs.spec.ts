import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Answers } from '../../lib/call'
import { Verbs } from '../../lib/call'
import { nextTurn } from '../support/time'

function make() {
  const done: string[] = []
  const verbs = new Verbs(new Answers(new EventEmitter()), () => done.push('at rest'))
  const run = (name: string) => () => {
    done.push(name)
    return name
  }
  return { verbs, done, run }
}

describe('a verb', () => {
  it('runs at once, and is at rest before it ends', async () => {
    const { verbs, done, run } = make()
    const answers = [verbs.read(undefined, run('read')), verbs.change(undefined, run('change'))]
    assert.deepEqual(done, ['read', 'at rest', 'change', 'at rest'])
    assert.deepEqual(await Promise.all(answers), ['read', 'change'])
  })

  it('is at rest also where it throws', async () => {
    const { verbs, done } = make()
    await assert.rejects(verbs.read(undefined, () => assert.fail('no')) as Promise<void>, /no/)
    assert.deepEqual(done, ['at rest'])
  })

  it('waits for what is loaded, in the order it was called', async () => {
    const { verbs, done, run } = make()
    const go = verbs.waitFor({ committed: (end) => end(null) })
    const answers = [
      verbs.change(undefined, run('first')),
      verbs.read(undefined, run('second')),
      verbs.long<string>(undefined, (end) => end(null, run('third')())),
    ]
    await nextTurn()
    assert.deepEqual(done, [])
    go()
    assert.deepEqual(await Promise.all(answers), ['first', 'second', 'third'])
    assert.deepEqual(done, ['first', 'at rest', 'second', 'at rest', 'third'])
  })

  it('that changes something ends when that is saved, or could not be', async () => {
    const { verbs, done, run } = make()
    const settle: ((error: Error | null) => void)[] = []
    verbs.waitFor({ committed: (end) => settle.push(end) })()
    const saved = verbs.change(() => done.push('saved'), run('change'))
    assert.equal(saved, undefined)
    const failed = verbs.change(undefined, run('change')) as Promise<string>
    assert.equal(await verbs.read(undefined, run('read')), 'read')
    assert.ok(!done.includes('saved'))
    settle[0]?.(null)
    settle[1]?.(new Error('the disk is full'))
    await assert.rejects(failed, /the disk is full/)
    await nextTurn()
    assert.ok(done.includes('saved'))
  })

  it('fails once they are closed, and does nothing', async () => {
    const { verbs, done, run } = make()
    verbs.close()
    for (const verb of [
      verbs.read(undefined, run('read')),
      verbs.change(undefined, run('change')),
      verbs.long(undefined, () => done.push('long')),
    ]) {
      await assert.rejects(verb as Promise<unknown>, { code: 'ECLOSED' })
    }
    assert.deepEqual(done, [])
    assert.equal(verbs.closed, true)
  })
})
