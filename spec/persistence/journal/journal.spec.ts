/** Of `journal.ts`, `queue.ts`, `segment.ts` and `syncs.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Entry } from '../../../lib/entry/entry'
import { HEADER_BYTES } from '../../../lib/persistence/format/header'
import { RecordWriter } from '../../../lib/persistence/format/record-writer'
import { MOST_BYTES } from '../../../lib/persistence/journal/batch'
import { Journal } from '../../../lib/persistence/journal/journal'
import { FIRST_LENGTH, Segment } from '../../../lib/persistence/journal/segment'
import { Disk, failure } from '../../support/disk'
import { SteppedClock } from '../../support/saving'
import { nextTurn } from '../../support/time'

const PERIOD = 1000

async function begun(period = PERIOD, mostPending = 64 * MOST_BYTES) {
  const clock = new SteppedClock()
  const disk = new Disk()
  const failed: Error[] = []
  const journal = new Journal({
    clock,
    period,
    mostPending,
    pace: () => undefined,
    overloaded: (pending) => new Error(`${pending} wait`),
    written: () => {},
    failed: (error) => failed.push(error),
  })
  const writer = new RecordWriter(7, true, undefined)
  const segment = (number: number) =>
    Segment.begin({
      ...{ files: disk, name: `/${number}`, unfinished: '/unfinished', number, writer },
      check: async () => {},
    })
  await journal.rotate(await segment(1))
  disk.steps.length = 0
  const put = (sid: string, text = '') => {
    const entry = new Entry(sid)
    entry.body = text
    const sink = journal.sink(text.length)
    if (sink !== undefined) writer.put(sink, entry)
  }
  const committed = () =>
    new Promise<Error | null>((resolve) => {
      journal.committed(resolve)
    })
  return { clock, disk, journal, failed, segment, put, committed }
}

describe('a journal', () => {
  it('writes together what one turn of the event loop brings, and then acknowledges it', async () => {
    const { disk, put, committed } = await begun()
    const ends: number[] = []
    for (let n = 0; n < 10; n++) {
      put(`s${n}`)
      committed().then(() => ends.push(disk.steps.length))
    }
    assert.equal(await committed(), null)
    assert.deepEqual(disk.steps, ['write 1'])
    assert.deepEqual(ends, Array(10).fill(1))
  })

  it('has one batch in flight, and gathers the next meanwhile', async () => {
    const { disk, put, committed } = await begun()
    const during: number[] = []
    disk.fault = (step) => {
      if (step === 'write') during.push(disk.steps.length)
      if (during.length < 5) for (let n = 0; n < 10; n++) put(`s${n}`)
      return undefined
    }
    put('first')
    for (let n = 0; n < 6; n++) await committed()
    assert.deepEqual(during, [0, 1, 2, 3, 4])
  })

  it('writes no more than a megabyte at once, but for a record that is larger', async () => {
    const { disk, put, committed } = await begun()
    const text = 'x'.repeat(300_000)
    const ends: number[] = []
    disk.fault = (step) => {
      if (step === 'write') ends.push(disk.read('/1').length)
      return undefined
    }
    for (let n = 0; n < 10; n++) put(`s${n}`, text)
    put('giant', 'x'.repeat(2 * MOST_BYTES))
    await committed()
    const lengths = ends.slice(1).map((end, nth) => end - (ends[nth] as number))
    assert.equal(lengths.length, 4)
    assert.ok(lengths.every((length) => length <= MOST_BYTES))
  })

  it('acknowledges in the next turn when nothing waits, and never before it returns', async () => {
    const { disk, journal } = await begun()
    let error: Error | null | undefined
    journal.committed((each) => {
      error = each
    })
    assert.equal(error, undefined)
    await nextTurn()
    assert.deepEqual([error, disk.steps], [null, []])
  })

  it('syncs once a period, when there is something to sync', async () => {
    const { clock, disk, put, committed } = await begun()
    clock.pass(10 * PERIOD)
    for (const round of [1, 2]) {
      put('a')
      await committed()
      put('b')
      await committed()
      clock.pass(PERIOD - 1)
      assert.equal(disk.steps.filter((step) => step === 'datasync 1').length, round - 1)
      clock.pass(1)
      await nextTurn()
      assert.equal(disk.steps.filter((step) => step === 'datasync 1').length, round)
    }
  })

  it('can do without the timer', async () => {
    const { clock, disk, journal, put, committed } = await begun()
    put('a')
    await committed()
    journal.timed = false
    clock.pass(10 * PERIOD)
    put('b')
    await committed()
    clock.pass(10 * PERIOD)
    assert.ok(!disk.steps.includes('datasync 1'))
    journal.timed = true
    clock.pass(PERIOD)
    await nextTurn()
    assert.ok(disk.steps.includes('datasync 1'))
  })

  it('acknowledges what is synced at a period of 0, batch by batch', async () => {
    const { disk, put, committed } = await begun(0)
    put('a')
    await committed()
    put('b')
    await committed()
    assert.deepEqual(disk.steps, ['write 1', 'datasync 1', 'write 1', 'datasync 1'])
  })

  it('rotates before it writes what waits, and syncs the former segment meanwhile', async () => {
    const { disk, journal, segment, put, committed } = await begun()
    put('a', 'x'.repeat(MOST_BYTES))
    put('b', 'x'.repeat(MOST_BYTES))
    await nextTurn()
    const next = await segment(2)
    disk.steps.length = 0
    put('c', 'x'.repeat(MOST_BYTES))
    const rotated = journal.rotate(next)
    put('d', 'x'.repeat(MOST_BYTES))
    await rotated
    await committed()
    await nextTurn()
    assert.ok(disk.read('/1').length < 2.5 * MOST_BYTES)
    assert.ok(disk.read('/2').length > 2 * MOST_BYTES)
    assert.ok(disk.steps.includes('datasync 1'))
    assert.deepEqual([journal.segment?.number, disk.opened], [2, 1])
  })

  it('commits without waiting for the sync of a former segment', async () => {
    const { disk, journal, segment, put, committed } = await begun()
    put('a')
    await committed()
    const next = await segment(2)
    let thaw = () => {}
    const frozen = new Promise<void>((resolve) => {
      thaw = resolve
    })
    disk.frozenSyncs.set('/1', frozen)
    await journal.rotate(next)
    put('b')
    assert.equal(await committed(), null)
    assert.ok(!disk.steps.includes('datasync 1'))
    thaw()
    await journal.sync()
    assert.ok(disk.steps.includes('datasync 1'))
  })

  it('gives a segment up that failed, with all that was on its way, until it gets another', async () => {
    const { disk, journal, failed, segment, put, committed } = await begun()
    disk.fault = (step) => (step === 'write' ? failure('EIO') : undefined)
    put('a', 'x'.repeat(MOST_BYTES))
    put('b', 'x'.repeat(MOST_BYTES))
    const waiting = committed()
    put('c')
    assert.equal(await waiting, failed[0])
    await nextTurn()
    assert.deepEqual([await committed(), failed.length], [null, 1])
    assert.equal(journal.sink(1), undefined)
    await assert.rejects(journal.sync(), { code: 'EIO' })
    disk.fault = undefined
    await journal.rotate(await segment(2))
    put('d')
    assert.equal(await committed(), null)
    await journal.sync()
    assert.equal(disk.read('/1').length, FIRST_LENGTH)
  })

  it('syncs no segment before the one that it follows', async () => {
    const { clock, disk, journal, segment, put, committed } = await begun()
    put('a')
    await committed()
    const next = await segment(2)
    let thaw = () => {}
    const frozen = new Promise<void>((resolve) => {
      thaw = resolve
    })
    disk.frozenSyncs.set('/1', frozen)
    disk.steps.length = 0
    await journal.rotate(next)
    put('b')
    await committed()
    clock.pass(PERIOD)
    for (let turn = 0; turn < 5; turn++) await nextTurn()
    assert.ok(!disk.steps.includes('datasync 2'))
    thaw()
    await journal.sync()
    const syncs = disk.steps.filter((step) => step.startsWith('datasync'))
    assert.deepEqual(syncs, ['datasync 1', 'datasync 2'])
  })

  it('gives up rather than let more wait than may, and tells all who wait', async () => {
    const { disk, journal, failed, segment, put, committed } = await begun(PERIOD, 3 * MOST_BYTES)
    let thaw = () => {}
    disk.frozen = new Promise<void>((resolve) => {
      thaw = resolve
    })
    const text = 'x'.repeat(MOST_BYTES - 1000)
    const errors: Promise<Error | null>[] = []
    for (let n = 0; n < 5; n++) {
      put(`s${n}`, text)
      errors.push(committed())
      await nextTurn()
    }
    assert.match(failed[0]?.message ?? '', /wait/)
    assert.ok(journal.pending <= 3 * MOST_BYTES)
    thaw()
    assert.ok((await Promise.all(errors.slice(0, 3))).every((error) => error === failed[0]))
    disk.frozen = undefined
    await journal.rotate(await segment(2))
    put('later')
    assert.equal(await committed(), null)
    assert.equal(failed.length, 1)
  })

  it('that is abandoned never goes on', async () => {
    const { disk, journal, segment, put, committed } = await begun()
    put('a')
    const next = journal.rotate(await segment(2))
    journal.abandon(failure('ELOCKED'))
    await next
    await journal.rotate(await segment(3))
    put('b')
    await committed()
    assert.deepEqual([disk.read('/2').length, disk.read('/3').length], [HEADER_BYTES, HEADER_BYTES])
    assert.equal(disk.opened, 0)
  })
})
