import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Holder } from '../../lib/entry/holder'
import { rounds } from '../support/rounds'

describe('a holder, with its entries in the order of their use,', () => {
  it('gives the one that was added first of those that are left, after any adds and deletes', () => {
    const step = fc.tuple(fc.constantFrom('add', 'delete', 'look'), fc.nat(8))
    const property = fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
      const [set, list] = [new Holder<string>('mallory'), [] as string[]]
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
    fc.assert(property, { numRuns: rounds(500) })
  })

  it('keeps the order of many, whichever leave and come again', () => {
    const set = new Holder<number>('mallory')
    const all = new Set<number>()
    for (let n = 0; n < 20_000; n++) {
      const value = (n * 7919) % 6007
      assert.equal(set.delete(value), all.delete(value))
      if (n % 5 === 0) continue
      set.add(value)
      all.add(value)
    }
    assert.deepEqual([...set], [...all])
    assert.deepEqual([set.size, set.oldest], [all.size, [...all][0]])
    for (const value of all) assert.equal(set.delete(value), true)
    assert.deepEqual([set.size, set.oldest, [...set]], [0, undefined, []])
  })

  it('puts no more than 1,024 values into one Set, and joins those of which little is left', (t) => {
    const sizes = new Set<number>()
    const made = new Set<Set<number>>()
    const { add } = Set.prototype
    t.mock.method(Set.prototype, 'add', function (this: Set<number>, value: number) {
      add.call(made, this)
      const added = add.call(this, value)
      add.call(sizes, this.size)
      return added
    })
    const set = new Holder<number>('mallory')
    for (let n = 0; n < 100_000; n++) {
      set.add(n)
      // One of 100 stays for good.
      if (n % 100 > 0) set.delete(n)
    }
    t.mock.restoreAll()
    assert.equal(set.size, 1000)
    assert.ok(Math.max(...sizes) <= 1024)
    assert.ok([...made].filter(({ size }) => size > 0).length <= 2)
  })
})
