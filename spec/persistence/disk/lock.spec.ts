import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Disk, mount } from '../../support/disk'
import { newSaveFile } from '../../support/folder'
import { idsIn, open } from '../../support/saving'
import { type Data, plainSession } from '../../support/sessions'

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
    ['from before the machine was started', (lock) => ({ ...lock, boot: 'another' })],
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

  describe('whose owner can only be told by its marks', { concurrency: true, ...onLinux }, () => {
    for (const [whose, change] of [
      ['of another machine', (lock) => ({ ...lock, host: 'elsewhere' })],
      ['of another container', (lock) => ({ ...lock, space: 'pid:[1]' })],
      ['that can not be read', () => ''],
    ] as [string, (lock: Record<string, unknown>) => object | string][]) {
      it(
        `${whose} is taken over once it is not marked for a while, not before`,
        onLinux,
        async () => {
          const saveFile = await left(change)
          const first = open({ saveFile })
          const marks = setInterval(() => {
            fs.utimesSync(`${saveFile}.lock`, new Date(), new Date())
          }, 100)
          const { store, error } = await first
          clearInterval(marks)
          assert.equal(error?.code, 'ELOCKED')
          await store.close()
          assert.equal((await idsIn(saveFile)).error, null)
        },
      )
    }
  })

  it('that another one took over in the same instant is left to it', async (t) => {
    const disk = new Disk()
    mount(t, disk)
    const saveFile = newSaveFile()
    const { list } = disk
    disk.list = async (folder) => {
      fs.writeFileSync(`${saveFile}.lock`, '{"pid":1}')
      return list.call(disk, folder)
    }
    const { store, error } = await open({ saveFile })
    assert.equal(error?.code, 'ELOCKED')
    await store.set('a', plainSession())
    await store.close()
    assert.deepEqual(disk.names, [])
    assert.equal(fs.readFileSync(`${saveFile}.lock`, 'utf8'), '{"pid":1}')
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
    const saveFile = newSaveFile()
    const { store, heard } = await open({ saveFile })
    fs.rmSync(`${saveFile}.lock`)
    while (!fs.existsSync(`${saveFile}.lock`))
      await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(readLock(saveFile).pid, process.pid)
    await store.set('a', plainSession())
    await store.close()
    assert.deepEqual(heard, [])
    assert.deepEqual((await idsIn(saveFile)).ids, ['a'])
  })

  it('that was taken away stops all saving, and is told', async () => {
    const saveFile = newSaveFile()
    const { store, heard } = await open({ saveFile })
    await store.set('a', plainSession())
    fs.writeFileSync(`${saveFile}.lock`, '{}')
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(heard[0]?.code, 'ELOCKED')
    await store.set('b', plainSession())
    assert.equal(store.stats().save?.saving, false)
    await store.close()
    assert.equal(fs.readFileSync(`${saveFile}.lock`, 'utf8'), '{}')
  })
})
