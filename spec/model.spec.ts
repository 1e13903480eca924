import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { LembroStore } from '../lib/store'
import { type Life, Model } from './support/model'
import { rounds } from './support/rounds'
import { type Data, load, plainSession, slicedSid } from './support/sessions'
import { storeAt } from './support/store'
import { type StoppedTime, stopTime } from './support/time'

const LIMITS = { maxBytes: 6000, max: 12 }

const sid = fc.integer({ min: 0, max: 15 }).map((n) => `sid-${n}`)
const data = fc.record(
  {
    text: fc.oneof(fc.string({ maxLength: 300 }), fc.constant('世'.repeat(200)), fc.constant('')),
    // Ann may have many; each of the others has one.
    userId: fc.constantFrom('ann', 'ann', 'other'),
  },
  { requiredKeys: ['text'], noNullPrototype: true },
)
const maxAge = fc.constantFrom(0, 1, 50, 1000, 60_000, 10_000_000, 1e11)

/** Things that can happen to a store. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('set' as const), sid, data, maxAge }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('touch' as const), sid, maxAge }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), sid }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('load' as const), sid }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('save' as const), nth: fc.nat(20), data }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroy' as const), sid }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reduce' as const),
      to: fc.integer({ min: 1, max: 7000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 49, 1000, 3000, 70_000, 2 ** 31),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Given {
  readonly text: string
  readonly userId?: string
}

function withOwnName(sid: string, given: Given): Given {
  return given.userId === 'other' ? { ...given, userId: `other-${sid}` } : given
}

/** A live session that a slow request holds, and what the model knows of it. */
interface Held {
  readonly session: Data
  readonly sid: string
  life: Life
  epoch: number
}

/** Drives a store and its model side by side. */
class Pair {
  readonly store: LembroStore
  readonly model = new Model(LIMITS)
  readonly #held: Held[] = []
  readonly #time: StoppedTime
  #epoch = 0

  constructor(time: StoppedTime) {
    const options = { maxSize: LIMITS.maxBytes, max: LIMITS.max, interval: 60_000 }
    this.store = storeAt(time.clock, options)
    this.#time = time
  }

  async take(step: Step): Promise<void> {
    const { store, model } = this
    const now = Date.now()
    switch (step.do) {
      case 'set': {
        const data = withOwnName(step.sid, step.data)
        store.set(step.sid, plainSession(data, { maxAge: step.maxAge })).catch(() => {})
        model.set(step.sid, data, now + step.maxAge, now)
        break
      }
      case 'touch':
        store.touch(slicedSid(step.sid), plainSession({}, { maxAge: step.maxAge }))
        model.touch(step.sid, now + step.maxAge, now)
        break
      case 'load':
        return this.#load(step.sid)
      case 'save':
        this.#save(step.nth, step.data, now)
        break
      case 'destroy':
        store.destroy(step.sid)
        model.destroy(step.sid)
        break
      case 'reduce':
        store.reduce(step.to)
        model.reduce(step.to)
        break
      case 'wait':
        this.#time.pass(step.ms)
        model.expire(Date.now())
        break
      case 'clear':
        store.clear()
        for (const kept of [...model.kept]) model.destroy(kept.sid)
        this.#epoch++
        break
      case 'get':
        assert.deepEqual(await this.#read(step.sid), model.find(step.sid)?.data)
    }
  }

  /** What must hold after every step. */
  async check(): Promise<void> {
    const { store, model } = this
    assert.ok(store.stats().bytes <= LIMITS.maxBytes)
    await store.prune()
    const { sessions, anonymous, owned, bytes } = store.stats()
    assert.deepEqual((await store.ids()).sort(), model.kept.map((kept) => kept.sid).sort())
    assert.equal(bytes, model.bytes)
    assert.equal(sessions, model.kept.length)
    assert.equal(sessions, anonymous + owned)
    for (const owner of ['ann', 'other-sid-1']) {
      const theirs = model.kept.filter((kept) => kept.owner === owner).map((kept) => kept.sid)
      assert.deepEqual(await store.idsOf(owner), theirs.reverse())
    }
  }

  async #read(sid: string): Promise<object | undefined> {
    const session = await this.store.get(slicedSid(sid))
    if (session === undefined) return undefined
    const { cookie: _, ...rest } = session
    return rest
  }

  async #load(sid: string): Promise<void> {
    const kept = this.model.find(sid)
    if (kept === undefined) return
    const session = await load(this.store, sid)
    this.#held.push({ session, sid, life: kept.life, epoch: this.#epoch })
  }

  #save(nth: number, given: Given, now: number): void {
    const held = this.#held[nth % this.#held.length]
    if (held === undefined) return
    const { session, sid } = held
    const data = withOwnName(sid, given)
    for (const key of Object.keys(session)) if (key !== 'cookie') delete session[key]
    Object.assign(session, data)
    session.cookie.maxAge = 5000
    this.store.set(sid, session).catch(() => {})
    if (held.life.destroyed || held.epoch !== this.#epoch) return
    held.life = this.model.set(sid, data, now + 5000, now, held.life) ?? held.life
  }
}

it('does what a naive model does, whatever happens in whatever order', async (t) => {
  const time = stopTime(t)
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 60, size: 'max' }),
    async (steps) => {
      const pair = new Pair(time)
      for (const step of steps) {
        await pair.take(step)
        await pair.check()
      }
      await pair.store.close()
    },
  )
  await fc.assert(property, { numRuns: rounds(300) })
})
