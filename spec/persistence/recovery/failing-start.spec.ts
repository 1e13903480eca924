/** Of `loading.ts` and `recovery.ts`, when the disk fails at the start. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIRST_LENGTH } from '../../../lib/persistence/journal/segment'
import { Disk, failure } from '../../support/disk'
import { checkpointed } from '../../support/files'
import { newSaveFile } from '../../support/folder'
import { on, passing, SteppedClock } from '../../support/saving'
import { plainSession } from '../../support/sessions'

/** A disk with one session in the snapshot and one in the journal. */
async function savedOn(saveFile: string, saveKeys?: Uint8Array[]): Promise<Disk> {
  const disk = new Disk()
  for (const sid of ['a', 'b']) {
    const { store } = await on(disk).open({ saveFile, saveKeys })
    await store.set(sid, plainSession())
    await store.close()
    if (sid === 'a') await checkpointed(saveFile, { saveKeys }, on(disk).world)
  }
  return disk
}

/** The segment that holds a session. */
const journalOf = (disk: Disk) =>
  disk.names.find(
    (name) => name.includes('.journal-') && disk.read(name).length > FIRST_LENGTH,
  ) as string

describe('a start', () => {
  it('that may not restrict its files says so and goes on', async () => {
    const saveFile = newSaveFile()
    const disk = await savedOn(saveFile)
    disk.restrict = async () => {
      throw failure('EPERM')
    }
    const { store, error, heard } = await on(disk).open({ saveFile })
    assert.deepEqual([error, (await store.ids()).sort()], [null, ['a', 'b']])
    assert.match(heard[0]?.message ?? '', /can't take the permissions of others/)
    await store.set('c', plainSession())
    await store.close()
    assert.equal((await on(disk).idsIn(saveFile)).ids.length, 3)
  })

  it('on a full disk keeps the damaged file until it can be kept aside', async () => {
    const saveFile = newSaveFile()
    const disk = await savedOn(saveFile)
    const journal = journalOf(disk)
    const torn = Buffer.from(disk.read(journal))
    torn[torn.length - 3] = 1
    disk.write(journal, torn)
    disk.fault = (step, name) =>
      step === 'link' && !name.includes('.lock') ? failure('ENOSPC') : undefined
    const { store, error, heard } = await on(disk).open({ saveFile })
    assert.deepEqual([error, (await store.ids()).sort()], [null, ['a']])
    assert.ok(heard.some(({ message }) => /can't keep .* aside/.test(message)))
    await assert.rejects(store.save(), { code: 'ENOSPC' })
    assert.deepEqual(disk.read(journal), torn)
    disk.fault = undefined
    await store.save()
    const aside = disk.names.find((name) => name.includes('.damaged-')) as string
    assert.deepEqual(disk.read(aside), torn)
    await store.close()
    assert.deepEqual((await on(disk).idsIn(saveFile)).ids.sort(), ['a'])
  })

  it('that can not keep the sessions of another key aside leaves their files as they are', async () => {
    const [A, B] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
    const saveFile = newSaveFile()
    const disk = await savedOn(saveFile, [A])
    const used = disk.names.filter((name) => disk.read(name).length > FIRST_LENGTH)
    const before = used.map((name) => [name, disk.read(name)] as const)
    disk.fault = (_step, name) => (name.includes('.undecryptable-') ? failure('ENOSPC') : undefined)
    const { store, heard } = await on(disk).open({ saveFile, saveKeys: [B] })
    assert.ok(heard.some(({ message }) => /can't keep .* aside/.test(message)))
    await store.close().catch(() => {})
    disk.fault = undefined
    for (const [name, bytes] of before) assert.deepEqual(disk.read(name), bytes)
    const { ids } = await on(disk).idsIn(saveFile, { saveKeys: [A, B] })
    assert.deepEqual(ids.sort(), ['a', 'b'])
  })

  for (const [which, left] of [
    ['snapshot', ['b']],
    ['segment', ['a']],
  ] as const) {
    it(`that can not read a byte of the ${which} has the other sessions, and keeps it`, async () => {
      const saveFile = newSaveFile()
      const disk = await savedOn(saveFile)
      const bad = which === 'snapshot' ? saveFile : journalOf(disk)
      const whole = disk.read(bad)
      const { open: sound } = disk
      disk.open = async (name, mode) => {
        const file = await sound.call(disk, name, mode)
        const read = async () => {
          throw failure('EIO')
        }
        return name === bad && mode === 'r' ? { ...file, read } : file
      }
      const { store, error, heard } = await on(disk).open({ saveFile })
      assert.deepEqual([error, await store.ids()], [null, left])
      assert.equal(heard[0]?.code, 'ESAVEDAMAGED')
      await store.close()
      const aside = disk.names.find((name) => name.includes('.damaged-')) as string
      assert.deepEqual(disk.read(aside), whole)
    })
  }

  it('asks a disk again that fails for an instant, and costs nothing then', async () => {
    const [disk, clock] = [await savedOn('/sessions'), new SteppedClock()]
    const { open } = disk
    for (const times of [1, 3]) {
      let left = times
      disk.open = async (name, mode) => {
        if (mode === 'r' && left-- > 0) throw failure('EIO')
        return open.call(disk, name, mode)
      }
      const { opened } = on(disk, clock).begin({ saveFile: '/sessions' })
      await passing(clock, 2000, 50)
      const { store, error, heard } = await opened
      assert.deepEqual([error, heard, await store.ids()], [null, [], ['b', 'a']])
      await store.close()
    }
  })

  it('that fails is tried again as while running, and nothing unsaved is confirmed at savePeriod 0', async () => {
    const [disk, clock] = [await savedOn('/sessions'), new SteppedClock()]
    disk.fault = (step) => (step === 'remove' ? undefined : failure('ENOSPC'))
    const { store, error } = await on(disk, clock).open({ saveFile: '/sessions', savePeriod: 0 })
    assert.equal((error as { code?: string }).code, 'ENOSPC')
    await assert.rejects(store.set('c', plainSession()), { code: 'ENOSPC' })
    disk.fault = undefined
    await passing(clock, 2000)
    assert.equal(store.stats().save?.saving, true)
    await store.set('d', plainSession())
    const left = disk.cut('nothing')
    on(left).kill('/sessions')
    assert.deepEqual((await on(left).idsIn('/sessions')).ids, ['a', 'b', 'c', 'd'])
    await store.close()
  })

  it('skips a sector that can not be read, and has all others', async () => {
    const disk = new Disk()
    const first = await on(disk).open({ saveFile: '/sessions' })
    for (let n = 0; n < 500; n++) first.store.set(`s${n}`, plainSession({ text: 'x'.repeat(300) }))
    await first.store.close()
    await checkpointed('/sessions', {}, on(disk).world)
    disk.bad.set('/sessions', [8 * 4096, 9 * 4096])
    const { ids, error, heard } = await on(disk).idsIn('/sessions')
    assert.equal(error, null)
    assert.ok(ids.length > 480 && ids.length < 500, `${ids.length}`)
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['ESAVEDAMAGED'],
    )
  })
})
