/** Of a store in the tests of an application that fake the global timers, as Vitest and Jest do. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { Lembro } from '../lib/store'
import { newSession } from './support/sessions'

const FAKED = ['setTimeout', 'setInterval', 'setImmediate'] as const

for (const apis of [[...FAKED], [...FAKED, 'Date' as const]]) {
  describe(`where a test fakes ${apis.join(', ')}`, () => {
    it('every method still ends, with a callback and with a promise', async (t) => {
      const store = new Lembro({ maxSize: '64K' })
      t.mock.timers.enable({ apis })
      const ended = (method: (callback: (error: unknown, value?: unknown) => void) => void) =>
        new Promise((resolve, reject) => {
          method((error, value) => (error ? reject(error) : resolve(value)))
        })
      await ended((end) => store.set('a', newSession(store, 'a', { userId: 'ann' }), end))
      assert.ok(await ended((end) => store.get('a', end)))
      assert.equal(await ended((end) => store.length(end)), 1)
      await ended((end) => store.destroyOwner('ann', end))
      await ended((end) => store.clear(end))
      await store.prune()
      await store.reduce('1K')
      await store.close()
    })
  })
}

it('where a test fakes the timers and the time, that time purges, and a close stops it', async (t) => {
  t.mock.timers.enable({ apis: [...FAKED, 'Date'] })
  const store = new Lembro({ interval: 1000 })
  await store.set('brief', { cookie: { maxAge: 500 } } as never)
  await store.set('long', { cookie: { maxAge: 5000 } } as never)
  t.mock.timers.tick(1000)
  assert.equal(store.stats().expired, 1)
  await store.close()
  t.mock.timers.tick(10_000)
  assert.equal(store.stats().expired, 1)
})

it('to load lembro opens nothing that a search for open handles would find', () => {
  const script = `
    const open = new Map()
    require('node:async_hooks').createHook({
      init: (id, type) => { if (/lembro/i.test(type)) open.set(id, type) },
      destroy: (id) => open.delete(id),
    }).enable()
    require('./dist/index.js')
    setImmediate(() => console.log(JSON.stringify([...open.values()])))`
  assert.deepEqual(
    JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })),
    [],
  )
})
