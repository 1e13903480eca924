/** Of what `persistence.ts` and `checkpointer.ts` owe after an outage and after a start. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LembroStore } from '../../../lib/store'
import { Disk, failure } from '../../support/disk'
import { newSaveFile } from '../../support/folder'
import { on } from '../../support/saving'
import { plainSession } from '../../support/sessions'
import { nextTurn, stopTime } from '../../support/time'

const A = new Uint8Array(32).fill(1)
const B = new Uint8Array(32).fill(2)

/** A store that changed something while its disk failed; now there is room for a journal, but for no snapshot. */
async function halfRecovered(disk: Disk, saveFile: string) {
  const { store } = await on(disk).open({ saveFile })
  await store.set('before', plainSession())
  await store.save()
  disk.fault = (step) => (step === 'remove' ? undefined : failure('ENOSPC'))
  await assert.rejects(store.set('during', plainSession()))
  await assert.rejects(store.destroy('before'))
  disk.fault = (step, name) =>
    step === 'rename' && name === saveFile ? failure('ENOSPC') : undefined
  await assert.rejects(store.save(), { code: 'ENOSPC' })
  await nextTurn()
  return store
}

describe('after an outage, until all is on the disk', () => {
  it('save fails and stats say that nothing is saved', async () => {
    const disk = new Disk()
    const saveFile = newSaveFile()
    const store = await halfRecovered(disk, saveFile)
    assert.equal(store.stats().save?.saving, false)
    await assert.rejects(store.save(), { code: 'ENOSPC' })
    disk.fault = undefined
    await store.save()
    assert.equal(store.stats().save?.saving, true)
    const left = disk.cut('nothing')
    on(left).kill(saveFile)
    assert.deepEqual((await on(left).idsIn(saveFile)).ids, ['during'])
    await store.close()
  })

  it('close fails, and leaves no file open', async () => {
    const disk = new Disk()
    const store = await halfRecovered(disk, newSaveFile())
    await assert.rejects(store.close(), { code: 'ENOSPC' })
    assert.equal(disk.opened, 0)
  })
})

/** More than is written between two looks at whether to go on. */
function fill(store: LembroStore): void {
  const text = 'x'.repeat(500)
  for (let n = 0; n < 2000; n++) {
    store.set(`s${n}`, plainSession({ text }))
    store.set(`ann's ${n}`, plainSession({ text, userId: 'ann' }))
  }
}

describe('a close right after the start', () => {
  it('leaves nothing of the sessions that had no place any more', async () => {
    const disk = new Disk()
    const saveFile = newSaveFile()
    const first = await on(disk).open({ saveFile })
    fill(first.store)
    await first.store.close()
    const options = { saveFile, maxPerOwner: 3 }
    const { store } = await on(disk).open(options)
    assert.equal(await store.destroyOwner('ann'), 3)
    await store.close()
    const { ids } = await on(disk).idsIn(saveFile)
    assert.deepEqual([ids.length, ids.filter((sid) => sid.startsWith('ann'))], [2000, []])
  })

  it('leaves all sealed by the new key, so that the former one finds no session again', async () => {
    const disk = new Disk()
    const saveFile = newSaveFile()
    const first = await on(disk).open({ saveFile, saveKeys: [A] })
    fill(first.store)
    await first.store.set('ended', plainSession())
    await first.store.close()
    const { store } = await on(disk).open({ saveFile, saveKeys: [B, A] })
    await store.destroy('ended')
    await store.close()
    const { ids } = await on(disk).idsIn(saveFile, { saveKeys: [A] })
    assert.equal(ids.includes('ended'), false)
  })
})

describe('a session that is dropped at the start', () => {
  for (const [why, before, after] of [
    ['for its size', {}, { maxEntrySize: 2000 }],
    ['for its age', { absoluteTtl: 1000 }, { absoluteTtl: 10 }],
  ] as const) {
    it(`${why} does not come back`, async (t) => {
      const time = stopTime(t)
      const disk = new Disk()
      const saveFile = newSaveFile()
      const first = await on(disk).open({ saveFile, ...before })
      await first.store.set('large', plainSession({ text: 'x'.repeat(5000) }))
      await first.store.close()
      time.pass(20)
      const { store } = await on(disk).open({ saveFile, ...after })
      assert.deepEqual(await store.ids(), [])
      await store.destroy('large')
      await store.close()
      assert.deepEqual((await on(disk).idsIn(saveFile, before)).ids, [])
    })
  }

  it('for want of its key is gone for good after clear', async () => {
    const disk = new Disk()
    const saveFile = newSaveFile()
    const first = await on(disk).open({ saveFile, saveKeys: [A] })
    await first.store.set('a', plainSession())
    await first.store.close()
    const { store } = await on(disk).open({ saveFile, saveKeys: [B] })
    await store.clear()
    await store.close()
    assert.deepEqual((await on(disk).idsIn(saveFile, { saveKeys: [B, A] })).ids, [])
  })
})
