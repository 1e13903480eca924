/** Of `sessions.ts`: what a session must meet before it is stored. */

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { LembroOptions } from '../../lib/settings/options'
import { plainSession } from '../support/sessions'
import { storeAt } from '../support/store'
import { stopTime } from '../support/time'

function make(t: TestContext, options: LembroOptions = {}) {
  const time = stopTime(t)
  const store = storeAt(time.clock, { maxSize: '8K', interval: false, ...options })
  store.on('error', () => {})
  const signIn = (sid: string, user: string, text = '', maxAge = 60_000) =>
    store.set(sid, plainSession({ user, text }, { maxAge }))
  return { time, store, signIn }
}

const tooBig = (message: RegExp) => ({ code: 'ESESSIONTOOBIG', name: 'RangeError', message })

describe('a session', () => {
  it('is refused beyond maxEntrySize, which counts', async (t) => {
    const { store, signIn } = make(t, { maxEntrySize: 600 })
    await signIn('a', 'ann')
    await assert.rejects(signIn('a', 'ann', 'x'.repeat(600)), tooBig(/larger than maxEntrySize/))
    assert.equal(store.stats().refused.tooBig, 1)
    assert.ok(await store.get('a'))
  })

  it('is refused where it would push out those of users, in words that say whose', async (t) => {
    const { time, store, signIn } = make(t)
    for (let n = 0; n < 20; n++) await signIn(`s${n}`, `user-${n}`)
    time.pass(60_000 - 1)
    for (let n = 0; n < 20; n++) await store.touch(`s${n}`, plainSession({}, { maxAge: 120_000 }))
    time.pass(1)
    for (let n = 0; n < 20; n++) await store.touch(`s${n}`, plainSession({}, { maxAge: 120_000 }))
    const large = 'x'.repeat(6000)
    await assert.rejects(
      store.set('stranger', plainSession({ text: large })),
      tooBig(/belongs to nobody and would push out those of your users/),
    )
    await assert.rejects(
      signIn('large', 'bob', large),
      tooBig(/would push out those of your other users/),
    )
    assert.deepEqual([store.stats().members, store.stats().refused.tooBig], [20, 2])
  })
})

describe('room for an owner with maxPerOwner', () => {
  it('is made by evicting the oldest, which counts apart and is revoked', async (t) => {
    const { store, signIn } = make(t, { maxPerOwner: 2 })
    for (const sid of ['a', 'b', 'c']) await signIn(sid, 'ann')
    assert.deepEqual(await store.ids(), ['c', 'b'])
    const { evicted, lastEvicted } = store.stats()
    assert.deepEqual([evicted.perOwner, evicted.owned, lastEvicted.owned], [1, 0, null])
  })

  it('is there where one has expired: no live one has to go for it', async (t) => {
    const { time, store, signIn } = make(t, { maxPerOwner: 2 })
    await signIn('live', 'ann')
    await signIn('expired', 'ann', '', 10)
    time.pass(10)
    await signIn('new', 'ann')
    assert.deepEqual(await store.ids(), ['new', 'live'])
  })
})
