/** Of `check.ts`: warnings. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { warnOnce } from '../../lib/settings/check'

describe('warnOnce', () => {
  it('warns once for each code and subject', (t) => {
    const said: unknown[][] = []
    t.mock.method(process, 'emitWarning', (...args: unknown[]) => said.push(args))
    warnOnce('LEMBRO_A', 'x', 'first')
    warnOnce('LEMBRO_A', 'x', 'the same in other words')
    warnOnce('LEMBRO_A', 'y', 'of another subject')
    warnOnce('LEMBRO_B', 'x', 'of another code')
    assert.deepEqual(said, [
      ['first', { type: 'LembroWarning', code: 'LEMBRO_A' }],
      ['of another subject', { type: 'LembroWarning', code: 'LEMBRO_A' }],
      ['of another code', { type: 'LembroWarning', code: 'LEMBRO_B' }],
    ])
  })
})
