/** Of what survives, and of a disk that fails: `persistence.ts`, `outbox.ts`, `saved.ts`, `worker.ts` and `index.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { type Clock, systemClock } from '../../lib/clock'
import { newFolder, newSaveFile, newSmallDisk, othersBeside } from '../support/folder'
import { begin, disk, idsIn, killed, open, until } from '../support/saving'
import { nextTurn } from '../support/time'

const KEY = 'a text of sixteen characters'
const OTHER = 'another text that is long enough'

function session(more: object = {}, ms = 600_000) {
  const cookie = { originalMaxAge: ms, expires: new Date(Date.now() + ms) }
  return { cookie, ...more } as never
}

describe('a saveFile', () => {
  it('brings back texts, owners, cookies and order after a close', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    await store.set('a', session({ user: 'ann', text: 'ü\u0000€😀' }))
    await store.set('b\ud800\u0000', session({ text: '\ud800' }))
    await store.set('c', session())
    await store.touch('a', session({}, 900_000))
    const before = JSON.stringify(await store.get('a'))
    await store.close()
    assert.deepEqual(othersBeside(saveFile), [])
    const again = await open({ saveFile })
    assert.equal(again.error, null)
    assert.deepEqual((await idsIn(killed(saveFile))).ids, ['b\ud800\u0000', 'c', 'a'])
    assert.equal(JSON.stringify(await again.store.get('a')), before)
    assert.deepEqual(await again.store.idsOf('ann'), ['a'])
    assert.equal(
      ((await again.store.get('b\ud800\u0000')) as never as { text: string }).text,
      '\ud800',
    )
    await again.store.close()
  })

  it('lets the longest unused go first after a restart, whatever was stored first', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    const text = 'x'.repeat(20_000)
    for (let n = 0; n < 10; n++) await store.set(`s${n}`, session({ text }))
    await store.touch('s0', session({ text }))
    // Room for seven of the ten.
    const { ids } = await idsIn(killed(saveFile), { maxSize: 150_000 })
    assert.deepEqual([ids.includes('s1'), ids.at(-1)], [false, 's0'])
    await store.close()
  })

  it('has what was acknowledged, and nothing that was ended, right after it was', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    await Promise.all(Array.from({ length: 2000 }, (_, n) => store.set(`s${n}`, session())))
    await store.destroy('s7')
    await store.set('s8', session({ last: true }))
    const copy = killed(saveFile)
    const { ids, heard } = await idsIn(copy)
    assert.deepEqual(heard, [])
    assert.equal(ids.length, 1999)
    assert.equal(ids.at(-1), 's8')
    await store.clear()
    assert.deepEqual((await idsIn(killed(saveFile))).ids, [])
    await store.close()
  })

  it('keeps what was saved while all of it is overwritten and checkpoints go on, and stays small', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile, maxSize: '64M' })
    const text = 'x'.repeat(1500)
    const setAll = (n: number) =>
      Promise.all(
        Array.from({ length: 3000 }, (_, at) => store.set(`s${at}`, session({ n, text }))),
      )
    await setAll(0)
    await store.save()
    const under = setAll(1)
    for (let nth = 0; nth < 5; nth++) {
      await until(() => store.stats().save?.lastCompaction !== null)
      await store.set('x', session())
      assert.equal((await idsIn(killed(saveFile), { maxSize: '64M' })).ids.length, 3001)
    }
    await under
    for (let n = 2; n < 8; n++) await setAll(n)
    // Eight times as much as is there was written.
    const size = fs.statSync(saveFile).size + fs.statSync(`${saveFile}-wal`).size
    assert.ok(size < 4 * 3000 * text.length, `${size} bytes`)
    await store.close()
  })

  it('is refused to a second process, with ELOCKED, and free again once the first is dead', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    await store.set('a', session())
    const second = await open({ saveFile })
    assert.equal(second.error?.code, 'ELOCKED')
    await second.store.set('b', session())
    await second.store.destroy('b')
    assert.equal(second.store.stats().save?.saving, false)
    await second.store.close()
    await store.close()
    assert.deepEqual((await idsIn(saveFile)).ids, ['a'])
  })

  it('is readable by its owner alone, from the first moment', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    await store.set('a', session())
    for (const name of [saveFile, `${saveFile}-wal`])
      assert.equal(fs.statSync(name).mode & 0o777, 0o600)
    await store.close()
    fs.chmodSync(saveFile, 0o644)
    await idsIn(saveFile)
    assert.equal(fs.statSync(saveFile).mode & 0o777, 0o600)
  })

  it('forgets what has expired or is too much by now, in the file as well', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    await store.set('soon', session({}, 60))
    for (let n = 0; n < 20; n++) await store.set(`s${n}`, session())
    await store.close()
    await new Promise((resolve) => setTimeout(resolve, 80))
    const { ids } = await idsIn(saveFile, { max: 5 })
    assert.deepEqual(ids, ['s15', 's16', 's17', 's18', 's19'])
    assert.deepEqual((await idsIn(saveFile)).ids, ids)
  })

  it('answers calls that came before it was loaded, in order', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    await first.store.set('a', session({ n: 1 }))
    await first.store.close()
    const { store } = begin({ saveFile })
    const got = store.get('a')
    const ended = store.destroy('a')
    assert.equal(((await got) as never as { n: number }).n, 1)
    await ended
    assert.deepEqual(await store.ids(), [])
    await store.close()
  })

  it('tells how saving goes', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile, savePeriod: 0 })
    await store.set('a', session())
    const { saving, pending, lastSave, bytes = 0 } = store.stats().save ?? {}
    assert.deepEqual([saving, pending, typeof lastSave], [true, 0, 'number'])
    assert.ok(bytes > 0)
    await store.close()
    assert.equal(store.stats().save?.saving, false)
  })
})

describe('a disk that fails', () => {
  for (const code of ['ENOSPC', 'EIO'] as const) {
    it(`with ${code} fails what is under way and what ends sessions, serves from memory, and has all saved once it is back`, async () => {
      const saveFile = newSaveFile()
      const { store, heard } = await open({ saveFile })
      await store.set('a', session())
      await store.set('b', session())
      disk(saveFile, code)
      await assert.rejects(store.set('c', session()), { code })
      assert.equal(store.stats().save?.saving, false)
      await store.set('d', session())
      await assert.rejects(store.destroy('a'), { code })
      assert.deepEqual((await store.ids()).reverse(), ['b', 'c', 'd'])
      await assert.rejects(store.save(), { code })
      assert.deepEqual(heard.map((error) => error.code).slice(0, 1), [code])
      disk(saveFile, undefined)
      await store.save()
      assert.equal(store.stats().save?.saving, true)
      assert.deepEqual((await idsIn(killed(saveFile))).ids, ['b', 'c', 'd'])
      await store.destroy('b')
      await store.close()
      assert.deepEqual((await idsIn(saveFile)).ids, ['c', 'd'])
    })
  }

  it('at the start costs no session that was saved, and none that came meanwhile', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    await first.store.set('old', session())
    await first.store.close()
    disk(saveFile, 'EIO')
    const { store, error } = await open({ saveFile })
    assert.equal(error?.code, 'EIO')
    await store.set('new', session())
    disk(saveFile, undefined)
    await store.save()
    await store.close()
    assert.deepEqual((await idsIn(saveFile)).ids.sort(), ['new', 'old'])
  })

  it('and hangs is waited for, and costs nothing', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    disk(saveFile, 'hangs')
    const waiting = store.set('a', session())
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.notEqual(await store.get('a'), undefined)
    disk(saveFile, undefined)
    await waiting
    await store.close()
    assert.deepEqual((await idsIn(saveFile)).ids, ['a'])
  })

  it('and hangs keeps no close() longer than ten seconds, and no call waits any more', async () => {
    const saveFile = newSaveFile()
    let late = () => {}
    const after: Clock['after'] = (ms, callback, keepsAlive) => {
      if (ms === 10_000) late = callback
      return systemClock.after(ms, callback, keepsAlive)
    }
    const { store } = await open({ saveFile }, { clock: { ...systemClock, after } })
    disk(saveFile, 'hangs')
    const waiting = assert.rejects(store.set('a', session()), { code: 'ESAVEBUSY' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    const closed = assert.rejects(store.close(), { code: 'ESAVEBUSY' })
    await nextTurn()
    late()
    await Promise.all([waiting, closed])
    disk(saveFile, undefined)
  })

  it('and hangs makes ESAVEBUSY of more than may wait; all is saved once it is back', async () => {
    const saveFile = newSaveFile()
    const { store, heard } = await open({ saveFile, maxSize: '256M' })
    disk(saveFile, 'hangs')
    const first = store.set('first', session())
    await new Promise((resolve) => setTimeout(resolve, 50))
    const text = 'x'.repeat(1_000_000)
    const calls = Array.from({ length: 80 }, (_, n) => store.set(`s${n}`, session({ text })))
    const ends = Promise.allSettled([first, ...calls])
    await until(() => heard.length > 0)
    assert.equal(heard[0]?.code, 'ESAVEBUSY')
    disk(saveFile, undefined)
    await store.save()
    await ends
    await store.close()
    assert.equal((await idsIn(saveFile, { maxSize: '256M' })).ids.length, 81)
  })

  it('that is really full loses nothing that was saved', async (t) => {
    const { folder, code, enlarge } = newSmallDisk(t)
    const saveFile = `${folder}/sessions`
    const { store, heard } = await open({ saveFile, maxSize: '64M' })
    const text = 'x'.repeat(5000)
    for (let n = 0; heard.length === 0 && n < 400; n++) {
      await store.set(`s${n}`, session({ text })).catch(() => {})
    }
    assert.equal(heard[0]?.code, code)
    enlarge()
    await store.save()
    const { length } = await store.ids()
    await store.close()
    assert.equal((await idsIn(saveFile, { maxSize: '64M' })).ids.length, length)
  })
})

describe('a file that goes while it is open', () => {
  const ways: Record<string, (saveFile: string, older: string) => void> = {
    'is deleted': (saveFile) => fs.rmSync(saveFile),
    'is deleted with its WAL': (saveFile) => {
      for (const name of [saveFile, `${saveFile}-wal`]) fs.rmSync(name)
    },
    'is replaced by an older one': (saveFile, older) => fs.renameSync(older, saveFile),
    'is replaced by what is no file of sessions': (saveFile) => {
      fs.writeFileSync(`${saveFile}-new`, 'hello')
      fs.renameSync(`${saveFile}-new`, saveFile)
    },
  }
  for (const [way, go] of Object.entries(ways)) {
    it(`is noticed with the next change, and all is saved under its name: it ${way}`, async () => {
      const saveFile = newSaveFile()
      const { store, heard } = await open({ saveFile })
      for (const sid of ['a', 'ended']) await store.set(sid, session())
      await store.save()
      go(saveFile, killed(saveFile))
      await assert.rejects(store.destroy('ended'), { code: 'ESAVEMOVED' })
      await store.set('b', session())
      await store.save()
      assert.match(String(heard[0]), /can't save: it was deleted or replaced; sessions are served/)
      assert.ok(store.stats().save?.saving)
      assert.deepEqual((await idsIn(killed(saveFile))).ids, ['a', 'b'])
      await store.close()
      assert.deepEqual((await idsIn(saveFile)).ids, ['a', 'b'])
    })
  }

  it('comes again with its folder', async () => {
    const folder = newFolder()
    const saveFile = path.join(folder, 'inner/sessions')
    fs.mkdirSync(path.dirname(saveFile))
    const { store, heard } = await open({ saveFile })
    await store.set('a', session())
    fs.rmSync(path.dirname(saveFile), { recursive: true })
    await assert.rejects(store.set('b', session()), { code: 'ESAVEMOVED' })
    await assert.rejects(store.save(), { code: 'ENOENT' })
    assert.equal(store.stats().save?.saving, false)
    fs.mkdirSync(path.dirname(saveFile))
    await store.save()
    await store.close()
    assert.deepEqual((await idsIn(saveFile)).ids, ['a', 'b'])
    assert.equal(heard[0]?.code, 'ESAVEMOVED')
  })

  it('makes close() fail rather than lose all in silence', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    await store.set('a', session())
    fs.rmSync(saveFile)
    await assert.rejects(store.close(), { code: 'ESAVEMOVED' })
  })
})

describe('saveKeys', () => {
  it('leave neither ids nor owners nor texts in the file, and open what they sealed', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    for (let n = 0; n < 300; n++)
      await store.set(`id-${n}`, session({ user: 'ann', text: 'secret' }))
    await store.close()
    assert.match(fs.readFileSync(saveFile, 'latin1'), /secret/)
    const sealed = await open({ saveFile, saveKeys: [KEY] })
    await sealed.store.save()
    await sealed.store.close()
    assert.doesNotMatch(fs.readFileSync(saveFile, 'latin1'), /secret|ann|id-/)
    const changed = await open({ saveFile, saveKeys: [OTHER, KEY] })
    assert.equal(await changed.store.length(), 300)
    await changed.store.save()
    await changed.store.close()
    assert.equal((await idsIn(saveFile, { saveKeys: [OTHER] })).ids.length, 300)
  })

  it('that are missing keep their sessions in the file, and tell so', async () => {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile, saveKeys: [KEY] })
    await store.set('a', session())
    await store.close()
    const other = await open({ saveFile, saveKeys: [OTHER] })
    assert.deepEqual(
      other.heard.map(({ code }) => code),
      ['ESAVEKEY'],
    )
    assert.equal(other.store.stats().save?.unread, 1)
    await other.store.set('b', session())
    await other.store.close()
    assert.deepEqual((await idsIn(saveFile, { saveKeys: [OTHER, KEY] })).ids.sort(), ['a', 'b'])
    const cleared = await open({ saveFile, saveKeys: ['a third text, of some length'] })
    await cleared.store.clear()
    await cleared.store.close()
    assert.deepEqual((await idsIn(saveFile, { saveKeys: [OTHER, KEY] })).ids, [])
  })
})
