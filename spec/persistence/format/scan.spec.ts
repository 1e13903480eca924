import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { Entry } from '../../../lib/entry/entry'
import { encodeHeader, HEADER_BYTES } from '../../../lib/persistence/format/header'
import { readRecord } from '../../../lib/persistence/format/record'
import { RecordWriter, seal } from '../../../lib/persistence/format/record-writer'
import { sidOf } from '../../../lib/persistence/format/saved'
import { readHeader, scan } from '../../../lib/persistence/format/scan'
import { Batch } from '../../../lib/persistence/journal/batch'
import { Disk } from '../../support/disk'

const MARKER = 0x1234_5678
const lengths = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.nat(500) },
    { weight: 2, arbitrary: fc.integer({ min: 100_000, max: 300_000 }) },
    { weight: 1, arbitrary: fc.constant(1_500_000) },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
)

/** A file of records with bodies so long, and where each ends. */
function fileOf(lengths: readonly number[]) {
  const writer = new RecordWriter(MARKER, true, undefined)
  const batch = new Batch()
  const ends = lengths.map((length, n) => {
    const entry = new Entry(`s${n}`)
    entry.body = 'x'.repeat(length)
    writer.put(batch, entry)
    return HEADER_BYTES + batch.length
  })
  seal(batch)
  const header = encodeHeader('journal', MARKER, 1, null)
  return { bytes: Buffer.concat([header, batch.bytes.subarray(0, batch.length)]), ends }
}

async function read(bytes: Buffer) {
  const disk = new Disk()
  disk.write('/f', bytes)
  const sids: string[] = []
  const file = await disk.open('/f', 'r')
  const header = await readHeader(file)
  const known = typeof header === 'object' ? header : undefined
  const { damaged, torn } = await scan(file, bytes.length, known, (part, at, end) => {
    const record = readRecord(part, at, end, undefined)
    if (typeof record !== 'object') return false
    sids.push(sidOf(record))
    return true
  })
  return { sids, damaged: damaged + torn }
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`)

it('reads every record, whatever their lengths', async () => {
  const property = fc.asyncProperty(lengths, async (lengths) => {
    const { bytes } = fileOf(lengths)
    assert.deepEqual(await read(bytes), { sids: names(lengths.length), damaged: 0 })
  })
  await fc.assert(property, { numRuns: 30 })
})

it('reads all before a cut, wherever it is, and counts what was cut', async () => {
  const property = fc.asyncProperty(
    lengths,
    fc.double({ min: 0, max: 1, noNaN: true }),
    async (lengths, share) => {
      const { bytes, ends } = fileOf(lengths)
      const cut = HEADER_BYTES + Math.floor((bytes.length - HEADER_BYTES) * share)
      const whole = ends.filter((end) => end <= cut).length
      const isClean = cut === HEADER_BYTES || ends.includes(cut)
      const expected = { sids: names(whole), damaged: isClean ? 0 : 1 }
      assert.deepEqual(await read(bytes.subarray(0, cut)), expected)
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

for (const [what, rest] of [
  ['a byte', Buffer.from([1])],
  ['a page of zeros', Buffer.alloc(4096)],
] as const) {
  it(`reads a giant that is followed by ${what}`, async () => {
    const { bytes } = fileOf([400_000])
    assert.deepEqual(await read(Buffer.concat([bytes, rest])), { sids: ['s0'], damaged: 1 })
  })
}

it('finds a whole record after damage wherever it begins, also across the parts of a long file', async () => {
  const PART = 256 * 1024
  for (let before = PART; before <= PART + 2 * HEADER_BYTES; before++) {
    const good = fileOf([10]).bytes.subarray(HEADER_BYTES)
    const header = encodeHeader('journal', MARKER, 1, null)
    const garbage = Buffer.alloc(before - HEADER_BYTES, 9)
    const { sids } = await read(Buffer.concat([header, garbage, good]))
    assert.deepEqual(sids, ['s0'], `${before}`)
  }
})

it('reads all that damage did not hit, wherever it is and whatever it leaves', async () => {
  const damage = fc.record({
    share: fc.double({ min: 0, max: 0.999, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 5000, size: 'max' }),
  })
  const property = fc.asyncProperty(
    lengths,
    fc.array(damage, { maxLength: 4 }),
    async (lengths, damages) => {
      const { bytes, ends } = fileOf(lengths)
      const whole = Buffer.from(bytes)
      for (const { share, bytes: garbage } of damages) {
        const from = Math.floor(bytes.length * share)
        bytes.set(garbage.subarray(0, bytes.length - from), from)
      }
      const same = (from: number, to: number) => whole.compare(bytes, from, to, from, to) === 0
      const isHeaderHit = !same(0, HEADER_BYTES)
      // Without the header, a record is whole whatever its marker is.
      const lead = isHeaderHit ? 4 : 0
      const [expected, unsure] = [[] as string[], new Set<string>()]
      for (const [n, end] of ends.entries()) {
        const begin = n === 0 ? HEADER_BYTES : (ends[n - 1] as number)
        if (same(begin, end)) expected.push(`s${n}`)
        else if (same(begin + lead, end)) unsure.add(`s${n}`)
      }
      const { sids, damaged } = await read(bytes)
      assert.deepEqual(
        sids.filter((sid) => !unsure.has(sid)),
        expected,
      )
      const isHit = isHeaderHit || expected.length < lengths.length
      assert.equal(damaged > 0, isHit)
    },
  )
  await fc.assert(property, { numRuns: Number(process.env.FUZZ_RUNS ?? 150) })
})
