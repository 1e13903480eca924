import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { OldestFirst } from '../../lib/ledger/oldest-first'

describe('a set that knows its oldest', () => {
  it('gives the one that was added first of those that are left, after any adds and deletes', () => {
    const step = fc.tuple(fc.constantFrom('add', 'delete', 'look'), fc.nat(8))
    const property = fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
      const [set, list] = [new OldestFirst<string>(), [] as string[]]
      for (const [act, n] of steps) {
        const value = `v${n}`
        if (act === 'delete') {
          assert.equal(set.delete(value), list.includes(value))
          if (list.includes(value)) list.splice(list.indexOf(value), 1)
        } else if (act === 'add' && !list.includes(value)) {
          set.add(value)
          list.push(value)
        }
        if (act === 'look') assert.equal(set.oldest, list[0])
        assert.equal(set.size, list.length)
      }
      assert.equal(set.oldest, list[0])
    })
    fc.assert(property, { numRuns: Number(process.env.FUZZ_RUNS ?? 500) })
  })

  it('finds the next oldest by one step, however many have left before it', (t) => {
    const set = new OldestFirst<number>()
    for (let n = 0; n < 10_000; n++) set.add(n)
    const walk = Object.getPrototypeOf(new Set().values())
    const next = t.mock.method(walk, 'next')
    for (let n = 0; n < 10_000; n++) {
      assert.equal(set.oldest, n)
      set.delete(n)
    }
    assert.ok(next.mock.callCount() <= 10_001, `${next.mock.callCount()} steps`)
  })

  it('lets go of a walk that rests while the set outgrows its tables', (t) => {
    const set = new OldestFirst<number>()
    for (let n = 0; n < 4; n++) set.add(n)
    assert.equal(set.oldest, 0)
    const begun = t.mock.method(Set.prototype, 'values')
    for (let n = 4; n < 40; n++) {
      set.add(n)
      set.delete(n - 4)
    }
    assert.equal(set.oldest, 36)
    assert.equal(begun.mock.callCount(), 1)
  })
})
