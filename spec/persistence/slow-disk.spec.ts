/** Of a disk that is slower than the application. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Disk } from '../support/disk'
import { on, settled, until } from '../support/saving'
import { plainSession } from '../support/sessions'
import { nextTurn } from '../support/time'

const SAVE_FILE = '/folder/sessions'
const MIB = 1024 * 1024
const KB_100 = 'x'.repeat(100_000)

/** A disk that writes nothing until it is thawed. */
function frozen(disk: Disk): () => void {
  let thaw = () => {}
  disk.frozen = new Promise<void>((resolve) => {
    thaw = resolve
  })
  return () => {
    disk.frozen = undefined
    thaw()
  }
}

describe('while the disk is slower than the application', () => {
  it('what changes waits to be acknowledged, and nothing of it is dropped', async () => {
    const disk = new Disk()
    const { store, heard } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '64M' })
    const thaw = frozen(disk)
    let acknowledged = 0
    for (let n = 0; n < 100; n++) {
      store.set(`s${n}`, plainSession({ text: KB_100 }), () => acknowledged++)
      await nextTurn()
    }
    assert.equal(acknowledged, 0)
    assert.ok((store.stats().save?.pending ?? 0) > 100 * KB_100.length)
    thaw()
    await until(() => acknowledged === 100)
    assert.deepEqual([store.stats().save?.pending, heard], [0, []])
    on(disk).kill(SAVE_FILE)
    assert.equal((await on(disk).idsIn(SAVE_FILE, { maxSize: '64M' })).ids.length, 100)
    await store.close().catch(() => {})
  })

  it('no more waits than a quarter of the budget: memory serves, and is saved once the disk can', async () => {
    const disk = new Disk()
    const { store, heard } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '80M' })
    const thaw = frozen(disk)
    const ends: (string | undefined)[] = []
    let most = 0
    for (let n = 0; n < 400; n++) {
      store.set(`s${n}`, plainSession({ text: KB_100 }), (error) => {
        ends.push((error as NodeJS.ErrnoException | null)?.code)
      })
      most = Math.max(most, store.stats().save?.pending ?? 0)
      await nextTurn()
    }
    assert.ok(most <= 20 * MIB, `${most}`)
    assert.deepEqual(
      heard.map(({ code }) => code).filter((code, nth, all) => all.indexOf(code) === nth),
      ['ESAVEBUSY'],
    )
    const { length } = await store.ids()
    assert.equal(length, 400)
    thaw()
    await store.save()
    await settled(store)
    assert.equal(ends.length, 400)
    assert.equal(store.stats().save?.saving, true)
    await store.close()
    assert.equal((await on(disk).idsIn(SAVE_FILE, { maxSize: '80M' })).ids.length, 400)
  })
})
