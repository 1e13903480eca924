/** Of what a power cut leaves: `turns.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { rounds } from '../support/rounds'
import { cut, idsIn, until, walOf } from '../support/saving'
import { plainSession } from '../support/sessions'
import { openShared } from '../support/shared'
import { nextTurn, stopTime } from '../support/time'

const SETS = rounds(30)
const PERIOD = 1000

/** Watches what this process has the disk confirm: the WAL as it was when the last of that began. */
function watchSyncs(t: TestContext) {
  const { fdatasync } = fs
  const watched = { file: '', wal: ['', 0, 0n] as ReturnType<typeof walOf>, running: 0 }
  t.mock.method(fs, 'fdatasync', (fd: number, done: (error: Error | null) => void) => {
    const wal = walOf(watched.file)
    watched.running++
    fdatasync(fd, (error) => {
      watched.running--
      watched.wal = wal
      done(error)
    })
  })
  return watched
}

describe('a power cut', () => {
  it('loses nothing that was acknowledged at a savePeriod of 0', async (t) => {
    const watched = watchSyncs(t)
    const { store, saveFile } = await openShared({ savePeriod: 0 })
    watched.file = saveFile
    const sids: string[] = []
    for (let n = 0; n < SETS; n++) {
      sids.push(`s${n}`)
      await store.set(`s${n}`, plainSession({ n }))
      const { ids, heard } = await idsIn(cut(saveFile, watched.wal))
      assert.deepEqual([ids, heard], [sids, []])
    }
    await store.close()
  })

  it('loses nothing that save() was called after, whether it was acknowledged by then or not', async (t) => {
    const watched = watchSyncs(t)
    const { store, saveFile } = await openShared({ savePeriod: false })
    watched.file = saveFile
    const sids = Array.from({ length: 20 }, (_, n) => `s${n}`)
    for (const sid of sids) store.set(sid, plainSession(), undefined)
    await store.save()
    assert.deepEqual((await idsIn(cut(saveFile, watched.wal))).ids, sids)
    await store.close()
  })

  it('loses at most what was acknowledged within the last savePeriod', async (t) => {
    const time = stopTime(t)
    const watched = watchSyncs(t)
    const { store, saveFile } = await openShared({ savePeriod: PERIOD }, time.clock)
    watched.file = saveFile
    const acknowledged: { sid: string; at: number }[] = []
    for (let n = 0; n < SETS; n++) {
      await store.set(`s${n}`, plainSession({ n }))
      acknowledged.push({ sid: `s${n}`, at: time.clock.now() })
      time.pass(Math.random() * PERIOD)
      await nextTurn()
      await until(() => watched.running === 0)
      const { ids, heard } = await idsIn(cut(saveFile, watched.wal))
      const old = acknowledged.filter(({ at }) => at <= time.clock.now() - PERIOD)
      assert.deepEqual(
        old.filter(({ sid }) => !ids.includes(sid)),
        [],
      )
      assert.deepEqual(heard, [])
    }
    await store.close()
  })
})
