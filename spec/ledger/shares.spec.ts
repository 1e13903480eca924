/** Of `shares.ts`: whose turn it is to give way. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { whoGivesWay, whoGivesWayInTrim } from '../../lib/ledger/shares'

describe('who gives way', () => {
  it('are strangers first beyond a fifth, then newcomers, then members', () => {
    assert.equal(whoGivesWay(21, 40, 39, 100), 0)
    assert.equal(whoGivesWay(19, 42, 39, 100), 1)
    assert.equal(whoGivesWay(10, 20, 70, 100), 2)
    assert.equal(whoGivesWay(10, 10, 60, 100), 0)
  })

  it('are in a trim strangers down to a tenth, and users while they hold more than four fifths', () => {
    assert.equal(whoGivesWayInTrim(30, 20, 50, 100), 0)
    assert.equal(whoGivesWayInTrim(10, 20, 50, 100), undefined)
    assert.equal(whoGivesWayInTrim(10, 25, 65, 100), 1)
    assert.equal(whoGivesWayInTrim(10, 15, 75, 100), 1)
    assert.equal(whoGivesWayInTrim(10, 5, 85, 100), 2)
  })
})
