import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Batch, MOST_BYTES } from '../../../lib/persistence/journal/batch'
import { runNode } from '../../support/process'
import { nextTurn } from '../../support/time'

describe('a batch', () => {
  it('is full for a record that would take it beyond a megabyte, but never while it is empty', () => {
    const batch = new Batch()
    assert.equal(batch.isFullFor(2 * MOST_BYTES), false)
    batch.reserve(MOST_BYTES - 10)
    assert.deepEqual([batch.isFullFor(10), batch.isFullFor(11)], [false, true])
  })

  it('keeps what it holds as it grows', () => {
    const batch = new Batch()
    batch.bytes.fill(7, 0, batch.reserve(1000) + 1000)
    assert.equal(batch.reserve(300_000), 1000)
    assert.ok(batch.bytes.length >= 301_000)
    assert.ok(batch.bytes.subarray(0, 1000).every((byte) => byte === 7))
  })

  it('gives the room of an oversized record back, and keeps that of ordinary ones', () => {
    const batch = new Batch()
    batch.reserve(MOST_BYTES)
    const { bytes } = batch
    batch.reset()
    assert.deepEqual([batch.length, batch.bytes], [0, bytes])
    batch.reserve(5 * MOST_BYTES)
    batch.reset()
    assert.ok(batch.bytes.length < MOST_BYTES)
  })

  it('tells each waiter once, and later', async () => {
    const batch = new Batch()
    const told: (Error | null)[] = []
    batch.wait((error) => told.push(error))
    batch.end(null)
    batch.end(new Error('again'))
    assert.deepEqual(told, [])
    await nextTurn()
    assert.deepEqual(told, [null])
  })

  it('tells all waiters though one throws, which is no rejection', async () => {
    const { out } = await runNode(`
      const { Batch } = require('./lib/persistence/journal/batch')
      process.on('uncaughtException', (error) => console.log(error.message))
      process.on('unhandledRejection', () => console.log('a rejection'))
      const batch = new Batch()
      const waiter = (name) => () => { console.log(name); throw new Error(name + ' failed') }
      for (const name of ['a', 'b']) batch.wait(waiter(name))
      batch.wait(() => console.log('c'))
      Promise.resolve().then(() => batch.end(null))
    `)
    assert.deepEqual(out.trim().split('\n'), ['a', 'a failed', 'b', 'b failed', 'c'])
  })
})
