import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSameOrigin } from '../../lib/monitor/same-origin'

const HEADER = { 'x-lembro-monitor': '1', host: 'shop.example' }

describe('a request that changes something', () => {
  const asked: [string, Record<string, string>, boolean][] = [
    ['the page’s own', { ...HEADER, 'sec-fetch-site': 'same-origin' }, true],
    [
      'one without the header of the page',
      { host: 'shop.example', 'sec-fetch-site': 'same-origin' },
      false,
    ],
    ['one of another site', { ...HEADER, 'sec-fetch-site': 'cross-site' }, false],
    ['one of a sister site', { ...HEADER, 'sec-fetch-site': 'same-site' }, false],
    ['one typed in by hand', { ...HEADER, 'sec-fetch-site': 'none' }, false],
    ['one over plain HTTP from here', { ...HEADER, origin: 'http://shop.example' }, true],
    ['one over plain HTTP from elsewhere', { ...HEADER, origin: 'http://evil.example' }, false],
    ['one from another port', { ...HEADER, origin: 'http://shop.example:8080' }, false],
    ['one from a sandboxed frame', { ...HEADER, origin: 'null' }, false],
    [
      'one from a sandboxed frame, without a host',
      { 'x-lembro-monitor': '1', origin: 'null' },
      false,
    ],
    ['one of a command line', HEADER, true],
  ]
  for (const [what, headers, allowed] of asked) {
    it(`is ${allowed ? 'heard' : 'refused'}: ${what}`, () => {
      assert.equal(isSameOrigin({ headers }), allowed)
    })
  }
})
