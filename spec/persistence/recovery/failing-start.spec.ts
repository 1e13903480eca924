import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Disk, failure, mount } from '../../support/disk'
import { newSaveFile } from '../../support/folder'
import { idsIn, open } from '../../support/saving'
import { plainSession } from '../../support/sessions'
import { nextTurn } from '../../support/time'

/** A disk with one session in the snapshot and one in the journal. */
async function savedOn(t: TestContext, saveFile: string, saveKeys?: Uint8Array[]): Promise<Disk> {
  const disk = new Disk()
  mount(t, disk)
  for (const sid of ['a', 'b']) {
    const { store } = await open({ saveFile, saveKeys })
    await store.set(sid, plainSession())
    if (sid === 'a') while (!disk.names.includes(saveFile)) await nextTurn()
    await store.close()
  }
  return disk
}

const journalOf = (disk: Disk) => disk.names.find((name) => name.includes('.journal-')) as string

describe('a start', () => {
  it('that may not restrict its files says so and goes on', async (t) => {
    const saveFile = newSaveFile()
    const disk = await savedOn(t, saveFile)
    disk.restrict = async () => {
      throw failure('EPERM')
    }
    const { store, error, heard } = await open({ saveFile })
    assert.deepEqual([error, (await store.ids()).sort()], [null, ['a', 'b']])
    assert.match(heard[0]?.message ?? '', /can't take the rights of others/)
    await store.set('c', plainSession())
    await store.close()
    assert.equal((await idsIn(saveFile)).ids.length, 3)
  })

  it('on a full disk after a crash keeps the torn file until it can be kept aside', async (t) => {
    const saveFile = newSaveFile()
    const disk = await savedOn(t, saveFile)
    const journal = journalOf(disk)
    const torn = Buffer.concat([disk.read(journal), Buffer.from('torn')])
    disk.write(journal, torn)
    disk.fault = (step) => (step === 'link' ? failure('ENOSPC') : undefined)
    const { store, error, heard } = await open({ saveFile })
    assert.deepEqual([error, (await store.ids()).sort()], [null, ['a', 'b']])
    assert.ok(heard.some(({ message }) => /can't keep .* aside/.test(message)))
    await assert.rejects(store.save(), { code: 'ENOSPC' })
    assert.deepEqual(disk.read(journal), torn)
    disk.fault = undefined
    await store.save()
    const aside = disk.names.find((name) => name.includes('.damaged-')) as string
    assert.deepEqual(disk.read(aside), torn)
    await store.close()
    assert.deepEqual((await idsIn(saveFile)).ids.sort(), ['a', 'b'])
  })

  it('that can not keep the sessions of another key leaves all as it is', async (t) => {
    const [A, B] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
    const saveFile = newSaveFile()
    const disk = await savedOn(t, saveFile, [A])
    const before = disk.names
    disk.fault = (_step, name) => (name.includes('.unread-') ? failure('ENOSPC') : undefined)
    const { store, error } = await open({ saveFile, saveKeys: [B] })
    assert.equal(error?.code, 'ENOSPC')
    await store.close()
    disk.fault = undefined
    assert.deepEqual(disk.names, before)
    assert.deepEqual((await idsIn(saveFile, { saveKeys: [A] })).ids.sort(), ['a', 'b'])
  })

  for (const [which, left] of [
    ['snapshot', ['b']],
    ['segment', ['a']],
  ] as const) {
    it(`that can not read a ${which} has the other sessions, and keeps it`, async (t) => {
      const saveFile = newSaveFile()
      const disk = await savedOn(t, saveFile)
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
      const { store, error, heard } = await open({ saveFile })
      assert.deepEqual([error, await store.ids()], [null, left])
      assert.equal(heard[0]?.code, 'ESAVEDAMAGED')
      await store.close()
      const aside = disk.names.find((name) => name.includes('.damaged-')) as string
      assert.deepEqual(disk.read(aside), whole)
    })
  }
})
