/** Of `persistence.ts`, `changes.ts`, `loading.ts` and what `index.ts` gives the core, when nothing fails. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, it } from 'node:test'
import { Lembro } from '../../lib/store'
import { describeContract } from '../support/contract'
import { newSaveFile } from '../support/folder'
import { runNode } from '../support/process'
import { open } from '../support/saving'
import { type Data, newSession, plainSession, roundTrip } from '../support/sessions'
import { NOON, stopTime } from '../support/time'

for (const [setting, more] of [
  ['with a saveFile', {}],
  ['with a saveFile and savePeriod 0', { savePeriod: 0 }],
  ['with a saveFile and saveKeys', { saveKeys: ['a text of 16 characters or more'] }],
] as const) {
  describeContract(setting, async (options) => {
    const { store, error } = await open({ saveFile: newSaveFile(), ...more, ...options })
    assert.equal(error, null)
    return store
  })
}

describe('sessions that were saved', () => {
  it('come back as they were, in their order, with their owners', async () => {
    const saveFile = newSaveFile()
    const sessions: [string, Data][] = [
      ['plain', plainSession({ n: 1, text: 'é' })],
      ['wide', plainSession({ text: '世界', nested: { a: [1] } })],
      ['__proto__', plainSession({ userId: 'ann' })],
      ['\ud800', plainSession({ userId: '世' })],
      ['', plainSession({ user: { name: 'nobody knows' } })],
      ['no cookie', { foo: 1 } as unknown as Data],
      ['browser', plainSession({}, {})],
      ['other cookie', plainSession({}, { path: `/${'x'.repeat(300)}`, maxAge: 5000 })],
    ]
    const first = await open({ saveFile })
    for (const [sid, session] of sessions) await first.store.set(sid, session)
    await first.store.touch('plain', plainSession({}, { maxAge: 90_000, path: '/touched' }))
    await first.store.touch('wide', plainSession({}, { maxAge: 90_000 }))
    const all = await first.store.all()
    const ids = await first.store.ids()
    const { owned, anonymous, bytes } = first.store.stats()
    await first.store.close()

    const { store, error, heard } = await open({ saveFile })
    assert.deepEqual([error, heard], [null, []])
    assert.deepEqual(await store.all(), all)
    assert.deepEqual(await store.ids(), ids)
    assert.deepEqual(await store.idsOf('ann'), ['__proto__'])
    assert.deepEqual(await store.idsOf('世'), ['\ud800'])
    const stats = store.stats()
    assert.deepEqual([stats.owned, stats.anonymous, stats.bytes], [owned, anonymous, bytes])
    assert.equal(stats.sets, 0)
    await store.close()
  })

  it('are not there again once destroyed, cleared or evicted', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile, max: 3 })
    for (const sid of ['a', 'b', 'c']) await first.store.set(sid, plainSession())
    await first.store.clear()
    for (const sid of ['d', 'e', 'f', 'g', 'h']) {
      await first.store.set(sid, plainSession({ userId: sid }))
    }
    await first.store.destroy('f')
    await first.store.destroyOwner('g')
    await first.store.close()
    const { store } = await open({ saveFile })
    assert.deepEqual(await store.ids(), ['h'])
    await store.close()
  })

  it('expire while nobody runs', async (t) => {
    const time = stopTime(t)
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    await first.store.set('brief', plainSession({}, { maxAge: 1000 }))
    await first.store.set('long', plainSession({}, { maxAge: 1000 }))
    await first.store.touch('long', plainSession({}, { maxAge: 5000 }))
    await first.store.set('cut', plainSession({}, { maxAge: 5000 }))
    await first.store.touch('cut', plainSession({}, { maxAge: 0 }))
    await first.store.close()
    time.pass(1000)
    const { store } = await open({ saveFile })
    assert.deepEqual(await store.ids(), ['long'])
    assert.equal(store.stats().sessions, 1)
    time.pass(4000)
    assert.equal(await store.get('long'), undefined)
    await store.close()
  })

  it('keep the instant of their creation for absoluteTtl', async (t) => {
    const time = stopTime(t)
    const saveFile = newSaveFile()
    for (let round = 0; round < 4; round++) {
      const { store } = await open({ saveFile, absoluteTtl: 3000 })
      if (round === 0) await store.set('a', newSession(store, 'a'))
      const session = await store.get('a')
      assert.equal(session !== undefined, round < 3)
      if (session !== undefined) await store.set('a', session)
      await store.close()
      time.pass(1000)
    }
  })

  it('count from the start where their creation is not known', async (t) => {
    const time = stopTime(t)
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    await first.store.set('a', plainSession({}, { maxAge: 90_000 }))
    await first.store.close()
    time.pass(5000)
    const { store } = await open({ saveFile, absoluteTtl: 3000 })
    assert.equal((await store.get('a'))?.cookie.expires, new Date(NOON + 90_000).toISOString())
    time.pass(3000)
    assert.equal(await store.get('a'), undefined)
    await store.close()
  })

  it('lose their oldest to a smaller maxSize, for good', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    for (let n = 0; n < 100; n++) await first.store.set(`s${n}`, plainSession())
    await first.store.touch('s0', plainSession())
    const { bytes } = first.store.stats()
    await first.store.close()
    const second = await open({ saveFile, maxSize: Math.ceil(bytes / 10) })
    const ids = await second.store.ids()
    assert.ok(second.store.stats().bytes <= bytes / 10 + 1)
    assert.equal(ids[0], 's0')
    assert.deepEqual(
      ids.slice(1),
      Array.from({ length: ids.length - 1 }, (_, i) => `s${99 - i}`),
    )
    await second.store.save()
    await second.store.close()
    const { store } = await open({ saveFile, maxSize: Math.ceil(bytes / 10) })
    assert.deepEqual(await store.ids(), ids)
    await store.close()
  })

  it('get the owners that nobody asked for when they were saved', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile, owner: false })
    await first.store.set('a', plainSession({ userId: 'ann' }))
    await first.store.close()
    const second = await open({ saveFile })
    assert.deepEqual(await second.store.idsOf('ann'), ['a'])
    await second.store.close()
    const { store } = await open({ saveFile, owner: false })
    assert.deepEqual([store.stats().owned, store.stats().sessions], [0, 1])
    await store.close()
  })

  it('pass through a serializer of the user', async () => {
    const serializer = {
      stringify: (session: object) => Buffer.from(JSON.stringify(session)).toString('base64'),
      parse: (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()),
    }
    const saveFile = newSaveFile()
    const session = plainSession({ n: 1 })
    const first = await open({ saveFile, serializer })
    await first.store.set('a', session)
    await first.store.close()
    const { store } = await open({ saveFile, serializer })
    assert.deepEqual(await store.get('a'), roundTrip(session))
    await store.close()
  })
})

describe('a store that is still loading', () => {
  it('takes verbs, in order, and does them once it has loaded', async () => {
    const saveFile = newSaveFile()
    const first = await open({ saveFile })
    await first.store.set('a', plainSession({ n: 1 }))
    await first.store.close()
    const calls: string[] = []
    const note =
      <Value>(name: string) =>
      (value: Value) => {
        calls.push(name)
        return value
      }
    const store = new Lembro({ saveFile }, () => note('ready')(undefined))
    const answers = await Promise.all([
      store.get('a').then(note('get')),
      store.set('a', plainSession({ n: 2 })).then(note('set')),
      store.get('a').then(note('get')),
      store.destroy('a').then(note('destroy')),
      store.length().then(note('length')),
      store.close().then(note('close')),
    ])
    assert.deepEqual([(answers[0] as Data).n, (answers[2] as Data).n, answers[4]], [1, 2, 0])
    await assert.rejects(store.get('a'), { code: 'ECLOSED' })
    assert.equal(calls.includes('ready'), true)
    const again = await open({ saveFile })
    assert.deepEqual(await again.store.ids(), [])
    await again.store.close()
  })
})

describe('an acknowledgement', () => {
  it("comes in its caller's context, though others wait for the same write", async () => {
    const { store } = await open({ saveFile: newSaveFile() })
    const caller = new AsyncLocalStorage<number>()
    const seen = await Promise.all(
      [1, 2, 3].map((n) =>
        caller.run(
          n,
          () =>
            new Promise((resolve) =>
              store.set(`s${n}`, plainSession(), () => resolve(caller.getStore())),
            ),
        ),
      ),
    )
    assert.deepEqual(seen, [1, 2, 3])
    await store.close()
  })
})

describe('without a saveFile', () => {
  it('nothing of persistence is loaded, and the intervals and close do no harm', async () => {
    const { code, out } = await runNode(`
      const { Lembro } = require('./lib/store')
      const store = new Lembro()
      store.startSaveInterval()
      store.stopSaveInterval()
      store.save().catch((error) => console.log(error.message))
      store.close()
      const { sep } = require('node:path')
      console.log(Object.keys(require.cache).filter((file) => file.includes(sep + 'persistence' + sep)))
      console.log('save' in store.stats())
    `)
    assert.deepEqual([code, out], [0, '[]\nfalse\nsave: there is no saveFile\n'])
  })
})

describe('a process with a saveFile', () => {
  it('ends when nothing else keeps it, and what it set is there', async () => {
    const saveFile = newSaveFile()
    const { code, err } = await runNode(
      `
      const { Lembro } = require('./lib/store')
      const store = new Lembro({ saveFile: process.env.SAVE_FILE })
      store.set('a', { cookie: {} }, () => store.set('b', { cookie: {} }))
      `,
      { SAVE_FILE: saveFile },
    )
    assert.deepEqual([code, err], [0, ''])
    const { store, error } = await open({ saveFile })
    assert.deepEqual([error, await store.ids()], [null, ['b', 'a']])
    await store.close()
  })
})

describe('stats', () => {
  it('tell how saving goes', async () => {
    const { store } = await open({ saveFile: newSaveFile() })
    assert.deepEqual(Object.keys(store.stats().save ?? {}), [
      'saving',
      'bytes',
      'pending',
      'lastSave',
      'lastCompaction',
      'damaged',
      'unread',
    ])
    store.set('a', plainSession())
    assert.ok((store.stats().save?.pending ?? 0) > 0)
    await store.save()
    const { pending, lastSave, saving } = store.stats().save ?? {}
    assert.deepEqual([pending, typeof lastSave, saving], [0, 'number', true])
    await store.close()
  })
})
