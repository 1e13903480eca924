import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { compact } from '../../../lib/persistence/compaction'
import { Names } from '../../../lib/persistence/disk/paths'
import type { Lembro } from '../../../lib/store'
import { type Cut, Disk, failure, mount } from '../../support/disk'
import { compactAll, placesIn, segmentsOf, taskOf } from '../../support/files'
import { newSaveFile } from '../../support/folder'
import { idsIn, kill, open } from '../../support/saving'
import { plainSession } from '../../support/sessions'
import { nextTurn, stopTime } from '../../support/time'

const cuts: Cut[] = ['nothing', 'removals', 'names', 'everything']

/** Some of everything that a journal may hold. */
async function live(store: Lembro, round: number): Promise<void> {
  for (let n = 0; n < 10; n++) store.set(`s${n}`, plainSession({ round, n, userId: `u${n % 3}` }))
  for (const n of [3, 1])
    store.touch(`s${n}`, plainSession({}, { path: `/${round}`, maxAge: 90_000 }))
  store.touch('s3', plainSession({}, { path: `/${round}`, maxAge: 95_000 }))
  store.destroy(`s${5 + round}`)
  if (round === 1) store.clear()
  store.set(`only in ${round}`, plainSession())
  await store.save()
}

/** A disk with a snapshot and segments, and what a store finds on it. */
async function livedOn(t: TestContext, saveFile: string) {
  const disk = new Disk()
  mount(t, disk)
  for (let round = 0; round < 4; round++) {
    const { store } = await open({ saveFile })
    await live(store, round)
    if (round === 0) while (disk.steps.at(-1) !== 'remove sessions.journal-1') await nextTurn()
    await store.close()
  }
  return { disk, content: await contentOf(t, disk, saveFile) }
}

async function contentOf(t: TestContext, disk: Disk, saveFile: string) {
  mount(t, disk.cut('everything'))
  const { store, error, heard } = await open({ saveFile })
  assert.deepEqual([error, heard], [null, []])
  const content = { ids: await store.ids(), all: await store.all(), owned: await store.idsOf('u1') }
  await store.close()
  return content
}

/** Does something again and again, crashing after each number of steps; `check` sees what is left. */
async function crashAfterEachStep(
  disk: Disk,
  act: (disk: Disk) => Promise<unknown>,
  check: (left: Disk, when: string) => Promise<void>,
): Promise<number> {
  for (let most = 0; ; most++) {
    const crashing = disk.cut('everything')
    let crashed = false
    crashing.fault = () => {
      crashed ||= crashing.steps.length >= most
      return crashed ? failure('EIO') : undefined
    }
    await act(crashing).catch(() => {})
    for (const left of cuts) {
      await check(crashing.cut(left), `after ${crashing.steps.join(', ')}, ${left} left`)
    }
    if (!crashed) return most
  }
}

describe('a compaction', () => {
  it('can be cut off between any two steps, by a crash or a power cut', async (t) => {
    stopTime(t)
    const saveFile = newSaveFile()
    const { disk, content } = await livedOn(t, saveFile)
    const task = await taskOf(disk, saveFile)
    const steps = await crashAfterEachStep(
      disk,
      (crashing) => compact(crashing, task, () => false),
      async (left, when) => assert.deepEqual(await contentOf(t, left, saveFile), content, when),
    )
    assert.ok(steps >= 8)
  })

  it('keeps the last put of each session and its last touches, in their order, and nothing else', async (t) => {
    const time = stopTime(t)
    const saveFile = newSaveFile()
    const { store } = await open({ saveFile })
    while (!fs.existsSync(saveFile)) await nextTurn()
    for (let n = 0; n < 5; n++)
      store.set(`s${n}`, plainSession({}, { maxAge: n === 4 ? 10 : 9000 }))
    for (let n = 0; n < 5; n++) store.set('s0', plainSession({ n }))
    store.touch('s1', plainSession({}, { maxAge: 9000, path: '/a' }))
    store.touch('s1', plainSession({}, { maxAge: 9000, path: '/b' }))
    for (let n = 0; n < 5; n++) store.touch('s1', plainSession({}, { maxAge: 9000, path: '/b' }))
    store.destroy('s2')
    await store.close()
    time.pass(10)
    await compactAll(saveFile)
    const places = (await placesIn(saveFile)).map(({ type, sid }) => [type, sid])
    assert.deepEqual(places, [
      [1, 's1'],
      [1, 's3'],
      [1, 's0'],
      [2, 's1'],
      [2, 's1'],
      [5, ''],
    ])
    assert.deepEqual(segmentsOf(saveFile), [])
    assert.deepEqual((await idsIn(saveFile)).ids, ['s3', 's0', 's1'])
  })

  it('runs in a thread of its own, while the store goes on', async () => {
    const saveFile = newSaveFile()
    let runs = 0
    for (let round = 0; round < 12; round++) {
      const { store, heard } = await open({ saveFile })
      store.set(`s${round}`, plainSession())
      await store.save()
      if (segmentsOf(saveFile).length > 9) {
        while (store.stats().save?.lastCompaction === null) {
          await store.set('busy', plainSession({ text: 'x'.repeat(1000) }))
        }
        runs++
        assert.equal(segmentsOf(saveFile).length, 1)
      }
      await store.close()
      assert.deepEqual(heard, [])
    }
    assert.equal(runs, 1)
    const { ids } = await idsIn(saveFile)
    assert.equal(ids.length, 13)
  })

  it('that meets damage leaves the files alone, and memory is written instead', async () => {
    const saveFile = newSaveFile()
    for (let round = 0; round < 10; round++) {
      const { store } = await open({ saveFile })
      await store.set(`s${round}`, plainSession())
      await store.close()
    }
    const { store, heard } = await open({ saveFile })
    assert.equal(heard.length, 0)
    const first = segmentsOf(saveFile)[0] as number
    fs.writeFileSync(new Names(saveFile).segment(first), 'damage')
    while (heard.length === 0) await store.set('last', plainSession())
    assert.match(heard[0]?.message ?? '', /is damaged/)
    await store.close()
  })
})

describe('a file that somebody removed', () => {
  for (const which of ['snapshot', 'segment']) {
    it(`costs no session, as a ${which}, and is told`, async (t) => {
      const disk = new Disk()
      mount(t, disk)
      const saveFile = newSaveFile()
      for (let round = 0; round < 11; round++) {
        const { store } = await open({ saveFile })
        await store.set(`s${round}`, plainSession())
        await store.close()
        if (round === 1) await compact(disk, await taskOf(disk, saveFile), () => false)
      }
      const { store, heard } = await open({ saveFile })
      const { segments } = await taskOf(disk, saveFile)
      const segment = new Names(saveFile).segment(segments[0] as number)
      disk.remove(which === 'snapshot' ? saveFile : segment)
      while (heard.length === 0) await nextTurn()
      assert.match(heard[0]?.message ?? '', /can't write a new snapshot/)
      await store.save()
      kill(saveFile)
      mount(t, disk.cut('nothing'))
      assert.equal((await idsIn(saveFile)).ids.length, 11)
      await store.close()
    })
  }
})

describe('a start', () => {
  for (const [what, prepare] of [
    ['for the first time', async (disk: Disk, saveFile: string) => disk.remove(saveFile)],
    ['after a kill', async () => {}],
    [
      'after damage',
      async (disk: Disk, saveFile: string) => {
        const bytes = Buffer.from(disk.read(saveFile))
        // The end of the snapshot: costs no session.
        bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
        disk.write(saveFile, bytes)
      },
    ],
  ] as const) {
    it(`${what} can be cut off between any two steps`, async (t) => {
      stopTime(t)
      const saveFile = newSaveFile()
      const { disk } = await livedOn(t, saveFile)
      await prepare(disk, saveFile)
      mount(t, disk.cut('everything'))
      const { ids } = await idsIn(saveFile)
      assert.ok(ids.length > 5)
      const steps = await crashAfterEachStep(
        disk,
        async (crashing) => {
          mount(t, crashing)
          const { store } = await open({ saveFile })
          for (let turn = 0; turn < 40; turn++) await nextTurn()
          const closed = store.close().catch(() => {})
          kill(saveFile)
          await closed
        },
        async (left, when) => {
          mount(t, left)
          const found = await idsIn(saveFile)
          assert.deepEqual([found.error, found.ids], [null, ids], when)
        },
      )
      assert.ok(steps >= 3)
    })
  }
})
