import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Seconds } from '../../lib/ledger/seconds'
import { NOON } from '../support/time'

describe('seconds', () => {
  it('count whole ones since the start', () => {
    const seconds = new Seconds(NOON)
    assert.deepEqual(
      [seconds.at(NOON), seconds.at(NOON + 999), seconds.at(NOON + 61_000)],
      [0, 0, 61],
    )
  })

  it('stand while the wall clock is set back, so that nobody grows old by it', () => {
    const seconds = new Seconds(NOON)
    seconds.at(NOON + 5000)
    assert.deepEqual([seconds.at(NOON - 3_600_000), seconds.latest], [5, 5])
    assert.equal(seconds.at(NOON + 6000), 6)
  })
})
