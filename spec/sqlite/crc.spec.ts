import assert from 'node:assert/strict'
import { it } from 'node:test'
import { crc32, tableCrc32 } from '../../lib/sqlite/crc'

it('gives the CRC-32 that everybody knows, by tables and by zlib', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926)
  const long = Buffer.alloc(1000, 'lembro')
  assert.equal(crc32(long), tableCrc32(long, 0, long.length))
})
