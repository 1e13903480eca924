/** Of `record.ts`, `record-writer.ts`, `saved.ts`, `header.ts` and `crc.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import zlib from 'node:zlib'
import fc from 'fast-check'
import { CookieJar } from '../../../lib/entry/cookie'
import { Entry, LastingEntry } from '../../../lib/entry/entry'
import { tableCrc32 } from '../../../lib/persistence/format/crc'
import { KeyRing } from '../../../lib/persistence/format/encryption'
import { decodeHeader, encodeHeader } from '../../../lib/persistence/format/header'
import {
  type Cipher,
  claimedLength,
  isWhole,
  type Read,
  readRecord,
  Type,
} from '../../../lib/persistence/format/record'
import { RecordWriter, seal } from '../../../lib/persistence/format/record-writer'
import { decodePut, decodeTouch, sidOf } from '../../../lib/persistence/format/saved'
import { Batch } from '../../../lib/persistence/journal/batch'

const jar = new CookieJar()
const text = fc.string({ unit: 'binary', maxLength: 300 })
const saved = fc.record({
  sid: text,
  body: text,
  cookie: fc.option(fc.record({ path: text, sameSite: fc.boolean() })),
  expires: fc.option(fc.integer({ min: 0, max: 1e13 })),
  expiry: fc.oneof(fc.integer({ min: 1, max: 8.64e15 }), fc.constant(Number.POSITIVE_INFINITY)),
  owner: fc.oneof(text, fc.constant(true), fc.constant(undefined)),
  created: fc.nat(1e13),
})
type Saved = typeof saved extends fc.Arbitrary<infer S> ? S : never

function entryOf({ sid, body, cookie, expires, expiry, owner, created }: Saved): Entry {
  const entry = new LastingEntry(sid, created)
  entry.assign({ body, expiry, owner, cookie: undefined }, false)
  entry.lane = { isOwned: owner !== undefined, isMembers: false }
  entry.expiry = expiry
  if (cookie !== null) {
    const dated = expires === null ? cookie : { ...cookie, expires: new Date(expires) }
    entry.cookie = jar.keep(dated, expiry)
  }
  return entry
}

function readOnly(batch: Batch, cipher?: Cipher): Read {
  seal(batch)
  assert.equal(claimedLength(batch.bytes, 0, batch.length), batch.length)
  assert.ok(isWhole(batch.bytes, 0, batch.length))
  const read = readRecord(batch.bytes, 0, batch.length, cipher)
  assert.ok(typeof read === 'object')
  return read
}

for (const [kind, cipher] of [
  ['a record', undefined],
  ['an encrypted record', new KeyRing([Buffer.alloc(32, 7)])],
] as const) {
  describe(kind, () => {
    const writer = new RecordWriter(77, true, cipher)

    it('of a put gives back all of an entry', () => {
      const property = fc.property(saved, (given) => {
        const entry = entryOf(given)
        const batch = new Batch()
        writer.put(batch, entry)
        const read = readOnly(batch, cipher)
        const { sid, body, cookie, owner, created } = decodePut(read)
        assert.deepEqual([read.type, read.expiry, sidOf(read)], [Type.put, given.expiry, given.sid])
        assert.deepEqual(
          [sid, body, owner, created],
          [given.sid, given.body, given.owner, given.created],
        )
        const kept = cookie && jar.restore(cookie.text, cookie.dated, cookie.expires)
        assert.deepEqual(kept, entry.cookie)
      })
      fc.assert(property)
    })

    it('of a touch gives back expiry and cookie, or that it stays', () => {
      const property = fc.property(saved, fc.boolean(), (given, changed) => {
        const entry = entryOf(given)
        const batch = new Batch()
        writer.touch(batch, entry, changed && entry.cookie !== undefined)
        const read = readOnly(batch, cipher)
        const { sid, cookie, expires } = decodeTouch(read)
        assert.deepEqual(
          [read.type, read.expiry, sid, sidOf(read)],
          [Type.touch, given.expiry, given.sid, given.sid],
        )
        if (entry.cookie === undefined) return
        assert.equal(expires, entry.cookie.expires)
        assert.equal(cookie?.text, changed ? entry.cookie.attributes.text : undefined)
      })
      fc.assert(property)
    })

    it('of a remove gives back the id', () => {
      const property = fc.property(text, (sid) => {
        const batch = new Batch()
        writer.remove(batch, sid)
        const read = readOnly(batch, cipher)
        assert.deepEqual([read.type, sidOf(read)], [Type.remove, sid])
      })
      fc.assert(property)
    })
  })
}

describe('sealing', () => {
  it('makes each record whole, and none is before', () => {
    const batch = new Batch()
    const writer = new RecordWriter(1, true, undefined)
    const ends = ['a', 'bb', 'x'.repeat(300)].map((sid) => {
      writer.remove(batch, sid)
      return batch.length
    })
    const places = ends.map((end, nth) => [ends[nth - 1] ?? 0, end] as const)
    const whole = () => places.map(([at, end]) => isWhole(batch.bytes, at, end))
    assert.deepEqual(whole(), [false, false, false])
    seal(batch)
    assert.deepEqual(whole(), [true, true, true])
  })
})

describe('a touch', () => {
  it('takes some 50 bytes', () => {
    const batch = new Batch()
    const entry = new Entry('x'.repeat(32))
    entry.cookie = jar.keep({ path: '/', expires: new Date(5) }, 5)
    new RecordWriter(1, true, undefined).touch(batch, entry, false)
    assert.equal(batch.length, 56)
  })
})

describe('the table of CRC-32', () => {
  it('gives what zlib gives', { skip: !('crc32' in zlib) }, () => {
    const { crc32 } = zlib as unknown as { crc32(bytes: Uint8Array): number }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        assert.equal(tableCrc32(Buffer.from(bytes), 0, bytes.length), crc32(bytes))
      }),
    )
  })
})

describe('a header', () => {
  it('is read back, and told from a damaged one and a later one', () => {
    const bytes = encodeHeader('journal', 5, 9, '0a0b0c0d')
    const header = { version: 2, kind: 'journal', marker: 5, number: 9, keyId: '0a0b0c0d' }
    assert.deepEqual(decodeHeader(bytes), header)
    const plain = decodeHeader(encodeHeader('snapshot', 5, 9, null))
    assert.deepEqual(plain, { ...header, kind: 'snapshot', keyId: null })
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at] = (damaged[at] as number) ^ 1
      assert.equal(decodeHeader(damaged), undefined)
      assert.equal(decodeHeader(bytes.subarray(0, at)), undefined)
    }
    assert.equal(decodeHeader(laterHeader(bytes)), 'newer')
  })
})

function laterHeader(bytes: Buffer): Buffer {
  const later = Buffer.from(bytes)
  later.writeUInt16LE(3, 8)
  later.writeUInt32LE(tableCrc32(later, 0, 28), 28)
  return later
}
