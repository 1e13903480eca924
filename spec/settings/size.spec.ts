import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toBytes, toText } from '../../lib/settings/size'

describe('toBytes', () => {
  it('reads any whole number with a unit, in any case and with or without a b', () => {
    const units = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
    const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]))
    const property = fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      unit,
      fc.boolean(),
      fc.constantFrom('', 'b', 'B'),
      (count, unit, upper, b) => {
        const size = `${count}${upper ? unit.toUpperCase() : unit}${b}`
        assert.equal(toBytes('maxSize', size, 0, 'nothing'), count * units[unit])
      },
    )
    fc.assert(property)
  })

  it('reads fractions, spaces and the i of binary units', () => {
    const read: [string, number][] = [
      ['1.5M', 1.5 * 1024 ** 2],
      ['4MiB', 4 * 1024 ** 2],
      ['10 MB', 10 * 1024 ** 2],
      [' 0.5 gib ', 0.5 * 1024 ** 3],
      ['1.0001K', 1024],
      ['7 b', 7],
    ]
    for (const [size, bytes] of read) assert.equal(toBytes('maxSize', size, 0, 'nothing'), bytes)
  })

  it('takes a share of the whole, rounded down', () => {
    assert.equal(toBytes('to', '75%', 1001, 'maxSize'), 750)
    assert.equal(toBytes('to', '100%', 1001, 'maxSize'), 1001)
    assert.equal(toBytes('to', '0.5%', 1001, 'maxSize'), 5)
    assert.equal(toBytes('to', '1%', Infinity, 'maxSize'), Infinity)
  })

  it('refuses a share that rounds to nothing', () => {
    assert.throws(() => toBytes('to', '0.01%', 1001, 'maxSize'), RangeError)
  })

  it('names what the share is one of', () => {
    assert.throws(() => toBytes('to', 'x', 1, 'the moon'), /^TypeError: to: .* a share of the moon/)
  })
})

describe('toText', () => {
  it('is for people', () => {
    assert.match(toText(4 * 1024 ** 2), /^4(\.0+)?M$/)
    assert.equal(toText(Infinity), 'unbounded')
  })
})
