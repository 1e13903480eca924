import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenFile } from '../../../lib/persistence/disk/files'
import { PART_BYTES, ReadAhead } from '../../../lib/persistence/format/read-ahead'
import { failure } from '../../support/disk'
import { nextTurn } from '../../support/time'

/** A file whose bytes tell where they are, and the places from which it was read. */
function fileOf(size: number) {
  const bytes = Buffer.from(Uint32Array.from({ length: size / 4 }, (_, n) => n).buffer)
  const reads: number[] = []
  const file: Pick<OpenFile, 'read'> = {
    read: async (target, offset, length, position) => {
      reads.push(position)
      return bytes.copy(target, offset, position, Math.min(position + length, size))
    },
  }
  return { bytes, reads, file: file as OpenFile }
}

describe('reading ahead', () => {
  it('gives a file part by part, and an empty part at its end', async () => {
    const { bytes, file } = fileOf(2.5 * PART_BYTES)
    const ahead = new ReadAhead(file, 32, bytes.length)
    const parts: Buffer[] = []
    for (let part = await ahead.part(); part.length > 0; part = await ahead.part()) {
      parts.push(Buffer.from(part))
    }
    assert.deepEqual(
      parts.map(({ length }) => length),
      [PART_BYTES, PART_BYTES, PART_BYTES / 2 - 32],
    )
    assert.ok(Buffer.concat(parts).equals(bytes.subarray(32)))
    assert.equal((await ahead.part()).length, 0)
  })

  it('reads the next part while one is looked at, which stays as it is', async () => {
    const { bytes, reads, file } = fileOf(3 * PART_BYTES)
    const ahead = new ReadAhead(file, 0, bytes.length)
    const part = await ahead.part()
    await nextTurn()
    assert.deepEqual(reads, [0, PART_BYTES])
    assert.ok(part.equals(bytes.subarray(0, PART_BYTES)))
  })

  it('ends early in a file that is shorter than it should be', async () => {
    const { file } = fileOf(1000)
    const ahead = new ReadAhead(file, 0, 3 * PART_BYTES)
    assert.equal((await ahead.part()).length, 1000)
    assert.equal((await ahead.part()).length, 0)
  })

  it('fails where the part is asked for, and not before', async () => {
    const { file } = fileOf(3 * PART_BYTES)
    const ahead = new ReadAhead(file, 0, 3 * PART_BYTES)
    const { read } = file
    file.read = async (...args) => {
      if (args[3] > 0) throw failure('EACCES')
      return read(...args)
    }
    assert.equal((await ahead.part()).length, PART_BYTES)
    await ahead.end()
    await assert.rejects(ahead.part(), { code: 'EACCES' })
  })
})
