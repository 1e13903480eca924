import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { age, begin, longest, renew, unused } from '../../lib/entry/tenure'

const TWO_YEARS = 2 ** 26

describe('a tenure', () => {
  it('counts the seconds from the first use to the last, and since', () => {
    const uses = fc.array(fc.nat(40), { minLength: 1, maxLength: 10 })
    const property = fc.property(
      fc.nat(TWO_YEARS - 1000),
      uses,
      fc.nat(500),
      (start, gaps, rest) => {
        let tenure = begin(start)
        let second = start
        for (const gap of gaps) {
          second += gap
          tenure = renew(tenure, second)
        }
        assert.equal(age(tenure), Math.min(63, second - start))
        assert.equal(unused(tenure, second + rest), rest)
      },
    )
    fc.assert(property)
  })

  it('goes on where the seconds wrap around', () => {
    const tenure = renew(begin(TWO_YEARS - 5), TWO_YEARS + 5)
    assert.equal(age(tenure), 10)
    assert.equal(unused(tenure, TWO_YEARS + 100), 95)
  })

  it('is a small integer, which V8 keeps without a box', () => {
    for (const second of [0, 1, 2 ** 25, TWO_YEARS - 1]) {
      for (const tenure of [begin(second), longest(second)]) assert.equal(tenure, tenure | 0)
    }
  })

  it('can be as long as counts from the beginning', () => {
    assert.equal(age(longest(7)), 63)
    assert.equal(unused(longest(7), 9), 2)
  })
})
