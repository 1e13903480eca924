import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Calls } from '../../lib/call'
import { Codec, type Entry } from '../../lib/entry/entry'
import { holderRefOf } from '../../lib/entry/holder'
import { weigh } from '../../lib/entry/weigh'
import { Ledger } from '../../lib/ledger/ledger'
import { Departed } from '../../lib/session/departed'
import { Intake } from '../../lib/session/incoming'
import { linkOf } from '../../lib/session/link'
import { Sessions } from '../../lib/session/sessions'
import { Told } from '../../lib/session/told'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { Stats } from '../../lib/stats'
import { audit, auditOwners } from '../support/audit'
import { FakeClock } from '../support/clock'
import { rounds } from '../support/rounds'
import { type Data, slicedSid } from '../support/sessions'
import { NOON } from '../support/time'

const character = fc.constantFrom('a', '7', 'é', '世', '\ud800', '\0')

/** Sessions over a ledger, as a store puts them together, with a clock that stands. */
function make(options: LembroOptions = {}) {
  const settings = parseOptions(options)
  const clock = new FakeClock()
  const ledger = new Ledger(settings, clock)
  const [stats, codec] = [new Stats(), new Codec(settings.serializer)]
  const departed = new Departed(true, clock)
  const emitter = new EventEmitter()
  const told = new Told(emitter, new Calls(emitter), codec, clock, settings)
  for (const listener of [stats, told, departed]) ledger.listen(listener)
  const faults: unknown[] = []
  const intake = new Intake(settings, codec, ledger, clock, (thrown) => faults.push(thrown))
  return {
    ...{ settings, ledger, codec, stats, clock, faults },
    snapshot: () => stats.snapshot(ledger, settings.maxBytes),
    sessions: new Sessions(settings, ledger, intake, departed, stats),
  }
}

function session(data: object = {}, cookie: unknown = { path: '/', maxAge: 1000 }): Data {
  return { cookie, ...data } as unknown as Data
}

const sid = fc.nat(6).map((n) => `s${n}`)
const cookie = fc.oneof(
  fc.record({
    path: fc.nat(400).map((n) => `/${'x'.repeat(n)}`),
    maxAge: fc.constantFrom(-1, 0, 10, 1000),
  }),
  fc.record({ expires: fc.nat(2000).map((ms) => new Date(NOON + ms)) }),
  fc.constantFrom(undefined, null, 'crumbs', {}),
)
const data = fc.record(
  { text: fc.string({ unit: character }), userId: fc.constantFrom('ann', 'bob', true, {}) },
  { requiredKeys: [], noNullPrototype: true },
)
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), sid, data, cookie }),
  fc.record({ do: fc.constant('touch' as const), sid, data, cookie }),
  fc.record({ do: fc.constant('read' as const), sid }),
  fc.record({ do: fc.constant('destroy' as const), sid }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 9, 500) }),
)

/** As the store does: one that is too big is refused, whether it is set or touched. */
function attempt(save: () => void): void {
  try {
    save()
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESESSIONTOOBIG')
  }
}

/** What an entry may weigh, by how many others its holder had when it was set. */
const weights = (entry: Entry) => {
  const client = entry.owned ? undefined : entry.holderName
  const holder = holderRefOf(entry.owner, client, entry.body)
  return [0, 1, 2].map((others) => weigh(entry, entry, holder, others))
}

describe('sessions', () => {
  for (const [name, options] of Object.entries<LembroOptions>({
    'by default': {},
    'where stale ones may be read': { stale: true },
    'where few may be of one owner': { maxPerOwner: 1 },
    'where a ttl wins and ends': { ttl: 600, absoluteTtl: 900 },
    'where a touch prolongs nothing': { disableTouch: true },
  })) {
    it(`weigh what they are, and are where they belong, after anything: ${name}`, () => {
      const steps = fc.array(step, { maxLength: 40, size: 'max' })
      const property = fc.property(steps, (steps) => {
        const { sessions, ledger, clock } = make({ maxSize: 3000, ...options })
        for (const step of steps) {
          if (step.do === 'set' || step.do === 'touch') {
            const incoming = session(step.data, step.cookie)
            attempt(() => sessions[step.do](step.sid, incoming))
          }
          if (step.do === 'read') sessions.read(step.sid)
          if (step.do === 'destroy') sessions.destroy(step.sid)
          if (step.do === 'wait') clock.pass(step.ms)
          assert.ok(ledger.bytes <= 3000)
          for (const entry of audit(ledger)) assert.ok(weights(entry).includes(entry.bytes))
          auditOwners(ledger, ['ann', 'bob'])
          if (options.maxPerOwner) assert.ok(ledger.entriesOf('ann').length <= 1)
        }
      })
      fc.assert(property, { numRuns: rounds(100) })
    })
  }

  it('are kept under an id of their own, not under the one of each caller', () => {
    const { sessions, ledger } = make()
    sessions.set('a', session())
    const kept = ledger.find('a')
    sessions.set(slicedSid('a'), session({ n: 2 }))
    assert.equal(ledger.find('a'), kept)
  })

  it('weigh more beside another of their owner, and no more if that one had to go for them', () => {
    const bytesAfter = (maxPerOwner: number) => {
      const { sessions, ledger } = make({ maxPerOwner })
      for (const sid of ['a', 'b']) sessions.set(sid, session({ userId: 'ann' }))
      return [ledger.find('a')?.bytes, ledger.find('b')?.bytes]
    }
    const [alone, second = 0] = bytesAfter(2)
    assert.ok(second > (alone ?? 0))
    assert.deepEqual(bytesAfter(1), [undefined, alone])
  })

  it('make no room for one that has expired when it comes, and drop the one it replaces', () => {
    const { sessions, ledger, snapshot } = make({ maxSize: 600 })
    for (const sid of ['a', 'b']) sessions.set(sid, session())
    for (const save of ['set', 'touch'] as const) {
      sessions[save]('c', session({}, { maxAge: 0 }))
      sessions[save](save === 'set' ? 'a' : 'b', session({}, { maxAge: -5 }))
    }
    assert.equal(ledger.size, 0)
    assert.deepEqual([snapshot().expired, snapshot().evicted.anonymous], [2, 0])
  })

  it('are read once more where stale ones may be, and count as found', () => {
    const { sessions, clock, snapshot } = make({ stale: true })
    sessions.set('a', session({ n: 1 }))
    clock.pass(1000)
    assert.equal((sessions.read('a') as Data).n, 1)
    assert.equal(sessions.read('a'), undefined)
    assert.deepEqual([snapshot().hits, snapshot().misses, snapshot().expired], [1, 1, 1])
  })

  it('of one signed out by maxPerOwner do not sign in again by a slow request', () => {
    const { sessions, ledger, snapshot } = make({ maxPerOwner: 1 })
    const slow = Object.assign(session({ userId: 'ann' }), { req: {}, save: () => {} })
    sessions.set('a', slow)
    assert.ok(linkOf(slow))
    sessions.set('b', session({ userId: 'ann' }))
    sessions.set('a', slow)
    assert.equal(ledger.find('a'), undefined)
    assert.deepEqual([snapshot().evicted.perOwner, snapshot().refused.destroyed], [1, 1])
  })

  it('that were evicted come back by the request that holds them', () => {
    const { sessions, ledger } = make({ max: 1 })
    const slow = Object.assign(session(), { req: {}, save: () => {} })
    sessions.set('a', slow)
    const entry = ledger.find('a')
    sessions.set('b', session())
    sessions.set('a', slow)
    assert.equal(ledger.find('a'), entry)
  })

  it('are refused by their own size, and leave all else as it was', () => {
    const { sessions, ledger, snapshot } = make({ maxSize: 600, maxEntrySize: 300 })
    for (const sid of ['a', 'b']) sessions.set(sid, session())
    const { bytes } = ledger
    const large = session({ text: 'x'.repeat(500) })
    const tooBig = { name: 'RangeError', code: 'ESESSIONTOOBIG' }
    for (const sid of ['a', 'new']) assert.throws(() => sessions.set(sid, large), tooBig)
    const path = 'x'.repeat(500)
    assert.throws(() => sessions.touch('a', session({}, { path })), tooBig)
    assert.deepEqual([ledger.bytes, ledger.size, snapshot().refused.tooBig], [bytes, 2, 3])
  })

  it('whose owner cannot be told are anonymous, and the fault is handed on', () => {
    const { sessions, ledger, faults } = make({ owner: () => assert.fail('who?') })
    sessions.set('a', session())
    assert.deepEqual([ledger.anonymous, faults.length], [1, 1])
  })
})
