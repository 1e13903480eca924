/** Of what `maxSize` bounds, whose session gives way, and who removes it: `shared-file.ts` and `store.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, it } from 'node:test'
import { newSaveFile } from '../support/folder'
import { open } from '../support/saving'
import { plainSession } from '../support/sessions'
import { openShared } from '../support/shared'
import { SharedProcess } from '../support/shared-processes'
import { stopTime } from '../support/time'

const MIB = 1024 * 1024

describe('the budget of a shared file', () => {
  it('is kept by the file, whatever the size of its sessions', async () => {
    for (const length of [10, 300, 3000]) {
      const maxSize = 2 * MIB
      const { store, saveFile } = await openShared({ maxSize })
      const text = 'x'.repeat(length)
      for (let n = 0; store.stats().evicted.anonymous < 100; n += 50) {
        const sets = Array.from({ length: 50 }, (_, i) =>
          store.set(`a stranger with the number ${n + i}`, plainSession({ text })),
        )
        await Promise.all(sets)
        assert(store.stats().bytes <= maxSize)
      }
      await store.close()
      const bytes = fs.statSync(saveFile).size
      assert(bytes < 1.1 * maxSize && bytes > 0.5 * maxSize, `${bytes} bytes at ${length}`)
    }
  })

  it('logs out nobody of another process for a flood of strangers, and all processes see one sum', async (t) => {
    const saveFile = newSaveFile()
    const options = { maxSize: MIB }
    const [one, other] = await Promise.all(
      [0, 1].map(() => SharedProcess.start(t, { saveFile, options })),
    )
    await one?.ask('fill', 0, 200, 'user')
    await other?.ask('fill', 0, 4000)
    assert.equal(await one?.ask('get', 'x10'), undefined)
    for (let n = 0; n < 200; n++) assert.notEqual(await one?.ask('get', `user${n}`), undefined)
    const [mine, theirs] = await Promise.all([one, other].map((each) => each?.ask<Sums>('stats')))
    assert.equal(mine?.bytes, theirs?.bytes)
    assert.equal(mine?.sessions, theirs?.sessions)
    assert.equal(mine?.owned, 200)
    assert((theirs?.evicted.anonymous ?? 0) > 2000)
    assert.equal(theirs?.evicted.owned, 0)
  })

  it('is added up with each change, as what is there', async () => {
    const saveFile = newSaveFile()
    const { store } = await openShared({ saveFile, maxSize: MIB, touchAfter: 0 })
    for (let n = 0; n < 500; n++) {
      const sid = `s${(n * 7) % 60}`
      const session = plainSession({
        text: 'x'.repeat(n % 90),
        ...(n % 3 ? { user: `u${n % 5}` } : {}),
      })
      if (n % 11 === 0) await store.destroy(sid)
      else if (n % 5 === 0) await store.touch(sid, plainSession({}, { maxAge: 60_000 + n }))
      else await store.set(sid, session)
    }
    const { sessions, anonymous, owned, bytes } = store.stats()
    assert.equal(sessions, (await store.ids()).length)
    await store.close()
    // A store that has it alone drops the index: it is built anew.
    await (await open({ saveFile })).store.close()
    const again = await openShared({ saveFile, maxSize: MIB })
    const now = again.store.stats()
    assert.deepEqual(
      { sessions, anonymous, owned, bytes },
      {
        ...{ sessions: now.sessions, anonymous: now.anonymous, owned: now.owned },
        bytes: now.bytes,
      },
    )
    await again.store.close()
  })

  it('makes a member of whom it sees again a minute after the sign-in', async (t) => {
    const time = stopTime(t)
    const { store } = await openShared({}, time.clock)
    const visit = () => plainSession({ user: 'ann' }, { maxAge: 600_000 })
    await store.set('a', visit())
    time.pass(59_999)
    await store.set('a', visit())
    assert.deepEqual([store.stats().newcomers, store.stats().members], [1, 0])
    time.pass(1)
    await store.touch('a', plainSession({ user: 'ann' }, { maxAge: 900_000 }))
    assert.deepEqual([store.stats().newcomers, store.stats().members], [0, 1])
    await store.set('a', plainSession({ user: 'bob' }, { maxAge: 600_000 }))
    assert.deepEqual([store.stats().newcomers, store.stats().members], [1, 0])
    await store.close()
  })

  it('trims when asked: what has expired first, then strangers, the longest unused first', async (t) => {
    const time = stopTime(t)
    const told: string[] = []
    const { store } = await openShared(
      { dispose: (sid, _text, cause) => told.push(`${sid} ${cause}`) },
      time.clock,
    )
    store.on('evict', (sid, { owner }) => told.push(`${sid} evicted, of ${owner}`))
    await store.set('brief', plainSession({}, { maxAge: 1000 }))
    await store.set('user', plainSession({ user: 'ann' }))
    await store.set('old', plainSession())
    await store.set('new', plainSession())
    time.pass(1000)
    const { bytes } = store.stats()
    const report = await store.reduce(Math.floor(bytes * 0.6))
    assert.deepEqual([report.evicted, report.to], [1, store.stats().bytes])
    assert.deepEqual(told, ['brief expire', 'old evict', 'old evicted, of undefined'])
    assert.equal(store.stats().lastEvicted.anonymous, 1000)
    await store.reduce(1)
    assert.deepEqual(await store.ids(), ['user'])
    await store.destroy('user')
    assert.equal(told.at(-1), 'user destroy')
    await store.close()
  })

  it('lets the number of sessions be limited too, and refuses what could not stay', async () => {
    const { store } = await openShared({ max: 3, maxSize: '100K' })
    store.on('error', () => {})
    for (const sid of ['a', 'b', 'c', 'd']) await store.set(sid, plainSession({ user: sid }))
    assert.deepEqual(await store.ids(), ['b', 'c', 'd'])
    for (const sid of ['b', 'c', 'd']) {
      await store.set(sid, plainSession({ user: sid, text: 'x'.repeat(19_000) }))
    }
    const large = plainSession({ text: 'x'.repeat(60_000) })
    await assert.rejects(store.set('e', large), { code: 'ESESSIONTOOBIG' })
    assert.equal(store.stats().refused.tooBig, 1)
    assert.deepEqual(await store.ids(), ['b', 'c', 'd'])
    await store.close()
  })

  it('refuses a session of more than a fifth for which more trusted ones would have to go, and no other', async () => {
    const { store } = await openShared({ maxSize: '100K' })
    store.on('error', () => {})
    const session = (kb: number, user?: string) =>
      plainSession({ text: 'x'.repeat(kb * 870), ...(user === undefined ? {} : { user }) })
    for (const user of ['a', 'b', 'c', 'd']) await store.set(user, session(20, user))
    const code = 'ESESSIONTOOBIG'
    await assert.rejects(store.set('e', session(30)), { code, message: /belongs to nobody/ })
    await store.set('e', session(19))
    assert.equal((await store.ids()).length, 5)
    // Newcomers may push out newcomers.
    await store.set('f', session(60, 'f'))
    assert.notEqual(await store.get('f'), undefined)
    await store.close()
  })

  it('lets the loop come round while many sessions are ended', async () => {
    const { store } = await openShared()
    const sids = Array.from({ length: 400 }, (_, n) => `s${n}`)
    await Promise.all(sids.map((sid) => store.set(sid, plainSession())))
    let rounds = 0
    const count = () => {
      rounds++
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    await store.destroy(sids.slice(0, 200))
    assert(rounds >= 4, `${rounds} for 200 by their ids`)
    rounds = 0
    await store.clear()
    clearImmediate(counting)
    assert(rounds >= 4, `${rounds} for all`)
    assert.deepEqual(await store.ids(), [])
    await store.close()
  })

  it('clears the sessions that are there, and none that comes meanwhile', async () => {
    const { store } = await openShared()
    const sids = Array.from({ length: 120 }, (_, n) => `s${n}`)
    await Promise.all(sids.map((sid) => store.set(sid, plainSession())))
    const clearing = store.clear()
    await store.set('new', plainSession())
    await clearing
    assert.deepEqual(await store.ids(), ['new'])
    await store.close()
  })

  it('tells of each session that has expired once, though two processes purge at the same time', async (t) => {
    const time = stopTime(t)
    const saveFile = newSaveFile()
    const told: string[] = []
    const one = await openShared({ saveFile, dispose: (sid) => told.push(sid) }, time.clock)
    const other = await openShared({ saveFile, dispose: (sid) => told.push(sid) }, time.clock)
    const sids = Array.from({ length: 120 }, (_, n) => `s${n}`)
    await Promise.all(sids.map((sid) => one.store.set(sid, plainSession({}, { maxAge: 1000 }))))
    time.pass(1000)
    await Promise.all([one.store.prune(), other.store.prune()])
    assert.deepEqual(told.sort(), sids.sort())
    assert.equal(one.store.stats().expired + other.store.stats().expired, 120)
    await one.store.close()
    await other.store.close()
  })
})

interface Sums {
  readonly bytes: number
  readonly sessions: number
  readonly owned: number
  readonly evicted: { readonly anonymous: number; readonly owned: number }
}
