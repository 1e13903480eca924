import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pointOf, reportOf, sampleOf } from '../../lib/monitor/sample'
import { Lembro } from '../../lib/store'
import { ALL_FIGURES } from '../support/figures'
import { plainSession } from '../support/sessions'

describe('a sample', () => {
  it('has all the figures of a store that has everything', () => {
    assert.deepEqual(sampleOf(ALL_FIGURES, 5), { at: 5, ...ALL_FIGURES })
  })

  it('has nothing that is no figure, and no figure that it does not know', () => {
    const strange = {
      sessions: 'ann',
      owner: 'ann',
      lastReduce: { from: 1, sid: 'a', to: '7' },
      save: 'file',
      evicted: { anonymous: 2, sids: ['a'] },
    }
    assert.deepEqual(sampleOf(strange as never, 5), {
      at: 5,
      lastReduce: { from: 1 },
      evicted: { anonymous: 2 },
    })
    assert.deepEqual(reportOf('lastReduce', { from: 1, sid: 'a' }), { from: 1 })
  })

  it('tells of a budget without a limit as JSON can', () => {
    const sample = sampleOf({ maxBytes: Number.POSITIVE_INFINITY }, 5)
    assert.deepEqual(JSON.parse(JSON.stringify(sample)), { at: 5, maxBytes: null })
  })

  it('holds no id, no owner and no content of the sessions in a store', async () => {
    await using store = new Lembro({ interval: 0, max: 1 })
    await store.set('an-id', plainSession({ userId: 'an-owner', text: 'a-content' }))
    await store.set('an-id-2', plainSession({ userId: 'an-owner', text: 'a-content' }))
    await store.reduce(1)
    const sample = sampleOf(store.stats(), 5)
    assert.doesNotMatch(JSON.stringify(sample), /an-id|an-owner|a-content/)
  })

  it('is a point of the charts with less', () => {
    const { at, bytes, evicted, refused, save } = pointOf(sampleOf(ALL_FIGURES, 5)) as Record<
      string,
      unknown
    >
    assert.deepEqual([at, bytes, save], [5, 4_000, undefined])
    assert.deepEqual([evicted, refused], [ALL_FIGURES.evicted, ALL_FIGURES.refused])
  })
})
