/** Of `replay.ts` and `restore.ts`. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CookieJar } from '../../../lib/entry/cookie'
import { Entry } from '../../../lib/entry/entry'
import { type Read, readRecord } from '../../../lib/persistence/format/record'
import { RecordWriter } from '../../../lib/persistence/format/record-writer'
import { Batch } from '../../../lib/persistence/journal/batch'
import { Replay } from '../../../lib/persistence/recovery/replay'
import { Disk } from '../../support/disk'
import { on, SteppedClock } from '../../support/saving'
import { plainSession } from '../../support/sessions'
import { coreOf } from '../../support/store'

const writer = new RecordWriter(1, true, undefined)

/** Applies what `write` writes. */
function apply(replay: Replay, write: (batch: Batch) => void, change = (read: Read) => read): void {
  const batch = new Batch()
  write(batch)
  const read = readRecord(batch.bytes, 0, batch.length, undefined)
  if (typeof read === 'object') replay.apply(change(read), batch.length)
}

function put(replay: Replay, sid: string, body = ''): void {
  const entry = new Entry(sid)
  entry.body = body
  apply(replay, (batch) => writer.put(batch, entry))
}

function idsOf(replay: Replay): string[] {
  const next = replay.end()
  const ids: string[] = []
  for (let entry = next(); entry !== undefined; entry = next()) ids.push(entry.sid)
  return ids
}

describe('a replay', () => {
  it('gives what the records add up to, in age order', () => {
    const replay = new Replay(new CookieJar(), 1e9)
    for (const sid of ['a', 'b', 'c', 'd']) put(replay, sid)
    apply(replay, (batch) => writer.touch(batch, new Entry('b'), false))
    apply(replay, (batch) => writer.remove(batch, 'c'))
    apply(replay, (batch) => writer.remove(batch, 'never there'))
    put(replay, 'a')
    assert.deepEqual([replay.dropped, idsOf(replay)], [false, ['d', 'b', 'a']])
  })

  it('holds no more bytes than its ceiling: the oldest go, and it says so', () => {
    const replay = new Replay(new CookieJar(), 10_000)
    for (let n = 0; n < 100; n++) put(replay, `s${n}`, 'x'.repeat(1000))
    const ids = idsOf(replay)
    assert.ok(ids.length < 10 && ids.length > 5)
    assert.deepEqual([ids.at(-1), replay.dropped], ['s99', true])
  })

  it('forgets all at a clear', () => {
    const replay = new Replay(new CookieJar(), 1e9)
    put(replay, 'a')
    apply(replay, (batch) => writer.clear(batch))
    put(replay, 'b')
    assert.deepEqual(idsOf(replay), ['b'])
  })
})

describe('an expiry that no entry can keep', () => {
  const LATE = Date.UTC(2200, 0, 1)

  /** A record of that expiry, as one who could keep it wrote it. */
  function late(replay: Replay, write: (batch: Batch) => void, expiry: number): void {
    apply(replay, write, (read) => ({ ...read, expiry }))
  }

  it('is the only one that a cookie keeps: any other is that of the entry', () => {
    const jar = new CookieJar()
    const entry = new Entry('a')
    entry.expiry = Date.UTC(2100, 0, 1)
    entry.cookie = jar.keep({ path: '/', expires: new Date(entry.expiry) }, entry.expiry)
    const replay = new Replay(jar, 1e9)
    apply(replay, (batch) => writer.put(batch, entry))
    assert.deepEqual(replay.end()()?.cookie, entry.cookie)
  })

  it('is no other for a cookie that has its own, or none', () => {
    const jar = new CookieJar()
    for (const cookie of [{ path: '/' }, { path: '/', expires: new Date(LATE - 1) }]) {
      const replay = new Replay(jar, 1e9)
      const entry = new Entry('a')
      entry.cookie = jar.keep(cookie, entry.expiry)
      late(replay, (batch) => writer.put(batch, entry), LATE)
      assert.deepEqual(replay.end()()?.cookie, entry.cookie)
    }
  })
})

describe('a known member', () => {
  it('is one after a start as well, by a set or a touch, and a newcomer is none', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const first = await on(disk, clock).open({ saveFile: '/sessions' })
    for (const userId of ['set', 'touched']) {
      await first.store.set(userId, plainSession({ userId }, { maxAge: 1e9 }))
    }
    clock.pass(61_000)
    await first.store.set('set', plainSession({ userId: 'set' }, { maxAge: 1e9 }))
    await first.store.touch('touched', plainSession({}, { maxAge: 1e9 }))
    await first.store.set('newcomer', plainSession({ userId: 'newcomer' }, { maxAge: 1e9 }))
    await first.store.set('stranger', plainSession({}, { maxAge: 1e9 }))
    await first.store.close()
    const { store } = await on(disk, clock).open({ saveFile: '/sessions' })
    const { ledger } = coreOf(store)
    const known = ['set', 'touched', 'newcomer', 'stranger'].map((sid) => ledger.find(sid)?.known)
    assert.deepEqual(known, [true, true, false, false])
    await store.close()
  })
})

describe('an absoluteTtl that is new', () => {
  it('counts from the first start with it, and not again from each', async () => {
    const [disk, clock] = [new Disk(), new SteppedClock()]
    const first = await on(disk, clock).open({ saveFile: '/sessions' })
    await first.store.set('a', plainSession({}, { maxAge: 1e9 }))
    await first.store.close()
    for (let start = 0; start < 4; start++) {
      const { store } = await on(disk, clock).open({ saveFile: '/sessions', absoluteTtl: 3000 })
      assert.equal((await store.ids()).length, start < 3 ? 1 : 0)
      await store.close()
      clock.pass(1000)
    }
  })
})
