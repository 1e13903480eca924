import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Batch, MOST_BYTES } from '../../../lib/persistence/journal/batch'

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

  it('tells each waiter once', () => {
    const batch = new Batch()
    const told: (Error | null)[] = []
    batch.waiters.push((error) => told.push(error))
    batch.end(null)
    batch.end(new Error('again'))
    assert.deepEqual(told, [null])
  })
})
