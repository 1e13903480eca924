import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Entry } from '../../lib/entry/entry'
import { Holder } from '../../lib/entry/holder'
import { Holdings, isFarMore } from '../../lib/ledger/holdings'

const power = (bytes: number) => Math.floor(Math.log2(bytes))

describe('holdings', () => {
  it('give the oldest entry of whoever holds far more than so many bytes, as a naive search does', () => {
    const step = fc.record({ n: fc.nat(19), bytes: fc.integer({ min: 1, max: 5000 }) })
    const property = fc.property(
      fc.array(step, { maxLength: 80, size: 'max' }),
      fc.integer({ min: 1, max: 3000 }),
      (steps, least) => {
        const holdings = new Holdings()
        const owners = ['ann', 'bob', 'cy', 'di'].map((name) => new Holder<Entry>(name))
        const entries = Array.from({ length: 20 }, (_, n) => new Entry(`s${n}`))
        let held: Entry[] = []
        for (const { n, bytes } of steps) {
          const entry = entries[n] as Entry
          const owner = owners[n % owners.length] as Holder<Entry>
          if (held.includes(entry)) {
            holdings.take(owner, entry)
            held = held.filter((other) => other !== entry)
          } else {
            entry.bytes = bytes
            entry.holder = owner
            holdings.add(owner, entry)
            held.push(entry)
          }
          const theirs = owners.map((each) => held.filter(({ holder }) => holder === each))
          const sums = theirs.map((all) => all.reduce((sum, { bytes }) => sum + bytes, 0))
          for (const [i, each] of owners.entries()) {
            assert.equal(holdings.bytesOf(each) ?? 0, sums[i])
          }
          const most = Math.max(...sums.map((sum) => (sum === 0 ? -1 : power(sum))))
          const found = holdings.oldestOfFarMore(least)
          if (most < power(least) + 2) assert.equal(found, undefined)
          else {
            const at = owners.indexOf(found?.holder as Holder<Entry>)
            assert.equal(power(sums[at] as number), most)
            assert.equal(found, theirs[at]?.[0])
          }
        }
      },
    )
    fc.assert(property)
  })

  it('take for far more what is eight times as much, and for none what is less than twice', () => {
    for (const bytes of [1, 168, 300, 4095, 4096, 1e6]) {
      assert.equal(isFarMore(8 * bytes, bytes), true)
      assert.equal(isFarMore(2 * bytes - 1, bytes), false)
    }
  })
})
