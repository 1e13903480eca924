import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Lembro } from '../lib/store'
import { newSession, request, slicedSid } from './support/sessions'

// What the members would have under a plain cap: expressjs/session#128.
const MEMBERS = 1000
const ROOM = 5000
const STRANGERS = 200_000
const STRANGERS_AT_ONCE = 500
const VISITS_AT_ONCE = 50

/** Bytes for a number of sessions of which a fifth are members'. */
function roomFor(sessions: number): number {
  const scratch = new Lembro({ maxSize: Infinity, interval: 0 })
  for (let n = 0; n < 5; n++) signIn(scratch, `scratch-${n}`, n === 0 ? 'member-1' : undefined)
  return Math.ceil((scratch.stats().bytes / 5) * sessions)
}

function signIn(store: Lembro, sid: string, userId?: string): void {
  const data = { visits: 1, cart: ['espresso cups'] }
  const session = newSession(store, sid, userId === undefined ? data : { ...data, userId })
  // Longer than the spec takes on a busy machine.
  session.cookie.maxAge = 86_400_000
  store.set(sid, session)
}

/** A request that reads its session and touches it. Whether the session was there. */
async function visit(store: Lembro, sid: string): Promise<boolean> {
  const data = await store.get(slicedSid(sid))
  if (data === undefined) return false
  await store.touch(sid, store.createSession(request(sid, store), data))
  return true
}

describe('a flood of strangers', () => {
  it('logs no member out, and keeps no stranger from signing in', async () => {
    const maxSize = roomFor(ROOM)
    const store = new Lembro({ maxSize, interval: 0 })
    for (let n = 0; n < MEMBERS; n++) signIn(store, `member-${n}`, `member-${n}`)
    let [visits, found, signIns, signedIn] = [0, 0, 0, 0]
    for (let n = 1; n <= STRANGERS; n++) {
      signIn(store, `stranger-${n}`)
      await visit(store, `stranger-${n}`)
      // One in 500 signs in, when as many as 300 others have come since.
      if (n % 500 === 0) {
        const sid = `stranger-${n - 300}`
        signIns++
        if (await visit(store, sid)) {
          await store.destroy(sid)
          signIn(store, `new-member-${n}`, `new-member-${n}`)
          if (await visit(store, `new-member-${n}`)) signedIn++
        }
      }
      if (n % STRANGERS_AT_ONCE === 0) {
        for (let i = 0; i < VISITS_AT_ONCE; i++) {
          if (await visit(store, `member-${visits++ % MEMBERS}`)) found++
        }
        assert.ok(store.stats().bytes <= maxSize)
      }
    }
    assert.equal(found, visits)
    assert.ok(signedIn >= signIns * 0.99, `${signedIn} of ${signIns}`)
    assert.equal(store.stats().evicted.owned, 0)
    assert.ok(store.stats().evicted.anonymous > 150_000)
  })
})

describe('a store full of members alone', () => {
  it('is bounded all the same, and trims its oldest', async () => {
    const maxSize = roomFor(ROOM)
    const store = new Lembro({ maxSize, interval: 0 })
    for (let n = 0; n < 4 * ROOM; n++) {
      signIn(store, `member-${n}`, `member-${n}`)
      assert.ok(store.stats().bytes <= maxSize)
    }
    // Where a trim is still under way, until it ends.
    await store.reduce(maxSize)
    const { sessions, evicted } = store.stats()
    assert.equal(evicted.owned, 4 * ROOM - sessions)
    const newest = Array.from({ length: sessions }, (_, i) => `member-${4 * ROOM - 1 - i}`)
    assert.deepEqual(await store.ids(), newest)
  })

  it('still lets strangers in, and keeps a tenth of maxSize for them when it trims', async () => {
    const store = new Lembro({ maxSize: roomFor(ROOM), interval: 0 })
    for (let n = 0; n < 2 * ROOM; n++) signIn(store, `member-${n}`, `member-${n}`)
    for (let n = 0; n < ROOM; n++) signIn(store, `stranger-${n}`)
    await store.reduce()
    const { anonymous } = store.stats()
    // A stranger weighs less than the average of ROOM.
    assert.ok(anonymous >= ROOM / 10 && anonymous < (ROOM / 5) * 1.4, `${anonymous}`)
    for (let n = ROOM - anonymous; n < ROOM; n++) assert.ok(await store.get(`stranger-${n}`))
  })
})

describe('a large session of a stranger', () => {
  const members = (store: Lembro) => {
    for (let n = 0; n < 1000; n++) signIn(store, `member-${n}`, `member-${n}`)
  }
  const large = (store: Lembro, length: number) =>
    store.set('stranger', newSession(store, 'stranger', { draft: 'x'.repeat(length) }))

  it('is refused where it would push out members, who all stay', async () => {
    const store = new Lembro({ maxSize: '500K', interval: 0 })
    members(store)
    const { owned } = store.stats()
    await assert.rejects(large(store, 300_000), { code: 'ESESSIONTOOBIG' })
    assert.equal(store.stats().owned, owned)
    assert.equal(store.stats().refused.tooBig, 1)
  })

  it('is stored in place of strangers, where it fits beside the members', async () => {
    const store = new Lembro({ maxSize: '1M', interval: 0 })
    members(store)
    for (let n = 0; n < 1000; n++) signIn(store, `stranger-${n}`)
    const { owned } = store.stats()
    await large(store, 300_000)
    assert.equal(store.stats().owned, owned)
    assert.ok(await store.get('stranger'))
  })
})
