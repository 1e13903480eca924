import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Sample, sampleOf } from '../../lib/monitor/sample'
import { SAMPLE_MS, Sampler, WINDOW_MS } from '../../lib/monitor/sampler'
import { FakeClock } from '../support/clock'
import { SpokenStore } from '../support/figures'

function newSampler() {
  const [clock, store] = [new FakeClock(), new SpokenStore()]
  const sampler = new Sampler(() => sampleOf(store.stats(), clock.now()), clock)
  const seen: Sample[] = []
  return { clock, store, sampler, seen, see: (sample: Sample) => seen.push(sample) }
}

describe('the sampler', () => {
  it('asks nothing and has no timer while nobody watches', () => {
    const { clock, store, sampler } = newSampler()
    clock.pass(10 * SAMPLE_MS)
    assert.deepEqual([store.asked, clock.armed], [0, []])
    assert.deepEqual(sampler.since(0), [])
  })

  it('gives a sample at once, and one each second', () => {
    const { clock, store, sampler, seen, see } = newSampler()
    sampler.watch(see)
    assert.equal(seen.length, 1)
    store.figures = { hits: 7 }
    clock.pass(3 * SAMPLE_MS)
    assert.deepEqual(
      seen.map(({ at }) => at - clock.now()),
      [-3_000, -2_000, -1_000, 0],
    )
    assert.equal(seen.at(-1)?.hits, 7)
  })

  it('asks once a second, however many watch', () => {
    const { clock, store, sampler, seen, see } = newSampler()
    for (let watcher = 1; watcher <= 50; watcher++) sampler.watch(see)
    assert.deepEqual([store.asked, seen.length], [1, 50])
    clock.pass(SAMPLE_MS)
    assert.deepEqual([store.asked, seen.length, clock.armed.length], [2, 100, 1])
  })

  it('ends with the last who watches, and begins again with the next', () => {
    const { clock, store, sampler, seen, see } = newSampler()
    const [first, second] = [sampler.watch(see), sampler.watch(see)]
    first()
    clock.pass(SAMPLE_MS)
    assert.equal(store.asked, 2)
    second()
    assert.deepEqual(clock.armed, [])
    clock.pass(10 * SAMPLE_MS)
    assert.equal(store.asked, 2)
    sampler.watch(see)
    assert.deepEqual([store.asked, seen.at(-1)?.at], [3, clock.now()])
  })

  it('shows who comes later what others have seen, no further back than the window', () => {
    const { clock, sampler, see } = newSampler()
    sampler.watch(see)
    clock.pass(WINDOW_MS + 10 * SAMPLE_MS)
    const points = sampler.since(0)
    assert.equal(points.length, WINDOW_MS / SAMPLE_MS)
    assert.deepEqual(Object.keys(points[0] ?? {}).includes('save'), false)
    assert.deepEqual(
      sampler.since(clock.now() - 2_000).map(({ at }) => at - clock.now()),
      [-1_000, 0],
    )
  })
})
