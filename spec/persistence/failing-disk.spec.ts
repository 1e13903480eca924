/** Of `persistence.ts`, `state.ts` and `disk/errors.ts`, when the disk fails. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { Disk, failure, type Step } from '../support/disk'
import { newFolder, newSaveFile } from '../support/folder'
import { runNode } from '../support/process'
import { on, open, passing, SteppedClock, settled } from '../support/saving'
import { type Data, plainSession } from '../support/sessions'

for (const savePeriod of [1000, 0]) {
  for (const [step, code] of [
    ['write', 'ENOSPC'],
    ['write', 'EIO'],
    ['datasync', 'EIO'],
  ] as const) {
    const when = `when a ${step} fails with ${code}, at savePeriod ${savePeriod}`
    it(`${when}, the store serves on, reports, and saves all once the disk is back`, async () => {
      const disk = new Disk()
      const saveFile = newSaveFile()
      const { store, heard } = await on(disk).open({ saveFile, savePeriod })
      await store.set('before', plainSession({ n: 0 }))
      await store.save()
      disk.fault = (each: Step) => (each === step || each === 'open' ? failure(code) : undefined)
      const during = store.set('during', plainSession({ n: 1 }))
      if (step === 'write' || savePeriod === 0) await assert.rejects(during, { code })
      await assert.rejects(store.save(), { code })
      assert.equal(((await store.get('during')) as Data).n, 1)
      assert.equal(store.stats().save?.saving, false)
      await settled(store)
      assert.ok(
        heard.some((error) => error.code === code && /served from memory/.test(error.message)),
      )

      // A session that is destroyed in memory only could come back: that is not confirmed.
      await assert.rejects(store.destroy('before'), { code })
      await assert.rejects(store.destroy('before'), { code })
      assert.equal(await store.get('before'), undefined)
      const later = store.set('later', plainSession())
      if (savePeriod === 0) await assert.rejects(later, { code })
      else await later
      disk.fault = undefined
      await store.save()
      assert.equal(store.stats().save?.saving, true)
      await store.set('after', plainSession({ n: 2 }))
      await store.save()
      const left = disk.cut('nothing')
      on(left).kill(saveFile)
      const { ids, heard: found } = await on(left).idsIn(saveFile)
      assert.deepEqual([ids, found], [['during', 'later', 'after'], []])
      await store.close()
    })
  }
}

it('never syncs a file again on which a sync failed', async () => {
  const disk = new Disk()
  const { store } = await on(disk).open({ saveFile: newSaveFile(), savePeriod: 0 })
  await store.save()
  const synced: string[] = []
  let failing = true
  disk.fault = (step, name) => {
    if (step !== 'datasync') return undefined
    synced.push(name)
    return failing ? failure('EIO') : undefined
  }
  await assert.rejects(store.set('a', plainSession()), { code: 'EIO' })
  failing = false
  await store.save()
  assert.equal(synced.filter((name) => name === synced[0]).length, 1)
  await store.close()
})

it('recovers by itself, after a while', async () => {
  const clock = new SteppedClock()
  const disk = new Disk()
  const { store } = await on(disk, clock).open({ saveFile: newSaveFile() })
  await settled(store)
  disk.fault = (step) => (step === 'remove' ? undefined : failure('ENOSPC'))
  await assert.rejects(store.set('a', plainSession()), { code: 'ENOSPC' })
  for (let round = 0; round < 5; round++) {
    await passing(clock, 60_000, 5000)
    await settled(store)
    assert.equal(store.stats().save?.saving, false)
  }
  disk.fault = undefined
  await passing(clock, 60_000, 5000)
  await settled(store)
  assert.equal(store.stats().save?.saving, true)
  await store.close()
})

it('writes on where the system takes only a part at a time', async () => {
  const disk = new Disk()
  disk.mostWritten = 7
  const saveFile = newSaveFile()
  const { store } = await on(disk).open({ saveFile })
  for (let n = 0; n < 10; n++) await store.set(`s${n}`, plainSession({ text: 'x'.repeat(n * 10) }))
  await store.close()
  const { ids, heard } = await on(disk).idsIn(saveFile)
  assert.deepEqual([ids.length, heard], [10, []])
})

it('starts on a full disk, serves what was saved, and saves again once there is room', async () => {
  const clock = new SteppedClock()
  const disk = new Disk()
  const saveFile = newSaveFile()
  const first = await on(disk, clock).open({ saveFile })
  await first.store.set('a', plainSession({ n: 1 }))
  await first.store.close()
  disk.fault = (step) => (step === 'open' ? failure('ENOSPC') : undefined)
  const { store, error } = await on(disk, clock).open({ saveFile })
  assert.equal(error?.code, 'ENOSPC')
  await store.set('b', plainSession())
  assert.deepEqual(await store.ids(), ['b', 'a'])
  assert.equal(store.stats().save?.saving, false)
  disk.fault = undefined
  await passing(clock, 60_000, 5000)
  await settled(store)
  assert.equal(store.stats().save?.saving, true)
  const left = disk.cut('everything')
  on(left).kill(saveFile)
  assert.deepEqual((await on(left).idsIn(saveFile)).ids, ['a', 'b'])
  await store.close()
})

it('loses no more to a power cut than the last savePeriod', async () => {
  const clock = new SteppedClock()
  const disk = new Disk()
  const saveFile = newSaveFile()
  const { store } = await on(disk, clock).open({ saveFile, savePeriod: 500 })
  await settled(store)
  const left: string[][] = []
  for (const sid of ['a', 'b', 'c']) {
    await store.set(sid, plainSession())
    await passing(clock, 500)
    await settled(store)
    await store.set(`${sid} unsynced`, plainSession())
    left.push(
      disk.cut('nothing').names.map((name) => disk.cut('nothing').read(name).toString('latin1')),
    )
  }
  for (const [nth, sid] of ['a', 'b', 'c'].entries()) {
    assert.ok(left[nth]?.some((bytes) => bytes.includes(sid)))
    assert.ok(!left[nth]?.some((bytes) => bytes.includes(`${sid} unsynced`)))
  }
  await store.close()
})

it('closes with an error where not all can be saved, and gives the lock back', async () => {
  const disk = new Disk()
  const saveFile = newSaveFile()
  const { store } = await on(disk).open({ saveFile })
  await store.set('a', plainSession())
  disk.fault = (_step, name) => (name.endsWith('.lock') ? undefined : failure('EIO'))
  await assert.rejects(store.close(), { code: 'EIO' })
  await assert.rejects(store.close(), { code: 'EIO' })
  assert.equal(disk.names.includes(`${saveFile}.lock`), false)
})

describe('a saveFile that can not be used', () => {
  const places: [string, () => string, string, RegExp][] = [
    ['in a missing folder', () => path.join(newFolder(), 'no', 'f'), 'ENOENT', /does not exist/],
    ['that is a folder', newFolder, 'EISDIR', /it is a folder/],
    [
      'in a folder that is a file',
      () => {
        const file = newSaveFile()
        fs.writeFileSync(file, '')
        return path.join(file, 'f')
      },
      'ENOTDIR',
      /its folder is a file/,
    ],
  ]
  for (const [where, make, code, message] of places) {
    it(`${where} is told to ready, and sessions are served from memory`, async () => {
      const saveFile = make()
      const { store, error, heard } = await open({ saveFile })
      assert.equal(error?.code, code)
      assert.match(error?.message ?? '', message)
      assert.ok(error?.message.includes(saveFile))
      await store.set('a', plainSession({ n: 1 }))
      assert.equal(((await store.get('a')) as Data).n, 1)
      assert.equal(store.stats().save?.saving, false)
      assert.deepEqual(heard, [error])
      await assert.rejects(store.save(), { code })
      await store.close()
    })
  }

  it('for want of rights is read all the same', {
    skip: process.platform === 'win32',
  }, async () => {
    const saveFile = newSaveFile()
    // A process of its own, since root has to step down to have no rights.
    const { code, out, err } = await runNode(
      `
      const fs = require('node:fs')
      const { Lembro } = require('./lib/store')
      const { SAVE_FILE: saveFile, FOLDER: folder } = process.env
      const first = new Lembro({ saveFile })
      first.set('a', { cookie: {}, n: 1 })
      first.close(() => {
        fs.chmodSync(folder, 0o555)
        for (const name of fs.readdirSync(folder)) fs.chmodSync(folder + '/' + name, 0o444)
        if (process.getuid() === 0) process.seteuid(65534)
        const store = new Lembro({ saveFile }, async ({ code }) => {
          const { n } = await store.get('a')
          await store.set('b', { cookie: {} })
          const refused = await store.destroy('a').catch((error) => error.code)
          console.log(code, n, await store.length(), store.stats().save.saving, refused)
          if (process.getuid() === 0) process.seteuid(0)
          fs.chmodSync(folder, 0o755)
        })
        store.on('error', () => {})
      })
      `,
      { SAVE_FILE: saveFile, FOLDER: path.dirname(saveFile) },
    )
    assert.deepEqual([code, out], [0, 'EACCES 1 1 false EACCES\n'], err)
  })
})

it('makes files for their owner alone, and corrects those that are not', async () => {
  const saveFile = newSaveFile()
  const folder = path.dirname(saveFile)
  const modes = () =>
    fs.readdirSync(folder).map((name) => fs.statSync(path.join(folder, name)).mode & 0o777)
  const first = await open({ saveFile })
  await first.store.set('a', plainSession())
  await first.store.save()
  assert.deepEqual(new Set(modes()), new Set([0o600]))
  await first.store.close()
  for (const name of fs.readdirSync(folder)) fs.chmodSync(path.join(folder, name), 0o644)
  const second = await open({ saveFile })
  await second.store.save()
  assert.deepEqual(new Set(modes()), new Set([0o600]))
  await second.store.close()
})

it('outlives a limit to the size of its files', {
  skip: process.platform === 'win32',
}, async () => {
  const saveFile = newSaveFile()
  const { code, out, err } = await runNode(
    `
    const { Lembro } = require('./lib/store')
    process.on('SIGXFSZ', () => {})
    const store = new Lembro({ saveFile: process.env.SAVE_FILE, maxSize: '64M' })
    const heard = new Set()
    store.on('error', (error) => heard.add(error.code))
    const text = 'x'.repeat(10000)
    require('node:child_process').execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=200000'])
    ;(async () => {
      let failed = 0
      for (let n = 0; n < 100; n++) await store.set('s' + n, { cookie: {}, text }).catch(() => failed++)
      await new Promise(setImmediate)
      console.log([...heard], failed > 0, await store.length())
    })()
  `,
    { SAVE_FILE: saveFile },
  )
  if (/ENOENT/.test(err)) return
  assert.deepEqual([code, out], [0, "[ 'EFBIG' ] true 100\n"], err)
})
