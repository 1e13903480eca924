/** Of `settings.ts`: unknown names. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearestName, OPTION_NAMES } from '../../lib/settings/settings'

describe('the name that was meant', () => {
  const meant: [string, string | undefined][] = [
    ['maxsize', 'maxSize'],
    ['MAXSIZE', 'maxSize'],
    ['maxSise', 'maxSize'],
    ['checkperiod', 'checkPeriod'],
    ['checkPeroid', 'checkPeriod'],
    ['saveFiles', 'saveFile'],
    ['saveKey', 'saveKeys'],
    ['maxEntriesSize', 'maxEntrySize'],
    ['TTL', 'ttl'],
    ['tll', 'ttl'],
    ['secret', undefined],
    ['maxAge', undefined],
    ['mx', undefined],
    ['', undefined],
  ]
  for (const [name, nearest] of meant) {
    it(`by '${name}' is ${nearest ?? 'not known'}`, () => {
      assert.equal(nearestName(name, OPTION_NAMES), nearest)
    })
  }

  it('is the nearest of several', () => {
    assert.equal(nearestName('maxim', ['max', 'maxima']), 'maxima')
  })
})
