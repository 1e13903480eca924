/** Floods from those who can sign in: who of the members is still signed in afterwards? */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReduceReport } from '../lib/stats'
import { Lembro } from '../lib/store'
import { come, membersIn, signInMembers, visit } from './support/crowd'
import { plainSession } from './support/sessions'
import { storeAt } from './support/store'
import { nextTurn, stopTime } from './support/time'

const MEMBERS = 200
const FLOOD = 20_000

/** A store in which 200 known members hold a share of the budget. */
async function withMembers(t: Parameters<typeof stopTime>[0], share: number, maxSize = '512K') {
  const time = stopTime(t)
  const store = storeAt(time.clock, { maxSize, interval: false })
  await signInMembers(store, time, MEMBERS, share)
  const { members, bytes, maxBytes } = store.stats()
  assert.equal(members, MEMBERS)
  assert.ok(Math.abs(bytes / maxBytes - share) < 0.01, `${bytes} of ${maxBytes}`)
  return { store, time }
}

/** Lets so many come, one ms after the other, and the trims go on meanwhile. */
async function flood(count: number, time: { pass(ms: number): void }, one: (n: number) => void) {
  for (let n = 0; n < count; n++) {
    one(n)
    if (n % 100 === 0) {
      time.pass(100)
      await nextTurn()
    }
  }
}

describe('members stay, every one of 200,', () => {
  for (const share of [0.2, 0.62, 0.7, 0.78]) {
    it(`in a flood of strangers, while they hold ${share * 100}% of maxSize`, async (t) => {
      const { store, time } = await withMembers(t, share)
      await flood(FLOOD, time, (n) => come(store, `stranger-${n}`))
      assert.equal(await membersIn(store, MEMBERS), MEMBERS)
      assert.equal(store.stats().evicted.members, 0)
      assert.ok(store.stats().anonymous > 0)
    })
  }

  it('in a flood of new accounts, where the clock was set back an hour after they signed in', async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { maxSize: '512K', interval: false })
    for (let n = 0; n < MEMBERS; n++) {
      come(store, `member-${n}`, `member-${n}`, { text: 'x'.repeat(1000) })
    }
    time.clock.set(time.clock.now() - 3_600_000)
    time.pass(60_000)
    for (let n = 0; n < MEMBERS; n++) await visit(store, `member-${n}`)
    assert.equal(store.stats().members, MEMBERS)
    await flood(FLOOD, time, (n) => come(store, `new-${n}`, `new-${n}`))
    assert.equal(await membersIn(store, MEMBERS), MEMBERS)
  })

  it('in a flood of sign-ins to one account', async (t) => {
    const { store, time } = await withMembers(t, 0.6)
    await flood(FLOOD, time, (n) => come(store, `again-${n}`, 'mallory'))
    assert.equal(await membersIn(store, MEMBERS), MEMBERS)
  })

  it('where one of them signs in again and again, and each session is used long enough to be known', async (t) => {
    const { store, time } = await withMembers(t, 0.5)
    for (let n = 0; n < 3000; n++) {
      come(store, `again-${n}`, 'mallory')
      if (n % 50 !== 49) continue
      time.pass(60_000)
      for (let i = n - 49; i <= n; i++) await visit(store, `again-${i}`)
      for (let i = 0; i < MEMBERS; i += 10) await visit(store, `member-${i}`)
    }
    assert.equal(await membersIn(store, MEMBERS), MEMBERS)
    assert.ok(store.stats().evicted.members > 0, "mallory's")
  })

  for (const [what, userOf] of [
    ['guests with an empty user', () => ({})],
    ['fresh accounts', (n: number) => `fresh-${n}`],
  ] as const) {
    it(`in a flood of ${what}, while they hold three fifths`, async (t) => {
      const { store, time } = await withMembers(t, 0.6)
      await flood(FLOOD, time, (n) => come(store, `new-${n}`, userOf(n)))
      assert.equal(await membersIn(store, MEMBERS), MEMBERS)
    })
  }

  for (const strangers of [false, true]) {
    const too = strangers ? ' and of strangers at the same time' : ''
    it(`in a flood of 2,000 accounts of one to five sessions${too}`, async (t) => {
      const { store, time } = await withMembers(t, 0.6, '4M')
      await flood(FLOOD, time, (n) => {
        const account = n % 2000
        come(store, `session-${account}-${Math.floor(n / 2000) % (1 + (account % 5))}`, account)
        if (strangers) come(store, `stranger-${n}`)
      })
      assert.equal(await membersIn(store, MEMBERS), MEMBERS)
    })
  }
})

describe('newcomers, in a flood of other newcomers,', () => {
  it('stay a while: as long as it takes to fill their fifth', async (t) => {
    const { store, time } = await withMembers(t, 0.78, '4M')
    await flood(10_000, time, (n) => come(store, `fresh-${n}`, `fresh-${n}`))
    const { newcomers, members } = store.stats()
    assert.ok(newcomers > 500, `${newcomers}`)
    for (let n = 10_000 - newcomers; n < 10_000; n++) assert.ok(await store.get(`fresh-${n}`))
    // Beyond three fifths members give way, until newcomers have theirs.
    assert.ok(members > MEMBERS * 0.7, `${members}`)
  })

  it('outlive one account that signs in again and again', async (t) => {
    const { store, time } = await withMembers(t, 0.6)
    for (let n = 0; n < 50; n++) come(store, `new-${n}`, `new-${n}`)
    await flood(FLOOD, time, (n) => come(store, `again-${n}`, 'mallory'))
    for (let n = 0; n < 50; n++) assert.ok(await store.get(`new-${n}`), `new-${n}`)
  })
})

describe('a cart that grows to 80% of the budget', () => {
  it('pushes out none of 200 members: it is not stored beyond the room that is there', async (t) => {
    const { store } = await withMembers(t, 0.6)
    const { maxBytes } = store.stats()
    const refused: unknown[] = []
    for (let share = 0.02; share <= 0.8; share += 0.02) {
      const cart = 'x'.repeat(maxBytes * share)
      const one = plainSession({ user: 'mallory', cart })
      await store.set('cart', one).catch((error) => refused.push(error.code))
    }
    assert.equal(await membersIn(store, MEMBERS), MEMBERS)
    assert.ok(refused.length > 15 && refused.every((code) => code === 'ESESSIONTOOBIG'))
    const [cart] = [(await store.get('cart')) as { cart?: string } | undefined]
    assert.ok(Number(cart?.cart?.length) > maxBytes * 0.3, 'as large as there was room')
  })

  it('goes before those who hold far less, once others need room', async (t) => {
    const { store, time } = await withMembers(t, 0.2)
    const { maxBytes } = store.stats()
    for (let n = 0; n < 20; n++) come(store, `early-${n}`, `early-${n}`)
    await store.set('cart', plainSession({ user: 'mallory', cart: 'x'.repeat(maxBytes * 0.7) }))
    await flood(600, time, (n) => come(store, `new-${n}`, `new-${n}`))
    assert.equal(await store.get('cart'), undefined)
    for (let n = 0; n < 20; n++) assert.ok(await store.get(`early-${n}`), `early-${n}`)
    assert.equal(await membersIn(store, MEMBERS), MEMBERS)
  })
})

describe('without a flood nobody notices lanes:', () => {
  for (const [who, owner] of [
    ['newcomers', (n: number) => `user-${n}`],
    ['guests', () => ({})],
    ['strangers', () => undefined],
  ] as const) {
    it(`${who} alone use the whole budget, oldest first`, async () => {
      const store = new Lembro({ maxSize: '64K', interval: false })
      const trimmed = new Promise<ReduceReport>((resolve) => store.once('reduce', resolve))
      let n = 0
      while (store.stats().evicted.owned + store.stats().evicted.anonymous === 0) {
        come(store, `s${n}`, owner(n))
        n++
      }
      const { from } = await trimmed
      assert.ok(from > 0.98 * 64 * 1024, `${from}`)
      const { sessions } = store.stats()
      const newest = Array.from({ length: sessions }, (_, i) => `s${n - 1 - i}`)
      assert.deepEqual(await store.ids(), newest)
    })
  }

  it('with owner: false it is plain oldest first, whoever returned', async (t) => {
    const time = stopTime(t)
    const store = storeAt(time.clock, { max: 4, owner: false, interval: false })
    for (const sid of ['a', 'b', 'c', 'd']) come(store, sid, sid)
    time.pass(60_000)
    for (const sid of ['b', 'a', 'c', 'd']) await visit(store, sid)
    come(store, 'e')
    assert.deepEqual(await store.ids(), ['e', 'd', 'c', 'a'])
    come(store, 'f')
    assert.deepEqual(await store.ids(), ['f', 'e', 'd', 'c'])
  })
})
