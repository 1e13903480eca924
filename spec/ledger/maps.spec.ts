import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { COUNT, hashOfEnd, Maps, placeOf } from '../../lib/ledger/maps'

const newMaps = () => new Maps<string, object>(hashOfEnd)

describe('small Maps as one', () => {
  it('do what one Map does', () => {
    const key = fc.nat(300).map((n) => `s${n}`)
    const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), key)
    const property = fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
      const [maps, map] = [newMaps(), new Map<string, object>()]
      for (const [what, key] of steps) {
        const value = {}
        for (const each of [maps, map]) {
          if (what === 'set') each.set(key, value)
          else each.delete(key)
        }
        assert.equal(maps.get(key), map.get(key))
      }
      for (let n = 0; n <= 300; n++) assert.equal(maps.get(`s${n}`), map.get(`s${n}`))
      assert.deepEqual([...maps.keys()].sort(), [...map.keys()].sort())
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('go on while keys come and go, in one Map of them too', () => {
    const maps = new Maps<number, number>(() => 7)
    for (let n = 0; n < 10_000; n++) {
      maps.set(n, n)
      if (n >= 100) maps.delete(n - 100)
      assert.equal(maps.get(n), n)
      assert.equal(maps.get(n - 100), undefined)
    }
    assert.deepEqual(
      [...maps.keys()],
      Array.from({ length: 100 }, (_, i) => 9900 + i),
    )
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

  it('are walked through while what was met is deleted', () => {
    const maps = newMaps()
    for (let n = 0; n < 1000; n++) maps.set(`s${n}`, {})
    let count = 0
    for (const key of maps.keys()) {
      maps.delete(key)
      count++
    }
    assert.deepEqual([count, [...maps.keys()]], [1000, []])
  })
})
