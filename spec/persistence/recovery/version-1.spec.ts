/** That files of version 1 load: the fixtures were written by lembro 0.1.0. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../lib/clock'
import { newSaveFile } from '../../support/folder'
import { idsIn, open } from '../../support/saving'
import { type Data, plainSession } from '../../support/sessions'
import { coreOf } from '../../support/store'

const KEY = new Uint8Array(32).fill(1)
/** The day of the fixtures, on which none of their sessions has expired. */
const clock: Clock = { ...systemClock, now: () => Date.UTC(2026, 10, 20) }

function fixture(kind: string): string {
  const saveFile = newSaveFile()
  const folder = path.join(__dirname, '..', 'fixtures', `version-1-${kind}`)
  for (const name of fs.readdirSync(folder)) {
    fs.copyFileSync(path.join(folder, name), path.join(path.dirname(saveFile), name))
  }
  return saveFile
}

for (const [kind, saveKeys] of [
  ['plain', undefined],
  ['encrypted', [KEY]],
] as const) {
  describe(`${kind} files of version 1`, () => {
    it('load as they were, without a word, and go on in this version', async () => {
      const saveFile = fixture(kind)
      const { store, error, heard } = await open({ saveFile, saveKeys }, { clock })
      assert.deepEqual([error, heard], [null, []])
      const all = (await store.all()) as Record<string, Data>
      assert.deepEqual(Object.keys(all).sort(), [
        'anonymous',
        'in the last segment',
        'member',
        'nameless',
        'wide 世',
        'without cookie',
      ])
      assert.deepEqual([all.anonymous?.n, all.anonymous?.cookie.path], [1, '/touched'])
      assert.deepEqual([all.member?.n, all['wide 世']?.text], [3, '世界'])
      assert.deepEqual(await store.idsOf('ann'), ['member'])
      assert.deepEqual([store.stats().owned, store.stats().anonymous], [4, 2])
      // Nobody knew newcomers then: all owners by name are known members.
      assert.equal(coreOf(store).ledger.find('member')?.known, true)
      await store.destroy('member')
      await store.close()
      const { ids, heard: none } = await idsIn(saveFile, { saveKeys }, { clock })
      assert.deepEqual([ids.length, ids.includes('member'), none], [5, false, []])
    })

    it('that end in a torn record lose that one, silently', async () => {
      const saveFile = fixture(kind)
      const last = `${saveFile}.journal-4`
      fs.truncateSync(last, fs.statSync(last).size - 1)
      const { ids, heard } = await idsIn(saveFile, { saveKeys }, { clock })
      assert.deepEqual([ids.length, heard], [5, []])
    })
  })
}

it('a plain record that was slipped into an encrypted file of version 1 is refused', async () => {
  const saveFile = fixture('encrypted')
  const forged = fs.readFileSync(`${fixture('plain')}.journal-4`)
  const last = `${saveFile}.journal-4`
  const bytes = fs.readFileSync(last)
  const record = Buffer.from(forged.subarray(32))
  bytes.copy(record, 0, 12, 16)
  fs.writeFileSync(last, Buffer.concat([bytes, record]))
  const { store, heard } = await open({ saveFile, saveKeys: [KEY] }, { clock })
  assert.deepEqual(
    heard.map(({ code }) => code),
    ['ESAVEDAMAGED'],
  )
  await store.set('next', plainSession())
  await store.close()
})
