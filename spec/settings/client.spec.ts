import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { clientOf } from '../../lib/settings/owner'

const of = (ip: unknown, remoteAddress?: string) =>
  clientOf({ ip, socket: { remoteAddress } } as unknown as IncomingMessage & { ip?: unknown })

describe('the client of a request', () => {
  const clients: [string, string | undefined][] = [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', undefined],
    ['unknown', undefined],
    ['203.0.113.7:8080', undefined],
  ]
  for (const [address, client] of clients) {
    it(`is ${client} for ${JSON.stringify(address)}`, () => {
      assert.equal(of(address), client)
      assert.equal(of(undefined, address), client)
    })
  }

  it('is one for all addresses of a /64, and another for the next', () => {
    const addresses = Array.from({ length: 1000 }, (_, n) => `2001:db8:0:7:${n.toString(16)}::1`)
    assert.equal(new Set(addresses.map((address) => of(address))).size, 1)
    assert.notEqual(of('2001:db8:0:8::1'), of('2001:db8:0:7::1'))
  })

  it('is what Express says, before the address of the connection, which is a proxy’s', () => {
    assert.equal(of('203.0.113.7', '10.0.0.1'), '203.0.113.7')
  })

  it('is none over a Unix socket', () => {
    assert.equal(of(undefined), undefined)
  })
})
