/** Of `page/words.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytes, counted, duration, number, percent, rate, span } from '../../lib/monitor/page/words'

describe('figures in words', () => {
  const said: [string, string][] = [
    [bytes(0), '0 bytes'],
    [bytes(1_023), '1,023 bytes'],
    [bytes(1_536), '1.5 KB'],
    [bytes(256 * 1_024), '256 KB'],
    [bytes(1_024 ** 2 - 40), '1 MB'],
    [bytes(4 * 1_024 ** 2), '4 MB'],
    [bytes(3 * 1_024 ** 5), '3,072 TB'],
    [number(12_345), '12,345'],
    [counted(1, 'session'), '1 session'],
    [counted(1_200, 'session'), '1,200 sessions'],
    [percent(0), '0%'],
    [percent(0.004), 'under 1%'],
    [percent(0.999), '99%'],
    [percent(1), '100%'],
    [duration(0.42), '0.4 ms'],
    [duration(240), '240 ms'],
    [duration(2_540), '2.5 s'],
    [span(-5), '0 s'],
    [span(59_000), '59 s'],
    [span(300_000), '5 min'],
    [span(3 * 3_600_000), '3 h'],
    [span(72 * 3_600_000), '3 days'],
    [rate(0.42), '0.4/s'],
    [rate(1_234.5), '1,235/s'],
  ]
  for (const [got, expected] of said) it(expected, () => assert.equal(got, expected))
})
