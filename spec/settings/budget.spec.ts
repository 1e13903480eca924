/** Of `settings.ts`: how much a store may hold. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseMaxSize } from '../../lib/settings/settings'
import { Lembro } from '../../lib/store'
import { slicedSid } from '../support/sessions'

const sid = slicedSid('a'.repeat(32))

describe('a budget that holds no session', () => {
  const refused: [unknown, string][] = [
    [64, "got 64 (a number). Did you mean '64M'?"],
    ['64', "got '64' (a string). Did you mean '64M'?"],
    [263, "got 263 (a number). Did you mean '263M'?"],
    [1.5, 'got 1.5 (a number)'],
    ['0.1K', "got '0.1K' (a string)"],
  ]
  for (const [size, came] of refused) {
    it(`is refused, with what was probably meant: ${size}`, () => {
      const expected = 'at least 264 bytes, what the smallest session takes'
      const message = `maxSize: expected ${expected}; ${came}`
      assert.throws(() => parseMaxSize(size), { name: 'RangeError', message })
    })
  }

  it('is less than what the smallest session takes', async () => {
    const store = new Lembro({ maxSize: 264 })
    await store.set(sid, {} as never)
    assert.ok(store.stats().bytes <= 264)
    assert.equal(store.stats().sessions, 1)
  })
})
