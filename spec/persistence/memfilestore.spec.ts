/** Of files that are no database: of `memfilestore.ts`, as a store meets it. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Lembro } from '../../lib'
import { newFolder, newSaveFile, othersBeside } from '../support/folder'
import { idsIn, open } from '../support/saving'

const cookie = { originalMaxAge: 6e5, expires: new Date(Date.now() + 6e5).toISOString() }

describe('a saveFile', () => {
  it('of an express-memfilestore is imported once and kept', async () => {
    const saveFile = newSaveFile()
    fs.writeFileSync(
      saveFile,
      JSON.stringify({ newest: { cookie, n: 2 }, oldest: { cookie, n: 1 } }),
    )
    const { store, error } = await open({ saveFile })
    assert.equal(error, null)
    assert.deepEqual(await store.ids(), ['newest', 'oldest'])
    await store.destroy('oldest')
    await store.close()
    assert.deepEqual(othersBeside(saveFile), ['.imported'])
    assert.deepEqual((await idsIn(saveFile)).ids, ['newest'])
  })

  it('is synced each period, but for the time from stopSaveInterval to startSaveInterval', async () => {
    const { store } = await open({ saveFile: newSaveFile(), savePeriod: 20 })
    const lastSave = () => store.stats().save?.lastSave ?? null
    await store.set('a', { cookie } as never)
    while (lastSave() === null) await setTimeout(5)
    store.stopSaveInterval()
    await setTimeout(60)
    const before = lastSave()
    await store.set('b', { cookie } as never)
    await setTimeout(100)
    assert.equal(lastSave(), before)
    store.startSaveInterval()
    while (lastSave() === before) await setTimeout(5)
    await store.close()
  })

  it('is not needed for startSaveInterval and stopSaveInterval', async () => {
    const store = new Lembro()
    store.startSaveInterval()
    store.stopSaveInterval()
    await store.close()
  })

  it('of an express-memfilestore whose import was cut off is imported again', async () => {
    const saveFile = newSaveFile()
    fs.writeFileSync(`${saveFile}.importing`, JSON.stringify({ a: { cookie } }))
    assert.deepEqual((await idsIn(saveFile)).ids, ['a'])
    assert.deepEqual(othersBeside(saveFile), ['.imported'])
  })

  it('tells, once there are saveKeys, which files beside it still hold plain sessions', async () => {
    const saveFile = newSaveFile()
    fs.writeFileSync(saveFile, JSON.stringify({ a: { cookie } }))
    const saveKeys = ['a text of sixteen characters']
    await idsIn(saveFile, { saveKeys })
    const { ids, heard } = await idsIn(saveFile, { saveKeys })
    assert.deepEqual(ids, ['a'])
    const [plain] = heard
    assert.equal(plain?.code, 'ESAVEPLAIN')
    assert(plain?.message.includes(`${saveFile}.imported`))
    fs.rmSync(`${saveFile}.imported`)
    assert.deepEqual((await idsIn(saveFile, { saveKeys })).heard, [])
  })

  it('that is other JSON is left alone', async () => {
    const saveFile = newSaveFile()
    fs.writeFileSync(saveFile, '{"name":"shop"}')
    const { error } = await idsIn(saveFile)
    assert.equal(error?.code, 'ESAVEFOREIGN')
    assert.equal(fs.readFileSync(saveFile, 'utf8'), '{"name":"shop"}')
  })

  for (const [name, content] of [
    ['a cut import', `{"a":{"cookie":{"originalMaxAge"`],
    ['noise', randomBytes(4000)],
  ] as const) {
    it(`that is ${name} is set aside and told`, async () => {
      const saveFile = newSaveFile()
      fs.writeFileSync(saveFile, content)
      const { error, heard, stats } = await idsIn(saveFile)
      assert.equal(error, null)
      assert.deepEqual(
        heard.map(({ code }) => code),
        ['ESAVEDAMAGED'],
      )
      assert.equal(stats?.damaged, 1)
      assert.match(String(othersBeside(saveFile)), /^\.damaged-/)
    })
  }

  for (const [name, start] of [
    ['zeroes', ''],
    ['JSON', '{"a":{"cookie":{}}'],
    ['a database', 'SQLite format 3\0'],
  ] as const) {
    it(`that is 5 GB of ${name} and nothing is set aside in no time`, async () => {
      const saveFile = newSaveFile()
      fs.writeFileSync(saveFile, start)
      fs.truncateSync(saveFile, 5 * 2 ** 30)
      const { error, heard, stats } = await idsIn(saveFile)
      assert.equal(error, null)
      assert.deepEqual(
        heard.map(({ code }) => code),
        ['ESAVEDAMAGED'],
      )
      assert.equal(stats?.saving, true)
    })
  }

  it('that is a FIFO is left alone', async () => {
    const saveFile = newSaveFile()
    execFileSync('mkfifo', [saveFile])
    assert.equal((await idsIn(saveFile)).error?.code, 'ESAVEFOREIGN')
  })

  it('that is a folder, or in none, is told', async () => {
    const folder = newFolder()
    assert.equal((await idsIn(folder)).error?.code, 'EISDIR')
    assert.equal((await idsIn(`${folder}/no/file`)).error?.code, 'ENOENT')
  })
})
