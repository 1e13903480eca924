import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Entry } from '../../lib/entry/entry'
import { MOST_BYTES } from '../../lib/persistence/batch'
import { HEADER_BYTES } from '../../lib/persistence/header'
import { beginSegment, Journal } from '../../lib/persistence/journal'
import { RecordWriter } from '../../lib/persistence/record-writer'
import { FakeClock } from '../support/clock'
import { Disk, failure } from '../support/disk'
import { nextTurn } from '../support/time'

const PERIOD = 1000

async function begun(period = PERIOD) {
  const clock = new FakeClock()
  const disk = new Disk()
  const failed: Error[] = []
  const journal = new Journal({
    clock: {
      ...clock,
      now: () => clock.now(),
      elapsed: () => 0,
      breathe: setImmediate,
      after: (ms, call) => clock.after(ms, call),
    },
    period,
    written: () => {},
    failed: (error) => failed.push(error),
  })
  const segment = async (number: number) =>
    beginSegment(await disk.open(`/${number}`, 'wx'), number, 7)
  await journal.goOn(await segment(1))
  disk.steps.length = 0
  const writer = new RecordWriter(7, true, undefined)
  const put = (sid: string, text = '') => {
    const entry = new Entry(sid)
    entry.body = text
    const sink = journal.sink(text.length)
    if (sink !== undefined) writer.put(sink, entry)
  }
  const settled = () =>
    new Promise<Error | null>((resolve) => {
      journal.settled(resolve)
    })
  return { clock, disk, journal, failed, segment, put, settled }
}

describe('a journal', () => {
  it('writes together what one turn of the event loop brings, and then acknowledges it', async () => {
    const { disk, put, settled } = await begun()
    const ends: number[] = []
    for (let n = 0; n < 10; n++) {
      put(`s${n}`)
      settled().then(() => ends.push(disk.steps.length))
    }
    assert.equal(await settled(), null)
    assert.deepEqual(disk.steps, ['write 1'])
    assert.deepEqual(ends, Array(10).fill(1))
  })

  it('has one batch in flight, and gathers the next meanwhile', async () => {
    const { disk, put, settled } = await begun()
    const during: number[] = []
    disk.fault = (step) => {
      if (step === 'write') during.push(disk.steps.length)
      if (during.length < 5) for (let n = 0; n < 10; n++) put(`s${n}`)
      return undefined
    }
    put('first')
    for (let n = 0; n < 6; n++) await settled()
    assert.deepEqual(during, [0, 1, 2, 3, 4])
  })

  it('writes no more than a megabyte at once, but for a record that is larger', async () => {
    const { disk, put, settled } = await begun()
    const text = 'x'.repeat(300_000)
    const ends: number[] = []
    disk.fault = (step) => {
      if (step === 'write') ends.push(disk.read('/1').length)
      return undefined
    }
    for (let n = 0; n < 10; n++) put(`s${n}`, text)
    put('giant', 'x'.repeat(2 * MOST_BYTES))
    await settled()
    const lengths = ends.slice(1).map((end, nth) => end - (ends[nth] as number))
    assert.equal(lengths.length, 4)
    assert.ok(lengths.every((length) => length <= MOST_BYTES))
  })

  it('acknowledges at once where nothing waits', async () => {
    const { journal } = await begun()
    let error: Error | null | undefined
    journal.settled((each) => {
      error = each
    })
    assert.equal(error, null)
  })

  it('syncs once a period, when there is something to sync', async () => {
    const { clock, disk, put, settled } = await begun()
    clock.pass(10 * PERIOD)
    for (const round of [1, 2]) {
      put('a')
      await settled()
      put('b')
      await settled()
      clock.pass(PERIOD - 1)
      assert.equal(disk.steps.filter((step) => step === 'datasync 1').length, round - 1)
      clock.pass(1)
      await nextTurn()
      assert.equal(disk.steps.filter((step) => step === 'datasync 1').length, round)
    }
  })

  it('can do without the timer', async () => {
    const { clock, disk, journal, put, settled } = await begun()
    put('a')
    await settled()
    journal.timed = false
    clock.pass(10 * PERIOD)
    put('b')
    await settled()
    clock.pass(10 * PERIOD)
    assert.ok(!disk.steps.includes('datasync 1'))
    journal.timed = true
    clock.pass(PERIOD)
    await nextTurn()
    assert.ok(disk.steps.includes('datasync 1'))
  })

  it('acknowledges what is synced at a period of 0, batch by batch', async () => {
    const { disk, put, settled } = await begun(0)
    put('a')
    await settled()
    put('b')
    await settled()
    assert.deepEqual(disk.steps, ['write 1', 'datasync 1', 'write 1', 'datasync 1'])
  })

  it('goes on in another segment, and syncs the former before', async () => {
    const { disk, journal, segment, put, settled } = await begun()
    put('a')
    const next = await segment(2)
    const switched = journal.goOn(next)
    put('b')
    await switched
    put('c')
    await settled()
    const order = disk.steps.filter((step) => /^(write|datasync) [12]$/.test(step)).slice(-4)
    assert.deepEqual(order, ['datasync 2', 'write 1', 'datasync 1', 'write 2'])
    assert.equal(journal.segment?.number, 2)
  })

  it('gives a segment up that failed, with all that was on its way, until it gets another', async () => {
    const { disk, journal, failed, segment, put, settled } = await begun()
    disk.fault = (step) => (step === 'write' ? failure('EIO') : undefined)
    put('a', 'x'.repeat(MOST_BYTES))
    put('b', 'x'.repeat(MOST_BYTES))
    const waiting = settled()
    put('c')
    assert.equal(await waiting, failed[0])
    await nextTurn()
    assert.deepEqual([await settled(), failed.length], [null, 1])
    assert.equal(journal.sink(1), undefined)
    await assert.rejects(journal.sync(), { code: 'EIO' })
    disk.fault = undefined
    await journal.goOn(await segment(2))
    put('d')
    assert.equal(await settled(), null)
    await journal.sync()
    assert.equal(disk.read('/1').length, HEADER_BYTES)
  })

  it('that is abandoned never goes on', async () => {
    const { disk, journal, segment, put, settled } = await begun()
    put('a')
    const next = journal.goOn(await segment(2))
    journal.abandon(failure('ELOCKED'))
    await next
    await journal.goOn(await segment(3))
    put('b')
    await settled()
    assert.deepEqual([disk.read('/2').length, disk.read('/3').length], [HEADER_BYTES, HEADER_BYTES])
  })
})
