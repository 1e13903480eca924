/** Of `check.ts`: errors with a code. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { coded } from '../../lib/settings/check'

describe('a coded error', () => {
  it('has a code, a message, and what else is known', () => {
    const error = coded('EFULL', 'the disk is full', { free: 7 })
    assert.ok(error instanceof Error)
    assert.deepEqual({ ...error }, { code: 'EFULL', free: 7 })
    assert.equal(error.message, 'the disk is full')
    assert.ok(!('cause' in error))
  })

  it('has a cause that is listed nowhere', () => {
    const cause = new Error('deeper')
    const error = coded('EFULL', 'the disk is full', { cause })
    assert.equal(error.cause, cause)
    assert.deepEqual(Object.keys(error), ['code'])
  })

  it('is of the sort that is asked for', () => {
    assert.ok(coded('EBIG', 'too big', {}, RangeError) instanceof RangeError)
  })
})
