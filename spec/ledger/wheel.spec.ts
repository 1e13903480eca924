import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Entry } from '../../lib/entry/entry'
import { TimerWheel } from '../../lib/ledger/wheel'
import { rounds } from '../support/rounds'
import { NOON } from '../support/time'

const DAY = 86_400_000

function entry(sid: string, expiry: number): Entry {
  const made = new Entry(sid)
  made.expiry = expiry
  return made
}

/** Takes from a wheel what has expired by `now`, as a ledger does: the rest of what is due is scheduled anew. */
function expire(wheel: TimerWheel, now: number): string[] {
  const expired: string[] = []
  wheel.advance(now)
  for (let due = wheel.due; due !== undefined; due = wheel.due) {
    if (due.expiry > now) {
      wheel.schedule(due)
    } else {
      wheel.unschedule(due)
      expired.push(due.sid)
    }
  }
  return expired
}

const ttl = fc.oneof(
  fc.constantFrom(0, 1, 63, 64, 65, 4095, 4096, 4097, 2 ** 18, 2 ** 24, 2 ** 30, 2 ** 36, 2 ** 40),
  fc.constant(Infinity),
  fc.nat(100),
  fc.nat(10_000),
  fc.nat(DAY),
  fc.maxSafeNat().map((n) => n % (400 * DAY)),
)
const sid = fc.nat(20).map((n) => `s${n}`)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('schedule' as const), sid, ttl }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('prolong' as const), sid, ttl }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), sid }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: ttl }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('goBack' as const), ms: fc.nat(400 * DAY) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** A wheel beside a naive list of the same entries. */
class Pair {
  readonly #wheel = new TimerWheel(NOON)
  readonly #list = new Map<string, Entry>()
  #now = NOON

  take(step: Step): void {
    const listed = 'sid' in step ? this.#list.get(step.sid) : undefined
    switch (step.do) {
      case 'schedule': {
        const made = listed ?? entry(step.sid, 0)
        made.expiry = this.#now + step.ttl
        this.#list.set(step.sid, made)
        this.#wheel.schedule(made)
        break
      }
      case 'prolong':
        if (listed !== undefined) listed.expiry = Math.max(listed.expiry, this.#now + step.ttl)
        break
      case 'leave':
        if (listed !== undefined) this.#wheel.unschedule(listed)
        this.#list.delete(step.sid)
        break
      case 'wait':
        this.#move(step.ms)
        break
      case 'goBack':
        this.#move(-step.ms)
    }
  }

  #move(ms: number): void {
    if (Number.isFinite(ms)) this.#now += ms
    const sorted = [...this.#list.values()].sort((a, b) => a.expiry - b.expiry)
    const due = sorted.filter(({ expiry }) => expiry <= this.#now).map(({ sid }) => sid)
    assert.deepEqual(expire(this.#wheel, this.#now).sort(), due.sort())
    for (const sid of due) this.#list.delete(sid)
  }
}

describe('a timing wheel', () => {
  it('expires what a naive list expires, whatever is scheduled and however time moves', () => {
    const property = fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const pair = new Pair()
      for (const step of steps) pair.take(step)
    })
    fc.assert(property, { numRuns: rounds(1000) })
  })

  for (const delay of [1, 64, 4096, 2 ** 18, 2 ** 24, 2 ** 30, 2 ** 36, 2 ** 38]) {
    it(`expires on the ms, not before and not after: ${delay} ms ahead`, () => {
      for (const start of [NOON, NOON + 1, NOON - 1, 2 ** 40 - 1, 2 ** 40]) {
        for (const off of [-1, 0, 1]) {
          const wheel = new TimerWheel(start)
          const expiry = start + delay + off
          wheel.schedule(entry('a', expiry))
          if (delay + off > 0) assert.deepEqual(expire(wheel, expiry - 1), [])
          assert.deepEqual(expire(wheel, expiry), ['a'])
        }
      }
    })
  }

  it('has due at once what has expired already', () => {
    const wheel = new TimerWheel(NOON)
    const late = entry('late', NOON)
    wheel.schedule(late)
    assert.equal(wheel.due, late)
  })

  it('never has due what never expires, or was taken out', () => {
    const wheel = new TimerWheel(NOON)
    const gone = entry('gone', NOON + 1)
    wheel.schedule(entry('eternal', Infinity))
    wheel.schedule(gone)
    wheel.unschedule(gone)
    wheel.unschedule(gone)
    wheel.advance(NOON + 1000 * 365 * DAY)
    assert.equal(wheel.due, undefined)
  })

  it('looks at nothing that is far away while time passes in small steps', () => {
    const wheel = new TimerWheel(NOON)
    wheel.schedule(entry('far', NOON + 10 * DAY))
    let looks = 0
    for (let now = NOON; now < NOON + 10 * DAY; now += 60_000) {
      wheel.advance(now)
      for (; wheel.due !== undefined; looks++) wheel.schedule(wheel.due)
    }
    assert.ok(looks <= 6, `${looks} looks`)
  })
})
