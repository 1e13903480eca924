import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { COUNT, hashOfEnd, Maps, placeOf } from '../../lib/ledger/maps'

describe('small Maps as one', () => {
  it('do what one Map does', () => {
    const key = fc.nat(300).map((n) => `s${n}`)
    const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), key)
    const property = fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
      const [maps, map] = [new Maps<object>(), new Map<string, object>()]
      for (const [what, key] of steps) {
        const value = {}
        for (const each of [maps, map]) {
          if (what === 'set') each.set(key, value)
          else each.delete(key)
        }
        assert.equal(maps.get(key), map.get(key))
      }
      for (let n = 0; n <= 300; n++) assert.equal(maps.get(`s${n}`), map.get(`s${n}`))
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('go on while keys come and go, in one Map of them too', () => {
    const maps = new Maps<number>()
    const there = (n: number) => maps.get(`${n}-same`)
    for (let n = 0; n < 10_000; n++) {
      maps.set(`${n}-same`, n)
      if (n >= 100) maps.delete(`${n - 100}-same`)
      assert.deepEqual(
        [there(n), there(n - 99), there(n - 100)],
        [n, n < 99 ? undefined : n - 99, undefined],
      )
    }
  })

  it('share what comes, some up to twice as much as others', () => {
    const counts = new Array<number>(COUNT).fill(0)
    for (let n = 0; n < 100_000; n++) {
      const place = placeOf(hashOfEnd(`${(n * 2_654_435_761) % 2 ** 32}`))
      counts[place] = (counts[place] as number) + 1
    }
    const share = 100_000 / COUNT
    assert.ok(Math.min(...counts) > share / 4, `${Math.min(...counts)}`)
    assert.ok(Math.max(...counts) < 4 * share, `${Math.max(...counts)}`)
  })
})
