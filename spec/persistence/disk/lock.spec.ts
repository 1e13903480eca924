/** Of `lock.ts`, `lock-owner.ts` and `claim.ts`. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../../lib/clock'
import { realFiles } from '../../../lib/persistence/disk/files'
import { Lock } from '../../../lib/persistence/disk/lock'
import { Disk, failure } from '../../support/disk'
import { newSaveFile } from '../../support/folder'
import { idsIn, on, open, passing, SteppedClock, until } from '../../support/saving'
import { type Data, plainSession } from '../../support/sessions'

/** Above what any system gives. */
const NOBODY = 2 ** 22 + 1
const onLinux = { skip: process.platform !== 'linux' }

/** A process that has a store open on a file, until it is killed. */
async function holder(saveFile: string) {
  const source = `
    const { Lembro } = require('./lib/store')
    const store = new Lembro({ saveFile: ${JSON.stringify(saveFile)} }, async (error) => {
      await store.set('theirs', { cookie: {}, n: 1 })
      console.log(error === null ? 'ready' : error.message)
    })
    setInterval(() => {}, 1000)
  `
  const args = ['--import', 'tsx', '--input-type=commonjs', '-e', source]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(child.stdout, 'data')
  assert.equal(String(said), 'ready\n')
  return {
    pid: child.pid,
    kill: async () => {
      child.kill('SIGKILL')
      await once(child, 'close')
    },
  }
}

function readLock(saveFile: string): Record<string, unknown> {
  return JSON.parse(fs.readFileSync(`${saveFile}.lock`, 'utf8'))
}

describe('a saveFile', () => {
  it('has one process at a time; one that was killed has it no more', async () => {
    const saveFile = newSaveFile()
    const first = await holder(saveFile)
    const { store, error, heard } = await open({ saveFile })
    assert.equal(error?.code, 'ELOCKED')
    assert.match(error?.message ?? '', new RegExp(`in use by process ${first.pid}`))
    assert.deepEqual(heard, [error])
    await store.set('a', plainSession({ n: 1 }))
    assert.equal(((await store.get('a')) as Data).n, 1)
    assert.equal(await store.get('theirs'), undefined)
    await store.close()
    assert.equal(readLock(saveFile).pid, first.pid)

    await first.kill()
    const { ids, error: none } = await idsIn(saveFile)
    assert.deepEqual([ids, none], [['theirs'], null])
  })

  it('has one store at a time within a process', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    const second = await open({ saveFile })
    assert.equal(second.error?.code, 'ELOCKED')
    assert.match(second.error?.message ?? '', /in use by another store/)
    await second.store.close()
    await first.store.close()
    assert.equal((await idsIn(saveFile)).error, null)
  })

  it('is the same file by whatever path', { skip: process.platform === 'win32' }, async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    await first.store.save()
    const link = `${newSaveFile()}-link`
    fs.symlinkSync(path.dirname(saveFile), link)
    const second = await open({ saveFile: path.join(link, path.basename(saveFile)) })
    assert.equal(second.error?.code, 'ELOCKED')
    await second.store.close()
    await first.store.close()
  })

  it('is the one that a link leads to, before there is any', {
    skip: process.platform === 'win32',
  }, async () => {
    const saveFile = newSaveFile()
    const link = newSaveFile()
    const chain = `${link}-again`
    fs.symlinkSync(saveFile, link)
    fs.symlinkSync(path.basename(link), chain)
    const first = await open({ saveFile: chain })
    const second = await open({ saveFile })
    assert.deepEqual([first.error, second.error?.code], [null, 'ELOCKED'])
    await second.store.close()
    await first.store.close()
    assert.ok(fs.lstatSync(link).isSymbolicLink())
    assert.deepEqual(fs.readdirSync(path.dirname(link)).length, 2)
  })

  it('is the one in the working directory that the store was made in', async (t) => {
    const [saveFile, other] = [newSaveFile(), newSaveFile()]
    const before = process.cwd()
    t.after(() => process.chdir(before))
    process.chdir(path.dirname(saveFile))
    const opening = open({ saveFile: path.basename(saveFile) })
    process.chdir(path.dirname(other))
    const { store } = await opening
    await store.save()
    await store.close()
    assert.deepEqual(fs.readdirSync('.'), [])
    assert.ok(fs.existsSync(saveFile))
  })

  it('has one thread at a time', onLinux, async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    const source = `
      const { Lembro } = require(process.cwd() + '/lib/store')
      const { parentPort } = require('node:worker_threads')
      new Lembro({ saveFile: ${JSON.stringify(saveFile)} }, (error) => {
        parentPort.postMessage(error && error.code)
      })
    `
    const worker = new Worker(source, { eval: true, execArgv: ['--require', 'tsx/cjs'] })
    const [code] = await once(worker, 'message')
    assert.equal(code, 'ELOCKED')
    await worker.terminate()
    await first.store.close()
  })
})

describe('a lock', () => {
  /** Leaves the lock of a store that is open no more, changed. */
  async function left(change: (lock: Record<string, unknown>) => object | string) {
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    const changed = change(readLock(saveFile))
    await store.close()
    const text = typeof changed === 'string' ? changed : JSON.stringify(changed)
    fs.writeFileSync(`${saveFile}.lock`, text)
    return saveFile
  }

  const dead: [string, (lock: Record<string, unknown>) => object | string][] = [
    ['of a process that is gone', (lock) => ({ ...lock, pid: 2 ** 22 + 1 })],
    [
      'of an earlier process with the pid of a living one',
      (lock) => ({ ...lock, pid: process.ppid }),
    ],
    [
      'of an earlier process with our own pid, as in a container',
      (lock) => ({ ...lock, started: '1' }),
    ],
  ]
  for (const [whose, change] of dead) {
    it(`${whose} is taken over`, onLinux, async () => {
      const saveFile = await left(change)
      assert.equal((await idsIn(saveFile)).error, null)
      assert.equal(fs.existsSync(`${saveFile}.lock`), false)
    })
  }

  it("of an earlier process with the pid of another user's is taken over", onLinux, async (t) => {
    const saveFile = await left((lock) => ({ ...lock, pid: process.ppid }))
    t.mock.method(process, 'kill', () => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
    })
    assert.equal((await idsIn(saveFile)).error, null)
  })

  it('that another one took over in the same instant is left to it', async () => {
    const disk = new Disk()
    const saveFile = newSaveFile()
    const lock = `${saveFile}.lock`
    const { list } = disk
    disk.list = async (folder) => {
      disk.write(lock, Buffer.from('{"pid":1}'))
      return list.call(disk, folder)
    }
    const { store, error } = await on(disk).open({ saveFile })
    assert.equal(error?.code, 'ELOCKED')
    await store.set('a', plainSession())
    await store.close()
    assert.deepEqual(disk.names, [lock])
    assert.equal(disk.read(lock).toString(), '{"pid":1}')
  })

  it('that was new when a dead one was to be moved away is linked back', async () => {
    const [disk, file] = [new Disk(), '/sessions.lock']
    const fresh = JSON.stringify({ pid: process.ppid, host: os.hostname(), boot: '', space: '' })
    disk.write(file, Buffer.from(JSON.stringify({ ...JSON.parse(fresh), pid: NOBODY })))
    const { rename } = disk
    disk.rename = async (from, to) => {
      if (from === file) disk.write(file, Buffer.from(fresh))
      return rename.call(disk, from, to)
    }
    await assert.rejects(
      Lock.take(disk, systemClock, file, () => {}),
      { code: 'ELOCKED' },
    )
    assert.equal(disk.read(file).toString(), fresh)
  })

  for (const [what, text] of [
    ['null', 'null'],
    ['nothing', ''],
    ['an owner without a pid', '{}'],
    ['an owner of another boot of this machine', '{"pid":1,"boot":"another"}'],
    ['another thread that is over', JSON.stringify({ pid: process.pid, boot: '', space: '' })],
  ] as const) {
    it(`that holds ${what} is watched for heartbeats, and taken over after five seconds without`, async () => {
      const [disk, clock, file] = [new Disk(), new SteppedClock(), '/sessions.lock']
      const host = text.startsWith('{"') ? { host: os.hostname(), started: '' } : undefined
      const held = host === undefined ? text : JSON.stringify({ ...host, ...JSON.parse(text) })
      disk.write(file, Buffer.from(held))
      let isAlive = true
      const beat = () => {
        if (!isAlive) return
        disk.setChanged(file, clock.now())
        clock.after(100, beat)
      }
      beat()
      const refused = Lock.take(disk, clock, file, () => {})
      const passed = passing(clock, 6000)
      await assert.rejects(refused, { code: 'ELOCKED' })
      await passed
      isAlive = false
      let isTaken = false
      const taking = Lock.take(disk, clock, file, () => {})
      taking.then(() => {
        isTaken = true
      })
      await passing(clock, 4000)
      assert.equal(isTaken, false)
      await passing(clock, 2000)
      const lock = await taking
      await lock.release()
      assert.deepEqual(disk.names, [])
    })
  }

  it('of a process that was killed and not reaped yet is taken over', onLinux, async () => {
    const saveFile = await left((lock) => ({ ...lock, pid: process.ppid }))
    const stat = fs.readFileSync(`/proc/${process.ppid}/stat`, 'latin1')
    const owner = readLock(saveFile)
    const started = stat.slice(stat.lastIndexOf(')')).split(' ')[20]
    fs.writeFileSync(`${saveFile}.lock`, JSON.stringify({ ...owner, started }))
    const alive = await open({ saveFile })
    assert.equal(alive.error?.code, 'ELOCKED')
    await alive.store.close()
    const files = {
      ...realFiles,
      text: async (file: string) => {
        const text = await realFiles.text(file)
        return file === `/proc/${process.ppid}/stat` ? text?.replace(/\) \w /, ') Z ') : text
      },
    }
    assert.equal((await idsIn(saveFile, {}, { files })).error, null)
  })

  it('that is a link which leads nowhere is taken over', onLinux, async () => {
    const saveFile = newSaveFile()
    fs.symlinkSync('nowhere', `${saveFile}.lock`)
    assert.equal((await idsIn(saveFile)).error, null)
    assert.deepEqual(fs.readdirSync(path.dirname(saveFile)).length, 2)
  })

  it('is never waited for by the event loop, however long its disk is frozen', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const { store } = await on(disk, clock).open({ saveFile: '/sessions' })
    disk.text = () => new Promise(() => {})
    disk.setChanged = () => new Promise(() => {})
    for (const method of ['readFileSync', 'writeFileSync', 'utimesSync', 'statSync'] as const) {
      const { mock } = await import('node:test')
      mock.method(fs, method, () => assert.fail(`${method} was called`))
    }
    await passing(clock, 10_000)
    await store.set('a', plainSession({ n: 1 }))
    assert.equal(((await store.get('a')) as Data).n, 1)
    const { mock } = await import('node:test')
    mock.restoreAll()
  })

  it('that could not be made at the start is made later, and all is saved then', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const first = await on(disk, clock).open({ saveFile: '/sessions' })
    await first.store.set('a', plainSession())
    await first.store.close()
    disk.fault = (_step, name) => (name.includes('.lock') ? failure('ENOSPC') : undefined)
    const { store, error } = await on(disk, clock).open({ saveFile: '/sessions' })
    assert.equal(error?.code, 'ENOSPC')
    await store.set('b', plainSession())
    await assert.rejects(store.destroy('a'), { code: 'ENOSPC' })
    disk.fault = undefined
    await passing(clock, 2000)
    assert.equal(store.stats().save?.saving, true)
    on(disk).kill('/sessions')
    assert.deepEqual((await on(disk.cut('everything'), clock).idsIn('/sessions')).ids, ['b'])
  })

  it('that could not be made is not taken late if another process had the files meanwhile', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    disk.fault = (_step, name) => (name.includes('.lock') ? failure('EIO') : undefined)
    const { store, heard } = await on(disk, clock).open({ saveFile: '/sessions' })
    await store.set('ours', plainSession())
    disk.fault = undefined
    const other = await on(disk, new SteppedClock()).open({ saveFile: '/sessions' })
    await other.store.set('theirs', plainSession())
    await other.store.close()
    await passing(clock, 2000)
    assert.ok(heard.some(({ code }) => code === 'ELOCKED'))
    assert.equal(store.stats().save?.saving, false)
    assert.deepEqual((await on(disk).idsIn('/sessions')).ids, ['theirs'])
  })

  it('that was taken away keeps an unfinished file from getting its name', async () => {
    const disk = new Disk()
    const { store } = await on(disk).open({ saveFile: '/sessions' })
    await store.set('a', plainSession())
    await store.save()
    const before = disk.read('/sessions')
    const stopped = on(disk).begin({ saveFile: '/other' })
    await stopped.opened
    disk.fault = (step, name) => {
      // The moment before the rename: the process was stopped, another one has the lock.
      if (step === 'datasync' && name.includes('.tmp-'))
        disk.write('/sessions.lock', Buffer.from('{}'))
      return undefined
    }
    for (let n = 0; n < 4000; n++) store.set(`s${n}`, plainSession({ text: 'x'.repeat(400) }))
    await until(() => store.stats().save?.saving === false)
    assert.deepEqual(disk.read('/sessions'), before)
    await store.close()
    await stopped.store.close()
  })

  it('leaves nothing of those who were killed as they took it', async (t) => {
    const saveFile = newSaveFile()
    const [old, other] = ['0123456789abcdef', 'mine'].map((end) => `${saveFile}.lock-${end}`)
    for (const name of [old, other]) fs.writeFileSync(name as string, '')
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 })
    const { store } = await open({ saveFile })
    assert.deepEqual(
      [old, other].map((name) => fs.existsSync(name as string)),
      [false, true],
    )
    await store.close()
  })

  it('that somebody removed is made again', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const { store, heard } = await on(disk, clock).open({ saveFile: '/sessions' })
    await disk.remove('/sessions.lock')
    await passing(clock, 1000)
    assert.ok(disk.names.includes('/sessions.lock'))
    await store.set('a', plainSession())
    await store.close()
    assert.deepEqual(heard, [])
    assert.deepEqual((await on(disk).idsIn('/sessions')).ids, ['a'])
  })

  it('that was taken away stops all saving, and is told', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const { store, heard } = await on(disk, clock).open({ saveFile: '/sessions' })
    await store.set('a', plainSession())
    disk.write('/sessions.lock', Buffer.from('{}'))
    await passing(clock, 1000)
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['ELOCKED'],
    )
    await store.set('b', plainSession())
    await assert.rejects(store.destroy('a'), { code: 'ELOCKED' })
    assert.equal(store.stats().save?.saving, false)
    await store.close()
    assert.equal(disk.read('/sessions.lock').toString(), '{}')
  })
})
