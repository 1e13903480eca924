/** Of `checkpointer.ts`, `due.ts`, `attempts.ts` and `snapshot.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LembroStore } from '../../../lib/store'
import { type Cut, Disk, failure } from '../../support/disk'
import { checkpointed, placesIn, segmentNames } from '../../support/files'
import { on, passing, SteppedClock, settled, until } from '../../support/saving'
import { plainSession } from '../../support/sessions'
import { nextTurn, stopTime } from '../../support/time'

const SAVE_FILE = '/sessions'
const KIB = 1024
const MIB = 1024 * KIB
const cuts: Cut[] = ['nothing', 'removals', 'names', 'everything']

/** Some of everything that a journal may hold. */
async function live(store: LembroStore, round: number): Promise<void> {
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
async function lived() {
  const disk = new Disk()
  for (let round = 0; round < 4; round++) {
    const { store } = await on(disk).open({ saveFile: SAVE_FILE })
    await live(store, round)
    await store.close()
  }
  return { disk, content: await contentOf(disk) }
}

async function contentOf(disk: Disk) {
  const left = disk.cut('everything')
  on(left).kill(SAVE_FILE)
  const { store, error, heard } = await on(left).open({ saveFile: SAVE_FILE })
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
      const after = crashing.cut(left)
      on(after).kill(SAVE_FILE)
      await check(after, `after ${crashing.steps.join(', ')}, ${left} left`)
    }
    if (!crashed) return most
  }
}

describe('a checkpoint', () => {
  it('can be cut off between any two steps, by a crash or a power cut', async (t) => {
    stopTime(t)
    const { disk, content } = await lived()
    const steps = await crashAfterEachStep(
      disk,
      async (crashing) => {
        // That a session gets its instant of creation makes it due.
        const { store } = await on(crashing).open({ saveFile: SAVE_FILE, absoluteTtl: 1e14 })
        await store.save()
      },
      async (left, when) => assert.deepEqual(await contentOf(left), content, when),
    )
    assert.ok(steps >= 8)
  })

  it('leaves the last state of each live session, in age order, and nothing else', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const { store } = await on(disk, clock).open({ saveFile: SAVE_FILE })
    for (let n = 0; n < 5; n++) store.set(`s${n}`, plainSession())
    for (let n = 0; n < 5; n++) store.set('s0', plainSession({ n }))
    store.touch('s1', plainSession({}, { maxAge: 90_000, path: '/a' }))
    store.destroy('s2')
    await store.close()
    await checkpointed(SAVE_FILE, {}, on(disk).world)
    const places = (await placesIn(SAVE_FILE, disk)).map(({ type, sid }) => [type, sid])
    assert.deepEqual(places, [
      [1, 's3'],
      [1, 's4'],
      [1, 's0'],
      [1, 's1'],
      [5, ''],
    ])
  })

  it('writes each session at most once, however often it is touched meanwhile', async () => {
    const disk = new Disk()
    const { store } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '64M' })
    const text = 'x'.repeat(20_000)
    for (let n = 0; n < 400; n++) store.set(`s${n}`, plainSession({ text }))
    await store.close()
    const again = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '64M', absoluteTtl: 1e14 })
    let isOver = false
    again.store.save().then(() => {
      isOver = true
    })
    for (let n = 0; !isOver; n++) {
      for (let k = 0; k < 100; k++) {
        again.store.touch(`s${(n * 100 + k) % 400}`, plainSession()).catch(() => {})
      }
      await nextTurn()
    }
    const sids = (await placesIn(SAVE_FILE, disk)).map(({ sid }) => sid)
    assert.equal(sids.length, 401)
    assert.equal(new Set(sids).size, 401)
    await again.store.close()
    assert.equal((await on(disk).idsIn(SAVE_FILE, { maxSize: '64M' })).ids.length, 400)
  })

  it('is due once the journal is longer than a quarter of the budget, so that small ones have short files', async () => {
    const disk = new Disk()
    const { store } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: 512 * KIB })
    await store.save()
    const before = store.stats().save?.lastCompaction
    let most = 0
    for (let n = 0; n < 4000; n++) {
      await store.set(`s${n % 100}`, plainSession({ text: 'x'.repeat(1000) }))
      most = Math.max(most, disk.used)
    }
    assert.notEqual(store.stats().save?.lastCompaction, before)
    assert.ok(most < 512 * KIB, `${most}`)
    await store.close()
  })

  it('is due once the journal is longer than 32M, whatever the budget', async () => {
    const disk = new Disk()
    const { store } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '1G' })
    await store.save()
    const before = store.stats().save?.lastCompaction
    const text = 'x'.repeat(500_000)
    for (let n = 0; n < 67; n++) await store.set(`s${n % 4}`, plainSession({ text }))
    assert.equal(store.stats().save?.lastCompaction, before)
    await store.set('s0', plainSession({ text }))
    await until(() => store.stats().save?.lastCompaction !== before)
    assert.ok(disk.used < 3 * MIB)
    await store.close()
  })

  it('is not held up by writes that wait: at full rate the files stay below three times what is live', async () => {
    const disk = new Disk()
    const { store, heard } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '16M' })
    const text = 'x'.repeat(2000)
    let most = 0
    const client = async (first: number) => {
      for (let n = first; n < 60_000; n += 600) {
        await store.set(`s${n % 4800}`, plainSession({ text }))
        most = Math.max(most, disk.used)
      }
    }
    await Promise.all(Array.from({ length: 600 }, (_, first) => client(first)))
    const { bytes } = store.stats()
    assert.ok(disk.bytesWritten > 10 * bytes)
    assert.ok(most < 3 * bytes, `${most} of ${bytes}`)
    assert.deepEqual(heard, [])
    await store.close()
  })

  it('begins while there is room for it, and the small disk never fills', async () => {
    const disk = new Disk()
    disk.capacity = 6 * MIB
    const { store, heard } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '64M' })
    const text = 'x'.repeat(300)
    for (let n = 0; n < 40_000; n++) {
      store.set(`s${n}`, plainSession({ text })).catch(() => {})
      if (n >= 3000) store.destroy(`s${n - 3000}`).catch(() => {})
      if (n % 50 === 0) await nextTurn()
    }
    await store.save()
    assert.deepEqual(heard, [])
    const ids = await store.ids()
    const left = disk.cut('everything')
    on(left).kill(SAVE_FILE)
    assert.deepEqual((await on(left).idsIn(SAVE_FILE, { maxSize: '64M' })).ids, ids.reverse())
    await store.close()
  })

  it('makes room on a full disk from segments that the snapshot holds', async () => {
    const disk = new Disk()
    const { store } = await on(disk).open({ saveFile: SAVE_FILE })
    await store.set('a', plainSession({ text: 'x'.repeat(20_000) }))
    await store.close()
    const [first] = (await segmentNames(disk, SAVE_FILE)) as [string]
    const bytes = disk.read(first)
    await checkpointed(SAVE_FILE, {}, on(disk).world)
    // As a process left it that was ended before it removed it.
    disk.write(first, bytes)
    disk.capacity = disk.used + 2000
    const again = await on(disk).open({ saveFile: SAVE_FILE })
    await again.store.save()
    assert.deepEqual(again.heard, [])
    assert.ok(!disk.names.includes(first))
    await again.store.close()
    assert.deepEqual((await on(disk).idsIn(SAVE_FILE)).ids, ['a'])
  })

  it('is due after more than eight starts, and leaves one segment', async () => {
    const disk = new Disk()
    for (let round = 0; round < 12; round++) {
      const { store } = await on(disk).open({ saveFile: SAVE_FILE })
      await store.set(`s${round}`, plainSession())
      await settled(store)
      await store.close()
      assert.ok((await segmentNames(disk, SAVE_FILE)).length <= 10)
    }
    assert.equal((await on(disk).idsIn(SAVE_FILE)).ids.length, 12)
  })

  it('is waited for by a start that comes after many which did not last long enough for one', async () => {
    const disk = new Disk()
    for (let round = 0; round < 40; round++) {
      const { store } = await on(disk).open({ saveFile: SAVE_FILE })
      // Ended at once, which calls off what is going on.
      await Promise.all([store.set(`s${round}`, plainSession()), store.close()])
      assert.ok((await segmentNames(disk, SAVE_FILE)).length <= 18)
    }
  })

  it('that fails is tried again after 1 s, then 2, 4 and so on up to a minute, and is told', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const { store, heard } = await on(disk, clock).open({ saveFile: SAVE_FILE })
    await store.save()
    disk.fault = (step) => (step === 'rename' ? failure('ENOSPC') : undefined)
    for (let n = 0; n < 3000; n++) store.set(`s${n % 10}`, plainSession({ text: 'x'.repeat(500) }))
    await until(() => heard.length > 0)
    assert.match(heard[0]?.message ?? '', /can't write a new snapshot/)
    assert.equal(store.stats().save?.saving, true)
    const pauses: number[] = []
    for (let round = 0; round < 9; round++) {
      const [began, told] = [clock.now(), heard.length]
      while (heard.length === told) await passing(clock, 1000, 1000)
      pauses.push(Math.round((clock.now() - began) / 1000))
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60])
    disk.fault = undefined
    await passing(clock, 60_000, 1000)
    assert.ok((await segmentNames(disk, SAVE_FILE)).length <= 1)
    await store.close()
  })

  it('is given up if the journal fails meanwhile, since what changed is in neither file then', async () => {
    const disk = new Disk()
    const { store } = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '64M' })
    for (let n = 0; n < 3000; n++) store.set(`s${n}`, plainSession({ text: 'x'.repeat(500) }))
    await store.close()
    const again = await on(disk).open({ saveFile: SAVE_FILE, maxSize: '64M', absoluteTtl: 1e14 })
    const unfinished = () => disk.names.find((name) => name.includes('.tmp-')) ?? SAVE_FILE
    // A segment begins in a file of that name too, but is shorter.
    await until(() => unfinished() !== SAVE_FILE && disk.read(unfinished()).length > 100_000)
    let goOn = () => {}
    disk.frozenSyncs.set(
      unfinished(),
      new Promise((resolve) => {
        goOn = resolve
      }),
    )
    const before = disk.read(SAVE_FILE)
    disk.fault = (step, name) =>
      step === 'write' && name.includes('.journal-') ? failure('EIO') : undefined
    await assert.rejects(again.store.destroy('s1'), { code: 'EIO' })
    disk.fault = (step) => (step === 'open' ? failure('EIO') : undefined)
    goOn()
    await settled(again.store)
    assert.ok(disk.read(SAVE_FILE).equals(before))
    disk.fault = undefined
    await again.store.close()
    const { ids } = await on(disk).idsIn(SAVE_FILE, { maxSize: '64M' })
    assert.deepEqual([ids.length, ids.includes('s1')], [2999, false])
  })
})

describe('a checkpoint whose journal fails just after the rename', () => {
  it('is made again, since a change is missing that was made after the snapshot', async () => {
    const disk = new Disk()
    const first = await on(disk).open({ saveFile: SAVE_FILE })
    for (const sid of ['a', 'b']) await first.store.set(sid, plainSession())
    await first.store.close()
    const { rename } = disk
    let isRenamed = false
    disk.rename = async (from, to) => {
      await rename.call(disk, from, to)
      if (to !== SAVE_FILE || isRenamed) return
      isRenamed = true
      disk.fault = (step, name) =>
        step === 'write' && name.includes('.journal-') ? failure('EIO') : undefined
      await assert.rejects(store.destroy('a'), { code: 'EIO' })
      disk.fault = undefined
    }
    const { store } = await on(disk).open({ saveFile: SAVE_FILE, absoluteTtl: 1e14 })
    await until(() => isRenamed)
    await settled(store)
    assert.equal(store.stats().save?.saving, false)
    await store.save()
    assert.equal(store.stats().save?.saving, true)
    const left = disk.cut('everything')
    on(left).kill(SAVE_FILE)
    assert.deepEqual((await on(left).idsIn(SAVE_FILE)).ids, ['b'])
    await store.close()
  })
})

describe('a start', () => {
  for (const [what, prepare] of [
    ['for the first time', async (disk: Disk) => disk.remove(SAVE_FILE)],
    ['after a kill', async () => {}],
    [
      'after damage',
      async (disk: Disk) => {
        const bytes = Buffer.from(disk.read(SAVE_FILE))
        // The end of the snapshot: costs no session.
        bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
        disk.write(SAVE_FILE, bytes)
      },
    ],
  ] as const) {
    it(`${what} can be cut off between any two steps`, async (t) => {
      stopTime(t)
      const { disk } = await lived()
      await prepare(disk)
      const whole = disk.cut('everything')
      const { ids } = await on(whole).idsIn(SAVE_FILE)
      const steps = await crashAfterEachStep(
        disk,
        async (crashing) => {
          const { store } = await on(crashing).open({ saveFile: SAVE_FILE })
          for (let turn = 0; turn < 40; turn++) await nextTurn()
          await store.close().catch(() => {})
        },
        async (left, when) => {
          const found = await on(left).idsIn(SAVE_FILE)
          assert.deepEqual([found.error, found.ids], [null, ids], when)
        },
      )
      assert.ok(steps >= 3)
    })
  }
})
