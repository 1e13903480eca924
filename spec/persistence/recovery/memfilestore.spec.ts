import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { newSaveFile, othersBeside } from '../../support/folder'
import { idsIn, kill, open } from '../../support/saving'
import { type Data, plainSession } from '../../support/sessions'
import { NOON, nextTurn, stopTime } from '../../support/time'

/** Written by express-memfilestore itself. */
const FIXTURE = path.join(__dirname, '..', '..', 'fixtures', 'express-memfilestore-1.7.1.json')
const LIVE = ['oldest-anonymous', 'browser-session', 'member', 'newest-member']

function fixture(): string {
  const saveFile = newSaveFile()
  fs.copyFileSync(FIXTURE, saveFile)
  fs.chmodSync(saveFile, 0o644)
  return saveFile
}

async function isSnapshot(saveFile: string): Promise<void> {
  while (fs.readFileSync(saveFile, 'latin1').startsWith('{')) await nextTurn()
}

describe('the file of an express-memfilestore', () => {
  it('is imported: its live sessions, in their order, as they were', async (t) => {
    const time = stopTime(t)
    const saveFile = fixture()
    const { store, error, heard } = await open({ saveFile })
    assert.deepEqual([error, heard], [null, []])
    const byOwner = ['newest-member', 'member', 'browser-session', 'oldest-anonymous']
    assert.deepEqual(await store.ids(), byOwner)
    assert.deepEqual(await store.idsOf('ann'), ['member'])
    assert.deepEqual(await store.idsOf(7), ['newest-member'])
    const written = JSON.parse(fs.readFileSync(FIXTURE, 'utf8'))
    for (const sid of LIVE) assert.deepEqual(await store.get(sid), written[sid])
    time.pass(60_000)
    assert.equal(await store.get('oldest-anonymous'), undefined)
    time.pass(86_400_000 - 60_000)
    assert.equal(await store.get('browser-session'), undefined)
    await store.close()
  })

  it('is kept, and imported once', async (t) => {
    stopTime(t)
    const saveFile = fixture()
    const { store } = await open({ saveFile })
    await store.destroy('member')
    await isSnapshot(saveFile)
    await store.close()
    assert.deepEqual(othersBeside(saveFile), ['.imported'])
    assert.deepEqual(fs.readFileSync(`${saveFile}.imported`), fs.readFileSync(FIXTURE))
    assert.equal(fs.statSync(`${saveFile}.imported`).mode & 0o777, 0o600)
    const { ids } = await idsIn(saveFile)
    assert.deepEqual(ids.sort(), LIVE.filter((sid) => sid !== 'member').sort())
  })

  it('is kept beside that of an earlier import', async (t) => {
    stopTime(t)
    const saveFile = fixture()
    fs.writeFileSync(`${saveFile}.imported`, 'earlier')
    const { store } = await open({ saveFile })
    await isSnapshot(saveFile)
    await store.close()
    const [earlier, later] = othersBeside(saveFile)
    assert.match(later ?? '', /^\.imported-2/)
    assert.equal(fs.readFileSync(saveFile + earlier, 'utf8'), 'earlier')
    assert.deepEqual(fs.readFileSync(saveFile + later), fs.readFileSync(FIXTURE))
  })

  it('loses nothing, and brings nothing back, when the process is killed as it imports', async (t) => {
    stopTime(t)
    const saveFile = fixture()
    const { store } = await open({ saveFile })
    await store.destroy('member')
    await store.set('next', plainSession({ n: 1 }))
    const copy = newSaveFile()
    for (const name of fs.readdirSync(path.dirname(saveFile))) {
      fs.copyFileSync(path.join(path.dirname(saveFile), name), path.join(path.dirname(copy), name))
    }
    kill(copy)
    await store.close()
    const again = await open({ saveFile: copy })
    assert.equal(await again.store.get('member'), undefined)
    assert.equal(((await again.store.get('next')) as Data).n, 1)
    assert.equal(await again.store.length(), 4)
    await again.store.close()
  })

  it('that is cut is kept aside, and the store starts', async (t) => {
    stopTime(t)
    const saveFile = fixture()
    fs.truncateSync(saveFile, 200)
    const { ids, error, heard } = await idsIn(saveFile)
    assert.deepEqual([ids, error, heard[0]?.code], [[], null, 'ESAVEDAMAGED'])
    assert.match(othersBeside(saveFile)[0] ?? '', /^\.damaged-/)
  })

  it('may hold what is no session', async (t) => {
    stopTime(t)
    const saveFile = newSaveFile()
    const good = { cookie: { expires: new Date(NOON + 1000).toISOString() }, n: 1 }
    const sessions = { a: null, b: 7, c: 'text', good, bare: { n: 2 } }
    fs.writeFileSync(saveFile, `\ufeff\n${JSON.stringify(sessions)}`)
    const { ids, error } = await idsIn(saveFile)
    assert.deepEqual([ids, error], [['bare', 'good'], null])
  })

  it('is told from other JSON, which is refused and left alone', async () => {
    for (const other of ['{"name":"shop","version":"1.0.0"}', '{"name":"cut', '{"a":{"b":1}}']) {
      const saveFile = newSaveFile()
      fs.writeFileSync(saveFile, other)
      const { store, error } = await open({ saveFile })
      assert.equal((error as { code?: string }).code, 'ESAVEFOREIGN')
      assert.match(error?.message ?? '', /no file of express-memfilestore; it is left alone/)
      await store.set('a', plainSession())
      await store.close()
      assert.deepEqual(fs.readdirSync(path.dirname(saveFile)), ['sessions'])
      assert.equal(fs.readFileSync(saveFile, 'utf8'), other)
    }
  })

  it('without sessions is one all the same', async () => {
    const saveFile = newSaveFile()
    fs.writeFileSync(saveFile, '{}')
    assert.equal((await idsIn(saveFile)).error, null)
  })
})
