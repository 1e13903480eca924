/** Of `encryption.ts` and `undecryptable.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { crc32 } from '../../../lib/persistence/format/crc'
import { KeyRing } from '../../../lib/persistence/format/encryption'
import { Disk } from '../../support/disk'
import {
  checkpointed,
  largestOf,
  type RecordPlace as Place,
  placesIn,
  segment,
  segmentsOf,
} from '../../support/files'
import { newSaveFile, othersBeside } from '../../support/folder'
import { idsIn, on, open } from '../../support/saving'
import { type Data, plainSession } from '../../support/sessions'
import { nextTurn, stopTime } from '../../support/time'

const A = new Uint8Array(32).fill(1)
const B = 'a passphrase, long enough'
const C = new Uint8Array(32).fill(3)

async function saved(saveKeys: (string | Uint8Array)[] | undefined) {
  const saveFile = newSaveFile()
  const { store } = await open({ saveFile, saveKeys })
  while (!fs.existsSync(saveFile)) await nextTurn()
  for (const n of [1, 2, 3]) {
    await store.set(`sid-of-${n}`, plainSession({ n, userId: `owner-${n}`, secret: 'the-secret' }))
  }
  await store.touch('sid-of-1', plainSession({}, { path: '/the-path' }))
  await store.destroy('sid-of-2')
  await store.close()
  return saveFile
}

function allBytes(saveFile: string): string {
  const folder = path.dirname(saveFile)
  return fs
    .readdirSync(folder)
    .map((name) => fs.readFileSync(path.join(folder, name), 'latin1'))
    .join('')
}

/** Opens a file until it is written anew. */
async function rewritten(saveFile: string, saveKeys: (string | Uint8Array)[]): Promise<string[]> {
  const before = fs.statSync(saveFile).ino
  const { store, heard } = await open({ saveFile, saveKeys })
  while (fs.statSync(saveFile).ino === before) await nextTurn()
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  await store.save()
  const ids = (await store.ids()).sort()
  await store.close()
  assert.deepEqual(heard, [])
  return ids
}

describe('saveKeys', () => {
  it('leave neither a session, nor an id, nor an owner in clear text', async () => {
    const clear = allBytes(await saved(undefined))
    const sealed = await saved([A])
    await checkpointed(sealed, { saveKeys: [A] })
    for (const text of ['the-secret', 'sid-of-', 'owner-', 'the-path', 'originalMaxAge']) {
      assert.ok(clear.includes(text), text)
      assert.ok(!allBytes(sealed).includes(text), text)
    }
    assert.deepEqual((await idsIn(sealed, { saveKeys: [A] })).ids.sort(), ['sid-of-1', 'sid-of-3'])
  })

  it('are not shown by the store', async () => {
    const { store } = await open({ saveFile: newSaveFile(), saveKeys: [A] })
    assert.equal('saveKeys' in store.options, false)
    await store.close()
  })

  it('can be changed: older ones open, the current one seals all', async () => {
    const saveFile = await saved([A])
    assert.deepEqual(await rewritten(saveFile, [B, A]), ['sid-of-1', 'sid-of-3'])
    const { ids, heard } = await idsIn(saveFile, { saveKeys: [B] })
    assert.deepEqual([ids.sort(), heard], [['sid-of-1', 'sid-of-3'], []])
  })

  it('seal at once what was saved without', async () => {
    const saveFile = await saved(undefined)
    await rewritten(saveFile, [A])
    assert.ok(!allBytes(saveFile).includes('the-secret'))
    assert.equal((await idsIn(saveFile, { saveKeys: [A] })).ids.length, 2)
  })

  for (const [what, other] of [
    ['others', [C, B]],
    ['none', undefined],
  ] as const) {
    it(`that are missing cost nothing: with ${what} their sessions are kept aside until they are back`, async () => {
      const saveFile = await saved([A])
      const first = await open({ saveFile, saveKeys: other })
      assert.equal(first.error, null)
      assert.deepEqual(await first.store.ids(), [])
      assert.deepEqual(
        first.heard.map(({ code }) => code),
        ['ESAVEKEY'],
      )
      assert.match(first.heard[0]?.message ?? '', /5 records of an unknown key kept aside/)
      assert.equal(first.store.stats().save?.unread, 5)
      await first.store.set('new', plainSession({ n: 9 }))
      const aside = othersBeside(saveFile).filter((name) => name.startsWith('.undecryptable-'))
      assert.equal(aside.length, 1)
      await first.store.close()

      const second = await idsIn(saveFile, { saveKeys: other })
      assert.deepEqual(second.ids, ['new'])
      const again = await open({ saveFile, saveKeys: [...(other ?? [C]), A] })
      assert.deepEqual(
        again.heard.filter(({ code }) => code !== 'ESAVEKEY'),
        [],
      )
      const ids = ['new', 'sid-of-1', 'sid-of-3']
      assert.deepEqual((await again.store.ids()).sort(), ids)
      assert.equal(((await again.store.get('sid-of-1')) as Data).secret, 'the-secret')
      await again.store.destroy('sid-of-1')
      while (othersBeside(saveFile).length > 0) await nextTurn()
      await again.store.close()
      const last = await idsIn(saveFile, { saveKeys: [...(other ?? [C]), A] })
      assert.deepEqual(last.ids.sort(), ['new', 'sid-of-3'])
    })
  }

  it('that are missing keep nothing that has expired', async (t) => {
    const time = stopTime(t)
    const saveFile = await saved([A])
    const { store } = await open({ saveFile, saveKeys: [C] })
    await store.close()
    time.pass(10 * 86_400_000)
    await idsIn(saveFile, { saveKeys: [C] })
    assert.deepEqual(othersBeside(saveFile), [])
  })

  it('refuse an expiry that was changed', async () => {
    const saveFile = await saved([A])
    const name = largestOf(saveFile)
    const bytes = fs.readFileSync(name)
    for (const { from, to, type } of await placesIn(name)) {
      if (type !== 1) continue
      bytes.writeDoubleLE(Date.now() + 1e12, from + 16)
      bytes.writeUInt32LE(crc32(bytes.subarray(from + 8, to)), from + 4)
    }
    fs.writeFileSync(name, bytes)
    const { ids, heard } = await idsIn(saveFile, { saveKeys: [A] })
    assert.deepEqual([ids, heard.map(({ code }) => code)], [[], ['ESAVEDAMAGED']])
    assert.match(heard[0]?.message ?? '', /3 damaged records/)
  })

  it('never use a nonce twice', async () => {
    const saveFile = newSaveFile()
    for (let round = 0; round < 3; round++) {
      const { store } = await open({ saveFile, saveKeys: [A] })
      while (!fs.existsSync(saveFile)) await nextTurn()
      for (let n = 0; n < 100; n++) store.set(`s${n}`, plainSession())
      await store.close()
    }
    const nonces: string[] = []
    const folder = path.dirname(saveFile)
    for (const name of fs.readdirSync(folder)) {
      const full = path.join(folder, name)
      const bytes = fs.readFileSync(full)
      for (const { type, from } of await placesIn(full)) {
        if (type < 5) nonces.push(bytes.toString('hex', from + 28, from + 40))
      }
    }
    assert.ok(nonces.length >= 300)
    assert.equal(new Set(nonces).size, nonces.length)
  })

  it('refuse a plain record in an encrypted file, and a plain file after one', async () => {
    for (const name of ['record', 'file']) {
      const [saveFile, other] = [await saved([A]), newSaveFile()]
      const plain = await open({ saveFile: other })
      await plain.store.save()
      await plain.store.set('forged', plainSession({ userId: 'admin' }))
      await plain.store.close()
      const segments = segmentsOf(other).map((number) => segment(other, number))
      const source = segments.find((each) => fs.readFileSync(each).includes('forged')) as string
      const file = largestOf(saveFile)
      const forgery = fs.readFileSync(source)
      if (name === 'record') {
        const { from, to } = (await placesIn(source)).find(({ sid }) => sid !== '') as Place
        const record = Buffer.from(forgery.subarray(from, to))
        fs.readFileSync(file).copy(record, 0, 12, 16)
        fs.appendFileSync(file, record)
        for (const number of segmentsOf(saveFile).slice(-1)) fs.rmSync(segment(saveFile, number))
      } else {
        const number = (segmentsOf(saveFile).at(-1) as number) + 1
        forgery.writeDoubleLE(number, 16)
        forgery.writeUInt32LE(crc32(forgery, 0, 28), 28)
        fs.writeFileSync(segment(saveFile, number), forgery)
      }
      const { ids, heard } = await idsIn(saveFile, { saveKeys: [A] })
      assert.ok(heard.some(({ code }) => code === 'ESAVEDAMAGED'))
      assert.ok(!ids.includes('forged'))
    }
  })

  it('given for the first time leave no plain record once a save has ended, but in files that are named', async () => {
    const saveFile = await saved(undefined)
    fs.writeFileSync(`${saveFile}.damaged-2026-01-01`, 'the-secret')
    const { store, heard } = await open({ saveFile, saveKeys: [A] })
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['ESAVEPLAIN'],
    )
    assert.match(heard[0]?.message ?? '', /\.damaged-2026-01-01/)
    await store.save()
    fs.rmSync(`${saveFile}.damaged-2026-01-01`)
    assert.ok(!allBytes(saveFile).includes('the-secret'))
    await store.close()
    assert.deepEqual((await idsIn(saveFile, { saveKeys: [A] })).heard, [])
  })

  it('that are missing keep files aside whole, so that killed starts do not make them grow', async () => {
    const saveFile = await saved([A])
    const disk = new Disk()
    for (const name of fs.readdirSync(path.dirname(saveFile))) {
      const file = path.join(path.dirname(saveFile), name)
      disk.write(file, fs.readFileSync(file))
    }
    const before = disk.used
    for (let start = 0; start < 5; start++) {
      const { opened } = on(disk).begin({ saveFile, saveKeys: [C] })
      await opened
      on(disk).kill(saveFile)
    }
    assert.ok(disk.used < before + 5 * 1000)
  })

  it('of the same text are the same key, and of another text another', async () => {
    const [one, same, other] = await Promise.all(
      [[B], [B], [`${B}!`]].map((keys) => KeyRing.of(keys)),
    )
    assert.equal(one?.keyId, same?.keyId)
    assert.notEqual(one?.keyId, other?.keyId)
  })
})
