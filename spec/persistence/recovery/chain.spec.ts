import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Disk, failure } from '../../support/disk'
import { checkpointed, placesIn, segmentNames } from '../../support/files'
import { on } from '../../support/saving'
import { plainSession } from '../../support/sessions'

const SAVE_FILE = '/sessions'

/** A snapshot and four segments, each with a session put and one removed. */
async function chained(): Promise<Disk> {
  const disk = new Disk()
  const first = await on(disk).open({ saveFile: SAVE_FILE })
  for (let n = 0; n < 4; n++) await first.store.set(`destroyed ${n}`, plainSession())
  await first.store.set('kept', plainSession())
  await first.store.close()
  await checkpointed(SAVE_FILE, {}, on(disk).world)
  for (let n = 0; n < 4; n++) {
    const { store } = await on(disk).open({ saveFile: SAVE_FILE })
    await store.set(`s${n}`, plainSession())
    await store.destroy(`destroyed ${n}`)
    await store.close()
  }
  return disk
}

const WHOLE = ['kept', 's0', 's1', 's2', 's3']

/** The segments that hold a change. */
async function segments(disk: Disk): Promise<[string, string, string, string]> {
  const names = await segmentNames(disk, SAVE_FILE)
  return names.filter((name) => disk.read(name).length > 72) as [string, string, string, string]
}

async function start(disk: Disk) {
  const { ids, error, heard, stats } = await on(disk).idsIn(SAVE_FILE)
  return { ids: ids.sort(), error, heard, damaged: stats?.damaged ?? 0 }
}

describe('files that fit together', () => {
  it('are loaded without a word', async () => {
    const { ids, error, heard } = await start(await chained())
    assert.deepEqual([ids, error, heard], [WHOLE, null, []])
  })
})

describe('damage to files as a whole is noticed:', () => {
  const damages: [string, (disk: Disk) => Promise<unknown>][] = [
    ['a segment removed', async (disk) => disk.remove((await segments(disk))[1])],
    ['a segment emptied', async (disk) => disk.write((await segments(disk))[1], Buffer.alloc(0))],
    [
      'a segment cut at the border of a record',
      async (disk) => {
        const [, second] = await segments(disk)
        const { from } = (await placesIn(second, disk)).at(-1) as { from: number }
        disk.write(second, disk.read(second).subarray(0, from))
      },
    ],
    [
      'the last segment cut at the border of a record',
      async (disk) => {
        const [, , , last] = await segments(disk)
        const { from } = (await placesIn(last, disk)).at(-1) as { from: number }
        disk.write(last, disk.read(last).subarray(0, from))
      },
    ],
    [
      'an old segment in the place of a new one',
      async (disk) => {
        const [first, , third] = await segments(disk)
        disk.write(third, disk.read(first))
      },
    ],
    [
      'two segments swapped',
      async (disk) => {
        const [, second, third] = await segments(disk)
        const [a, b] = [disk.read(second), disk.read(third)]
        disk.write(second, b)
        disk.write(third, a)
      },
    ],
    ['the snapshot removed', async (disk) => disk.remove(SAVE_FILE)],
    [
      'a segment in the place of the snapshot',
      async (disk) => disk.write(SAVE_FILE, disk.read((await segments(disk))[0])),
    ],
    [
      'all segments removed',
      async (disk) => {
        for (const name of await segmentNames(disk, SAVE_FILE)) await disk.remove(name)
      },
    ],
  ]
  for (const [what, damage] of damages) {
    it(`${what} is reported, once, and the store starts`, async () => {
      const disk = await chained()
      await damage(disk)
      const { error, heard, damaged } = await start(disk)
      assert.equal(error, null)
      assert.ok(damaged > 0)
      assert.ok(heard.length > 0 && heard.every(({ code }) => code === 'ESAVEDAMAGED'))
      const again = await start(disk)
      assert.deepEqual([again.heard, again.damaged], [[], 0])
    })
  }

  it('an old snapshot in the place of a new one is reported', async () => {
    const disk = await chained()
    const old = disk.read(SAVE_FILE)
    for (let round = 0; round < 20; round++) {
      const { store } = await on(disk).open({ saveFile: SAVE_FILE })
      await store.set('again', plainSession())
      await store.close()
    }
    assert.notDeepEqual(disk.read(SAVE_FILE), old)
    disk.write(SAVE_FILE, old)
    assert.ok((await start(disk)).damaged > 0)
  })
})

describe('a segment that is no file of ours', () => {
  for (const code of ['EISDIR', 'ELOOP', 'EACCES']) {
    it(`(${code}) costs nothing else, and is moved away`, async () => {
      const disk = await chained()
      disk.write('/sessions.journal-99', Buffer.alloc(40))
      const { open } = disk
      disk.open = async (name, mode) => {
        if (name === '/sessions.journal-99') throw failure(code)
        return open.call(disk, name, mode)
      }
      const { ids, error, heard } = await start(disk)
      assert.deepEqual([ids, error], [WHOLE, null])
      assert.deepEqual(
        heard.map((each) => each.code),
        ['ESAVEDAMAGED'],
      )
      assert.ok(!disk.names.includes('/sessions.journal-99'))
    })
  }

  it('and has a number beyond all others is moved away, and numbers go on where they were', async () => {
    const disk = await chained()
    const last = (await segmentNames(disk, SAVE_FILE)).at(-1) as string
    disk.write('/sessions.journal-4000000000000000', disk.read(last))
    const { ids, heard } = await start(disk)
    assert.deepEqual([ids, heard.map((each) => each.code)], [WHOLE, ['ESAVEDAMAGED']])
    assert.ok((await segmentNames(disk, SAVE_FILE)).every((name) => name.length < 25))
  })
})

describe('a snapshot', () => {
  it('that is damaged costs nothing that the segments before it still hold, and none of them is removed before the next', async () => {
    const disk = await chained()
    const before = await segments(disk)
    const kept = before.map((name) => [name, disk.read(name)] as const)
    const { store } = await on(disk).open({ saveFile: SAVE_FILE, absoluteTtl: 1e15 })
    await store.set('later', plainSession())
    await store.save()
    await store.close()
    // The checkpoint was ended before it removed them.
    for (const [name, bytes] of kept) disk.write(name, bytes)
    disk.write(SAVE_FILE, disk.read(SAVE_FILE).subarray(0, 60))
    const { ids, damaged } = await start(disk)
    assert.ok(damaged > 0)
    for (const sid of ['s0', 's1', 's2', 's3', 'later']) assert.ok(ids.includes(sid), sid)
    assert.ok(!ids.some((sid) => sid.startsWith('destroyed')))
  })

  it('that is whole is not mixed with older segments: what was destroyed since stays destroyed', async () => {
    const disk = await chained()
    const kept = (await segments(disk)).map((name) => [name, disk.read(name)] as const)
    const { store } = await on(disk).open({ saveFile: SAVE_FILE })
    await store.destroy('s1')
    await store.close()
    await checkpointed(SAVE_FILE, { absoluteTtl: 1e15 }, on(disk).world)
    for (const [name, bytes] of kept) disk.write(name, bytes)
    const { ids, heard } = await start(disk)
    assert.deepEqual([ids, heard], [['kept', 's0', 's2', 's3'], []])
  })

  it('that was cut between two records lacks its end, and is reported', async () => {
    const disk = await chained()
    const { from } = (await placesIn(SAVE_FILE, disk)).at(-1) as { from: number }
    disk.write(SAVE_FILE, disk.read(SAVE_FILE).subarray(0, from))
    const { damaged, heard } = await start(disk)
    assert.deepEqual([damaged, heard.map(({ code }) => code)], [1, ['ESAVEDAMAGED']])
  })
})
