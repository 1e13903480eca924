/** Of `call.ts`: functions of the application. */

import assert from 'node:assert/strict'
import { EventEmitter, errorMonitor } from 'node:events'
import { describe, it } from 'node:test'
import { callSafely, emitSafely } from '../lib/call'
import { nextTurn } from './support/time'

const noFault = (thrown: unknown) => assert.fail(String(thrown))

/** What is used as a promise, but is no `Promise`. */
function thenable(then: number | ((resolve: unknown, reject: (why: string) => void) => void)) {
  return Object.defineProperty({}, 'then', { value: then })
}

describe('an event for the application', () => {
  it('reaches every listener, in order, those of once a single time', () => {
    const emitter = new EventEmitter()
    const heard: unknown[] = []
    emitter.on('evict', (sid, more) => heard.push(sid, more))
    emitter.once('evict', () => heard.push('once'))
    for (const sid of ['a', 'b']) emitSafely(emitter, 'evict', [sid, 1], noFault)
    assert.deepEqual(heard, ['a', 1, 'once', 'b', 1])
  })

  it('is told with the emitter as this, as any event is', () => {
    const emitter = new EventEmitter()
    let seen: unknown
    emitter.on('evict', function (this: unknown) {
      seen = this
    })
    emitSafely(emitter, 'evict', [], noFault)
    assert.equal(seen, emitter)
  })

  it('reaches the others when a listener throws or rejects, and the fault is told', async () => {
    const emitter = new EventEmitter()
    const heard: string[] = []
    const faults: unknown[] = []
    emitter.on('evict', () => {
      throw 'thrown'
    })
    emitter.on('evict', async () => {
      throw 'rejected'
    })
    emitter.on('evict', () => heard.push('last'))
    emitSafely(emitter, 'evict', [], (thrown) => faults.push(thrown))
    assert.deepEqual(heard, ['last'])
    await nextTurn()
    assert.deepEqual(faults, ['thrown', 'rejected'])
  })

  it('reaches those who monitor errors as well', () => {
    const emitter = new EventEmitter()
    const heard: unknown[] = []
    emitter.on(errorMonitor, () => heard.push('monitor'))
    emitter.on('error', () => heard.push('listener'))
    emitSafely(emitter, 'error', [new Error('x')], noFault)
    emitSafely(emitter, 'evict', [], noFault)
    assert.deepEqual(heard, ['monitor', 'listener'])
  })
})

describe('a call that nobody awaits', () => {
  it('has its fault told, thrown or rejected, by a promise of any kind', async () => {
    const faults: unknown[] = []
    const fault = (thrown: unknown) => faults.push(thrown)
    callSafely(() => assert.equal(1, 1), fault)
    callSafely(() => Promise.reject('rejected'), fault)
    callSafely(() => thenable((_, reject) => reject('thenable')), fault)
    callSafely(() => {
      throw 'thrown'
    }, fault)
    await nextTurn()
    assert.deepEqual(faults.sort(), ['rejected', 'thenable', 'thrown'])
  })
})
