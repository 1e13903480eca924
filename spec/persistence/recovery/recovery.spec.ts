/** Of `recovery.ts`, `inventory.ts` and `reader.ts`, when files are damaged inside. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { crc32 } from '../../../lib/persistence/format/crc'
import { HEADER_BYTES } from '../../../lib/persistence/format/header'
import { FIRST_LENGTH } from '../../../lib/persistence/journal/segment'
import {
  checkpointed,
  largestOf,
  type RecordPlace as Place,
  placesIn,
  segment,
  segmentsOf,
} from '../../support/files'
import { newSaveFile, othersBeside } from '../../support/folder'
import { idsIn, open, until } from '../../support/saving'
import { plainSession } from '../../support/sessions'

const PAGE = 4096
const ids = Array.from({ length: 300 }, (_, n) => `session-number-${n}`)

/** What was damaged, from and to; and whether it can be told from a file that is merely shorter. */
type Damage = (bytes: Buffer, places: Place[]) => { bytes: Buffer; from: number; to: number }

function changed(bytes: Buffer, from: number, to: number, change: (byte: number) => number) {
  const damaged = Buffer.from(bytes)
  for (let at = from; at < to; at++) damaged[at] = change(damaged[at] as number)
  return { bytes: damaged, from, to }
}

function cut(bytes: Buffer, at: number) {
  return { bytes: bytes.subarray(0, at), from: at, to: bytes.length }
}

const page = (bytes: Buffer, nth: number) => Math.floor((bytes.length * nth) / 4 / PAGE) * PAGE

const damages: [string, Damage][] = [
  ['cut to half', (bytes) => cut(bytes, Math.floor(bytes.length / 2))],
  ['cut by 100 bytes', (bytes) => cut(bytes, bytes.length - 100)],
  ['a bit flipped', (bytes) => changed(bytes, 20_000, 20_001, (byte) => byte ^ 4)],
  ['64 bytes flipped', (bytes) => changed(bytes, 20_000, 20_064, (byte) => byte ^ 0xff)],
  ['a page of zeros', (bytes) => changed(bytes, page(bytes, 2), page(bytes, 2) + PAGE, () => 0)],
  [
    'two pages of garbage',
    (bytes) =>
      changed(bytes, page(bytes, 1), page(bytes, 1) + 2 * PAGE, (byte) => (byte * 7 + 3) % 256),
  ],
  ['a first page of garbage', (bytes) => changed(bytes, 0, PAGE, (byte) => (byte * 7 + 3) % 256)],
  ['a first page of zeros', (bytes) => changed(bytes, 0, PAGE, () => 0)],
  ['a damaged header', (bytes) => changed(bytes, 9, 10, (byte) => byte ^ 0x80)],
  [
    'the length of a record made huge',
    (bytes, places) => {
      const { from, to } = places[100] as Place
      const damaged = Buffer.from(bytes)
      damaged.writeUInt32LE(bytes.length - from - 7, from + 8)
      return { bytes: damaged, from, to }
    },
  ],
  [
    'the length of a record made nothing',
    (bytes, places) => {
      const { from, to } = places[100] as Place
      const damaged = Buffer.from(bytes)
      damaged.writeUInt32LE(0, from + 8)
      return { bytes: damaged, from, to }
    },
  ],
  [
    'nothing but garbage',
    (bytes) => changed(bytes, 0, bytes.length, (byte) => (byte * 7 + 3) % 256),
  ],
  ['nothing but zeros', (bytes) => changed(bytes, 0, bytes.length, () => 0)],
]

for (const where of ['snapshot', 'journal'] as const) {
  describe(`a damaged ${where}`, () => {
    for (const [what, damage] of damages) {
      it(`with ${what} costs the records hit, is reported and kept aside`, async () => {
        const saveFile = newSaveFile()
        await fill(saveFile, where)
        const name = largestOf(saveFile)
        const places = await placesIn(name)
        const { bytes, from, to } = damage(fs.readFileSync(name), places)
        fs.writeFileSync(name, bytes)

        // Without the header, a record is whole whatever its marker is.
        const lead = from < HEADER_BYTES ? 4 : 0
        const left = places.filter((place) => place.to <= from || place.from + lead >= to)
        const expected = left.map(({ sid }) => sid).filter((sid) => sid !== '')
        const { ids, error, heard, stats } = await idsIn(saveFile)
        assert.equal(error, null)
        assert.deepEqual(ids, expected)
        // A kill leaves the same.
        if (where === 'journal' && what.startsWith('cut')) {
          assert.deepEqual([heard, othersBeside(saveFile)], [[], []])
          return
        }
        const [report] = heard
        assert.equal(report?.code, 'ESAVEDAMAGED')
        const hit = places.length - left.length
        const { damaged } = stats as { damaged: number }
        assert.ok(damaged >= 1 && damaged <= hit + 2, `${damaged} reported, ${hit} hit`)
        const [aside, ...more] = othersBeside(saveFile)
        assert.match(aside ?? '', /^\.damaged-/)
        assert.deepEqual(more, [])
        assert.ok(report?.message.includes(aside ?? '?'))
        assert.deepEqual(fs.readFileSync(saveFile + aside), bytes)
      })
    }

    it('that was emptied starts a store with what is left', async () => {
      const saveFile = newSaveFile()
      await fill(saveFile, where)
      fs.writeFileSync(largestOf(saveFile), '')
      const { ids, error } = await idsIn(saveFile)
      assert.deepEqual([ids, error], [[], null])
    })

    it('is told from one of a later version, which is kept aside', async () => {
      const saveFile = newSaveFile()
      await fill(saveFile, where)
      const name = largestOf(saveFile)
      const bytes = fs.readFileSync(name)
      bytes.writeUInt16LE(3, 8)
      bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4)
      fs.writeFileSync(name, bytes)
      const { store, error, heard } = await open({ saveFile })
      assert.deepEqual([error, heard.map(({ code }) => code)], [null, ['ESAVEVERSION']])
      await store.set('a', plainSession())
      await store.close()
      const [aside] = othersBeside(saveFile)
      assert.match(aside ?? '', /^\.newer-/)
      assert.deepEqual(fs.readFileSync(saveFile + aside), bytes)
      assert.deepEqual((await idsIn(saveFile)).ids, ['a'])
    })
  })
}

describe('a torn tail', () => {
  it('is what a kill leaves: it costs the last record, silently, at whatever byte it is torn', async () => {
    const saveFile = newSaveFile()
    await fill(saveFile, 'journal', 3)
    const name = largestOf(saveFile)
    const bytes = fs.readFileSync(name)
    const { from, to } = (await placesIn(name)).at(-1) as Place
    for (let at = from; at <= to; at++) {
      const copy = newSaveFile()
      fs.copyFileSync(saveFile, copy)
      fs.writeFileSync(copy + name.slice(saveFile.length), bytes.subarray(0, at))
      const { ids: left, heard } = await idsIn(copy)
      assert.deepEqual(left, ids.slice(0, at === to ? 3 : 2))
      assert.deepEqual([heard, othersBeside(copy)], [[], []])
    }
  })

  it('of many bytes is silent as well, and stays so after the next start', async () => {
    const saveFile = newSaveFile()
    await fill(saveFile, 'journal', 3)
    const { store } = await open({ saveFile })
    await store.set('large', plainSession({ text: 'x'.repeat(400_000) }))
    await store.close()
    // The segment after it says where it ends: a killed process wrote none.
    for (const number of segmentsOf(saveFile).slice(-1)) fs.rmSync(segment(saveFile, number))
    fs.truncateSync(largestOf(saveFile), 300_000)
    for (let start = 0; start < 3; start++) {
      const { ids: left, heard, stats } = await idsIn(saveFile)
      assert.deepEqual([left, heard, stats?.damaged], [ids.slice(0, 3), [], 0])
    }
    assert.deepEqual(othersBeside(saveFile), [])
  })

  it('is never written to: what comes next goes elsewhere, and is all there', async () => {
    const saveFile = newSaveFile()
    await fill(saveFile, 'journal', 3)
    const name = largestOf(saveFile)
    const torn = fs.readFileSync(name).subarray(0, -5)
    fs.writeFileSync(name, torn)
    const { store } = await open({ saveFile })
    await store.set('next', plainSession())
    await store.close()
    assert.deepEqual(fs.readFileSync(name), torn)
    const { ids: left, heard } = await idsIn(saveFile)
    assert.deepEqual([left, heard], [[...ids.slice(0, 2), 'next'], []])
  })

  it('before good records is damage', async () => {
    const saveFile = newSaveFile()
    await fill(saveFile, 'journal', 3)
    const name = largestOf(saveFile)
    const { to } = (await placesIn(name)).at(-2) as Place
    const bytes = fs.readFileSync(name)
    bytes.fill(0, to - 5, to)
    fs.writeFileSync(name, bytes)
    const { heard } = await idsIn(saveFile)
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['ESAVEDAMAGED'],
    )
  })
})

it('a text inside a session never passes for a record', async () => {
  const saveFile = newSaveFile()
  await fill(saveFile, 'journal', 2)
  const name = largestOf(saveFile)
  const inner = fs.readFileSync(name).subarray(HEADER_BYTES).toString('latin1')
  const { store } = await open({
    saveFile,
    serializer: {
      stringify: () => inner.replaceAll('session-number', 'session-forged'),
      parse: JSON.parse,
    },
  })
  await store.set('outer', plainSession())
  await store.close()
  const outer = largestOf(saveFile)
  const bytes = fs.readFileSync(outer)
  bytes[FIRST_LENGTH + 13] = 9
  fs.writeFileSync(outer, bytes)
  const { ids: left, heard } = await idsIn(saveFile)
  assert.deepEqual(left, ids.slice(0, 2))
  assert.equal(heard[0]?.code, 'ESAVEDAMAGED')
})

it('a start after damage writes sound files, and reports no more', async () => {
  const saveFile = newSaveFile()
  await fill(saveFile, 'snapshot')
  fs.truncateSync(saveFile, 20_000)
  const { store, heard } = await open({ saveFile })
  assert.equal(heard.length, 1)
  const count = await store.length()
  const before = fs.statSync(saveFile).ino
  await until(() => fs.statSync(saveFile).ino !== before)
  await store.close()
  const again = await idsIn(saveFile)
  assert.deepEqual([again.ids.length, again.heard], [count, []])
})

/** Saves sessions: all in the snapshot, or all in the journal, as a killed process leaves it. */
async function fill(saveFile: string, where: 'snapshot' | 'journal', count = ids.length) {
  const { store } = await open({ saveFile })
  await until(() => fs.existsSync(saveFile))
  for (const id of ids.slice(0, count)) store.set(id, plainSession({ text: `text of ${id}` }))
  await store.save()
  await store.close()
  if (where === 'snapshot') await checkpointed(saveFile)
  else fs.rmSync(segment(saveFile, segmentsOf(saveFile).at(-1) as number))
}

it('a journal of an absurd number is left alone', async () => {
  const saveFile = newSaveFile()
  await fill(saveFile, 'journal', 3)
  const absurd = `${saveFile}.journal-9007199254740992`
  fs.writeFileSync(absurd, Buffer.alloc(40))
  const { store, error } = await open({ saveFile })
  assert.equal(error, null)
  await store.set('next', plainSession())
  await store.close()
  assert.deepEqual((await idsIn(saveFile)).ids, [...ids.slice(0, 3), 'next'])
  assert.ok(fs.existsSync(absurd))
})
