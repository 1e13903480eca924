/** Of files that are taken, gone, replaced, damaged or full, and of a process that stops while it writes: `worker.ts`, `open-file.ts` and `turns.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { type Clock, systemClock } from '../../lib/clock'
import type { SharedStore } from '../../lib/shared/store'
import { findEngine, loadEngine } from '../../lib/sqlite/engine'
import { newSaveFile, newSmallDisk } from '../support/folder'
import { sqliteOf, tooOld } from '../support/old-sqlite'
import { idsIn, open, until } from '../support/saving'
import { type Data, plainSession } from '../support/sessions'
import { eventually, openShared } from '../support/shared'
import { SharedProcess } from '../support/shared-processes'

const KEY = 'a text of sixteen characters'
const engine = () => loadEngine(findEngine(undefined))

async function fill(store: SharedStore, count: number, more: object = {}): Promise<void> {
  const sets = Array.from({ length: count }, (_, n) =>
    store.set(`id-${n}`, plainSession({ n, user: `user-${n % 10}`, ...more })),
  )
  await Promise.all(sets)
}

/** A clock that stands still, so that what is left of a session's life does not depend on when it is asked for. */
function stillClock(): Clock {
  const now = systemClock.now()
  return { ...systemClock, now: () => now }
}

const codes = (heard: readonly object[]) => heard.map((error) => Object(error).code)

describe('a file that is shared', () => {
  it('is one that a store in memory has saved, and the reverse', async () => {
    const saveFile = newSaveFile()
    const clock = stillClock()
    const first = await open({ saveFile }, { clock })
    await first.store.set('a', plainSession({ user: 'ann', text: 'ü€😀' }))
    await first.store.set('b', plainSession({ n: 1 }))
    await first.store.touch('b', plainSession({}, { maxAge: 900_000 }))
    const before = await first.store.all()
    await first.store.close()
    const { store } = await openShared({ saveFile }, clock)
    const { a, b } = await store.all()
    assert.deepEqual(a, before.a)
    assert.equal(b?.cookie.expires, before.b?.cookie.expires)
    assert.deepEqual(await store.idsOf('ann'), ['a'])
    assert.equal(store.stats().sessions, 2)
    await store.set('c', plainSession({ user: 'ann', n: 2 }))
    await store.destroy('b')
    await store.close()
    const again = await open({ saveFile })
    assert.deepEqual(again.heard, [])
    assert.deepEqual((await again.store.ids()).sort(), ['a', 'c'])
    assert.equal(((await again.store.get('c')) as Data).n, 2)
    assert.deepEqual(await again.store.idsOf('ann'), ['c', 'a'])
    await again.store.set('d', plainSession({ user: 'bob' }))
    await again.store.close()
    // What the other has changed is in the index.
    const last = await openShared({ saveFile })
    assert.deepEqual(await last.store.idsOf('bob'), ['d'])
    assert.equal(last.store.stats().sessions, 3)
    await last.store.close()
  })

  it('belongs to those who share it, or to the one that has it alone, but not to both', async () => {
    const saveFile = newSaveFile()
    const shared = await openShared({ saveFile })
    const alone = await open({ saveFile })
    assert.equal(alone.error?.code, 'ELOCKED')
    await alone.store.close().catch(() => {})
    await shared.store.close()
    const owner = await open({ saveFile })
    assert.equal(owner.error, null)
    const late = await openShared({ saveFile, patience: 100 })
    assert.equal(Object(late.error).code, 'ELOCKED')
    assert.match(String(late.error), /another process or store uses it.*not through lembro\/sqlite/)
    await assert.rejects(late.store.get('a'), { code: 'ELOCKED' })
    await owner.store.close()
    // It goes on trying.
    await eventually(async () => (await late.store.get('a').catch(() => 'failed')) === undefined)
    await late.store.set('a', plainSession())
    await late.store.close()
  })

  it('can be read by nobody else: neither it nor what is beside it', async () => {
    const { store, saveFile } = await openShared()
    await store.set('a', plainSession())
    for (const part of ['', '-wal', '-shm', '-lock']) {
      assert.equal(fs.statSync(`${saveFile}${part}`).mode & 0o777, 0o600, part)
    }
    await store.close()
  })

  it('shows with saveKeys neither texts nor ids nor owners, and opens under an older key', async () => {
    const saveFile = newSaveFile()
    const { store } = await openShared({ saveFile, saveKeys: [KEY] })
    await fill(store, 30, { text: 'a secret text' })
    const bytes = ['', '-wal'].map((part) => fs.readFileSync(`${saveFile}${part}`, 'latin1')).join()
    assert.equal(/secret|user-|id-\d/.exec(bytes), null)
    await store.close()
    const later = await openShared({
      saveFile,
      saveKeys: ['another text that is long enough', KEY],
    })
    assert.equal((await later.store.idsOf('user-3')).length, 3)
    await later.store.set('id-3', plainSession({ n: 33, user: 'user-3' }))
    assert.equal(((await later.store.get('id-3')) as Data).n, 33)
    assert.equal((await later.store.idsOf('user-3')).length, 3)
    assert.equal(await later.store.destroyOwner('user-3'), 3)
    assert.equal(later.store.stats().sessions, 27)
    await later.store.close()
    const without = await openShared({ saveFile })
    assert.deepEqual(codes(without.heard), [])
    assert.equal(await without.store.get('id-1'), undefined)
    await without.store.close()
  })

  it('is sealed as a whole when saveKeys are given for the first time', async () => {
    const saveFile = newSaveFile()
    const clock = stillClock()
    const { store } = await openShared({ saveFile }, clock)
    await fill(store, 30, { text: 'a secret text' })
    await store.touch('id-1', plainSession({}, { maxAge: 900_000 }))
    const left = (await store.get('id-1'))?.cookie.expires
    await store.close()
    const sealed = await openShared({ saveFile, saveKeys: [KEY] }, clock)
    assert.deepEqual(codes(sealed.heard), [])
    assert.equal((await sealed.store.get('id-1'))?.cookie.expires, left)
    assert.equal((await sealed.store.idsOf('user-3')).length, 3)
    const bytes = ['', '-wal'].map((part) => fs.readFileSync(`${saveFile}${part}`, 'latin1')).join()
    assert.equal(/secret|user-|id-\d/.exec(bytes), null)
    await sealed.store.close()
  })

  it('is asked by each read, also by one that begins in the turn of another of the same session', async () => {
    const { store, saveFile } = await openShared()
    await store.set('a', plainSession({ n: 1 }))
    const other = engine()(saveFile)
    const before = store.get('a')
    other.exec('DELETE FROM places')
    const after = store.get('a')
    assert.equal(((await before) as Data).n, 1)
    assert.equal(await after, undefined)
    other.close()
    await store.close()
  })

  for (const how of ['deleted', 'replaced'] as const) {
    it(`is noticed to be ${how} by each process, told, and made anew`, async (t) => {
      const saveFile = newSaveFile()
      const { store, heard } = await openShared({ saveFile })
      const other = await SharedProcess.start(t, { saveFile })
      await store.set('a', plainSession({ n: 1 }))
      assert.notEqual(await other.ask('get', 'a'), undefined)
      const events: string[] = []
      for (const event of ['disconnect', 'connect']) store.on(event, () => events.push(event))
      if (how === 'replaced') {
        const copy = await openShared()
        await copy.store.set('b', plainSession({ n: 2 }))
        await copy.store.close()
        fs.renameSync(copy.saveFile, saveFile)
      } else for (const part of ['', '-wal', '-shm']) fs.rmSync(`${saveFile}${part}`)
      assert.equal(await store.get('a'), undefined)
      assert.equal(await other.ask('get', 'a'), undefined)
      assert.deepEqual(codes(heard), ['ESAVEMOVED'])
      assert.deepEqual(await other.ask('heard'), ['ESAVEMOVED'])
      assert.deepEqual(events, ['disconnect', 'connect'])
      await store.set('c', plainSession({ n: 3 }))
      assert.equal((await other.ask<Data>('get', 'c'))?.n, 3)
      if (how === 'replaced') assert.equal((await other.ask<Data>('get', 'b'))?.n, 2)
      await store.close()
    })
  }

  it('is noticed to be gone within a second, though nobody asks', async () => {
    const { store, saveFile, heard } = await openShared()
    fs.rmSync(saveFile)
    await until(() => heard.length > 0)
    assert.deepEqual(codes(heard), ['ESAVEMOVED'])
    await store.close()
  })

  it('that is damaged keeps nobody from starting: what can be read is kept, all is told', async () => {
    const { store, saveFile } = await openShared()
    await fill(store, 300)
    await store.close()
    const bytes = fs.readFileSync(saveFile)
    // The index goes as well, so that the next start reads all.
    const database = engine()(saveFile)
    database.exec('DELETE FROM shared')
    database.close()
    const file = fs.openSync(saveFile, 'r+')
    fs.writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor(bytes.length / 1024) * 512)
    fs.closeSync(file)
    const again = await openShared({ saveFile })
    assert.equal(again.error, null)
    assert.deepEqual(codes(again.heard), ['ESAVEDAMAGED'])
    const left = await again.store.length()
    assert(left > 150 && left < 300, `${left} left`)
    assert(fs.readdirSync(saveFile.replace(/\/sessions$/, '')).some((name) => /damaged/.test(name)))
    await again.store.set('id-1', plainSession({ n: 5 }))
    await again.store.close()
  })

  it('is not touched by an SQLite that may damage what several processes write', async () => {
    const database = sqliteOf('3.51.2')
    const { store, error, saveFile } = await openShared({ database })
    const { code, message } = tooOld(database, '3.51.2')
    assert.deepEqual([Object(error).code, error?.message], [code, message])
    await assert.rejects(store.get('a'), { code, message })
    assert.deepEqual(fs.readdirSync(path.dirname(saveFile)), [])
    await store.close()
  })

  it('that is no database at all is set aside', async () => {
    const saveFile = newSaveFile()
    fs.writeFileSync(saveFile, 'no database'.repeat(1000))
    const { store, error, heard } = await openShared({ saveFile })
    assert.equal(error, null)
    assert.deepEqual(codes(heard), ['ESAVEDAMAGED'])
    await store.set('a', plainSession())
    await store.close()
  })

  it('that is another program’s is left alone', async () => {
    const saveFile = newSaveFile()
    const database = engine()(saveFile)
    database.exec('CREATE TABLE recipes (name TEXT)')
    database.close()
    const { store, error } = await openShared({ saveFile })
    assert.equal(Object(error).code, 'ESAVEFOREIGN')
    await store.close()
  })

  it('that is damaged while it is used is mended, and all processes go on', async (t) => {
    const saveFile = newSaveFile()
    const { store, heard } = await openShared({ saveFile })
    await fill(store, 300)
    await store.close()
    const { store: one, heard: told } = await openShared({ saveFile })
    const other = await SharedProcess.start(t, { saveFile })
    const file = fs.openSync(saveFile, 'r+')
    const middle = Math.floor(fs.fstatSync(file).size / 1024) * 512
    fs.writeSync(file, Buffer.alloc(8192, 0x5a), 0, 8192, middle)
    // Not closed: that would end the locks that this process has.
    t.after(() => fs.closeSync(file))
    let failed = 0
    for (let n = 0; n < 300; n++) await one.get(`id-${n}`).catch(() => failed++)
    const isSet = () =>
      one.set('new', plainSession({ n: 7 })).then(
        () => true,
        () => false,
      )
    await eventually(isSet)
    assert.equal((await other.ask<Data>('get', 'new'))?.n, 7)
    assert.deepEqual(heard, [])
    assert(failed > 0 && codes(told).includes('ESAVEDAMAGED'))
    assert((await one.length()) > 100)
    await one.close()
  })

  it('whose disk is full goes on to be read, fails changes with a code, and recovers', async (t) => {
    const { folder, code, enlarge } = newSmallDisk(t)
    const saveFile = `${folder}/sessions`
    const { store } = await openShared({ saveFile, maxSize: '64M' })
    const failures: unknown[] = []
    for (let n = 0; failures.length < 5 && n < 400; n++) {
      const setting = store.set(`s${n}`, plainSession({ n, text: 'x'.repeat(5000) }))
      await setting.catch((error) => failures.push(Object(error).code))
    }
    assert.deepEqual(failures, Array(5).fill(code))
    assert.equal(((await store.get('s0')) as Data).n, 0)
    enlarge()
    await store.set('after', plainSession({ n: 1 }))
    const length = await store.length()
    await store.close()
    assert.equal((await idsIn(saveFile, { maxSize: '64M' })).ids.length, length)
  })

  it('fails changes with a code, and names the process, while one that writes is stopped', async (t) => {
    const saveFile = newSaveFile()
    const { store } = await openShared({ saveFile, patience: 300 })
    await store.set('a', plainSession({ n: 1 }))
    // A process of its own that has the lock: it stops in the middle.
    const script = `
      const { DatabaseSync, default: Other } = require(process.argv[1])
      const database = new (DatabaseSync ?? Other ?? require(process.argv[1]))(process.argv[2])
      database.exec('BEGIN IMMEDIATE')
      console.log('locked')
      setInterval(() => {}, 1000)`
    const { spawn } = await import('node:child_process')
    const holder = spawn(process.execPath, ['-e', script, findEngine(undefined), saveFile])
    t.after(() => holder.kill('SIGKILL'))
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    holder.kill('SIGSTOP')
    assert.equal(((await store.get('a')) as Data).n, 1)
    const named = process.platform === 'linux' ? `\\(process ${holder.pid}\\)` : ''
    const setting = store.set('a', plainSession({ n: 2 }))
    // A read that comes after it in this process waits for it, another does not.
    assert.equal(await store.get('b'), undefined)
    const { shared, save, near } = store.stats()
    assert.deepEqual([shared, near], [{ process: process.pid, waiting: 1 }, undefined])
    assert((save?.pending ?? 0) > 50)
    await assert.rejects(setting, {
      code: 'ESAVEBUSY',
      message: new RegExp(`another process.*${named} had its lock`),
    })
    holder.kill('SIGKILL')
    await store.set('a', plainSession({ n: 3 }))
    assert.equal(((await store.get('a')) as Data).n, 3)
    await store.close()
  })
})
