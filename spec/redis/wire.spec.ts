import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { slotOf } from '../../lib/redis/connection'
import { encode, Push, Reader, ReplyError } from '../../lib/redis/wire'

/** What a reader makes of bytes that arrive in pieces of that size. */
function read(bytes: Buffer, size = bytes.length): unknown[] {
  const reader = new Reader()
  const replies: unknown[] = []
  for (let at = 0; at < bytes.length; at += size) {
    reader.read(bytes.subarray(at, at + size), (reply) => replies.push(reply))
  }
  return replies
}

/** A value as a server sends it. */
function sent(value: unknown): string {
  if (value === null) return '_\r\n'
  if (typeof value === 'number') return `:${value}\r\n`
  if (typeof value === 'boolean') return `#${value ? 't' : 'f'}\r\n`
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`
  const values = value as unknown[]
  return `*${values.length}\r\n${values.map(sent).join('')}`
}

describe('the protocol of Redis', () => {
  const kinds: [string, string, unknown][] = [
    ['a simple text', '+OK\r\n', 'OK'],
    ['a number', ':-7\r\n', -7],
    ['a text', '$6\r\nn\r\nöm\r\n', 'n\r\nöm'.slice(0, 5)],
    ['no text, of RESP 2', '$-1\r\n', null],
    ['no values, of RESP 2', '*-1\r\n', null],
    ['a double', ',inf\r\n', Number.POSITIVE_INFINITY],
    ['a large number', '(12345678901234567890\r\n', '12345678901234567890'],
    ['a text with its format', '=7\r\ntxt:abc\r\n', 'abc'],
    ['a map', '%1\r\n+mode\r\n+cluster\r\n', ['mode', 'cluster']],
    ['a set', '~2\r\n:1\r\n:2\r\n', [1, 2]],
    ['a value with attributes', '|1\r\n+ttl\r\n:1\r\n+OK\r\n', 'OK'],
  ]
  for (const [what, bytes, value] of kinds) {
    it(`has ${what}`, () => {
      assert.deepEqual(read(Buffer.from(bytes)), [value])
      assert.deepEqual(read(Buffer.from(bytes), 1), [value])
    })
  }

  it('has errors, also in the place of a text, and what is told unasked', () => {
    const [moved, blob, push] = read(
      Buffer.from('-MOVED 1 host:2\r\n!5\r\nERR x\r\n>2\r\n+invalidate\r\n*1\r\n+k\r\n'),
    )
    assert.ok(moved instanceof ReplyError && blob instanceof ReplyError && push instanceof Push)
    assert.deepEqual([moved.word, blob.message, moved.code], ['MOVED', 'ERR x', 'EREDIS'])
    assert.deepEqual(push.values, ['invalidate', ['k']])
  })

  it('gives the same in whatever pieces it arrives', () => {
    const { tie } = fc.letrec((tie) => ({
      tie: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tie'), { maxLength: 5 }),
      ),
    }))
    const property = fc.property(
      fc.array(tie, { maxLength: 6 }),
      fc.integer({ min: 1, max: 40 }),
      (values, size) => {
        const bytes = Buffer.from(values.map(sent).join(''))
        assert.deepEqual(read(bytes, size), values)
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })

  it('reads a text of 20 MB in chunks of a socket without copying it again and again', () => {
    const text = 'x'.repeat(20_000_000)
    assert.deepEqual(read(Buffer.from(sent(text)), 65_536), [text])
  })

  it('is not what a web server answers', () => {
    assert.throws(
      () => read(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /does not speak the protocol/,
    )
  })

  it('has commands in bytes, not in characters', () => {
    assert.equal(encode(['GET', 'ö']), '*2\r\n$3\r\nGET\r\n$2\r\nö\r\n')
  })
})

describe('a slot of a cluster', () => {
  it('is the one that Redis says: CRC-16 of the key, or of what it has in braces', () => {
    // CLUSTER KEYSLOT of Redis 7.0.
    assert.deepEqual(['123456789', 'foo', '{foo}bar', 'x{}y'].map(slotOf), [
      12739,
      12182,
      12182,
      slotOf('x{}y'),
    ])
  })
})
