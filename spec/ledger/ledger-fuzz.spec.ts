import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Content, Entry } from '../../lib/entry/entry'
import type { LanesWalk } from '../../lib/ledger/lanes'
import { Ledger } from '../../lib/ledger/ledger'
import { audit, auditOwners } from '../support/audit'
import { FakeClock } from '../support/clock'
import { rounds } from '../support/rounds'

const BUDGET = { maxBytes: 1000, maxSessions: 12 }
const CLIENT = 'from 10.0.0.1'
const NAMES = ['ann', 'ann', 'bob', true, undefined, CLIENT] as const
/** With a name at one place or another, with none, and with one at the end of a name that is longer. */
const BODIES = ['', 'ann', '{"user":"ann"}', 'bob, from 10.0.0.1, and ann', 'joann'] as const
/** What members keep in an automatic trim, and against whoever comes. */
const [OF_TRIM, OF_BUDGET] = [800, 600]
/** Who has no fewer sessions, or bytes, may have to make room from its own. */
const [MANY, MUCH] = [4, 1024]

const sid = fc.integer({ min: 0, max: 15 }).map((n) => `s${n}`)
const bytes = fc.integer({ min: 1, max: 300 })
// Below zero: expired on arrival, as `stale` allows.
const ttl = fc.constantFrom(-5, 1, 60, 70, 5000, 1e7, 1e12, Infinity)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      sid,
      bytes,
      ttl,
      name: fc.constantFrom(...NAMES),
      body: fc.constantFrom(...BODIES),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('touch' as const), sid, bytes, ttl }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      sid,
      cause: fc.constantFrom('evict', 'expire', 'destroy'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('shrink' as const), goal: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('relieve' as const), goal: fc.nat(1000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(-3, 1, 65, 4999, 61_000, 1e7, -3_600_000),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('walk' as const), steps: fc.nat(5) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Coming {
  readonly entry: Entry
  readonly bytes: number
  readonly owner: Entry['owner']
}

/** A ledger that is audited whenever anyone can see it, and a walk that goes on through all edits. */
class Audited {
  readonly #clock = new FakeClock()
  readonly ledger = new Ledger(BUDGET, this.#clock)
  readonly visited = new Set<string>()
  /** The holder that each entry was put for, of those that left too. */
  readonly #names = new Map<Entry, (typeof NAMES)[number]>()
  readonly #left = new Map<string, Entry>()
  readonly #walk: LanesWalk
  #expired = 0
  #asked: Entry | undefined
  /** The entry that comes, and the bytes and the number that members keep against it. */
  #coming: Coming | undefined
  #relieving = false

  constructor() {
    this.ledger.listen({
      remove: (entry, cause) => {
        assert.ok(this.ledger.bytes <= BUDGET.maxBytes)
        if (cause === 'evict') assert.ok(entry.expiry > this.#now || this.#asked === entry)
        if (cause === 'evict' && entry.known) this.#checkShare(entry)
        if (cause === 'expire') this.#expired++
        if (cause !== 'destroy') this.#left.set(entry.sid, entry)
      },
      put: (entry) => {
        assert.ok(this.ledger.bytes <= BUDGET.maxBytes)
        assert.ok(this.ledger.size <= BUDGET.maxSessions)
        assert.equal(this.ledger.find(entry.sid), entry)
      },
      touch: () => assert.ok(this.ledger.bytes <= BUDGET.maxBytes),
    })
    this.#walk = this.ledger.walk()
  }

  get #now(): number {
    return this.#clock.now()
  }

  take(step: Step): void {
    const { ledger } = this
    switch (step.do) {
      case 'put':
        this.#put(step, this.#now + step.ttl)
        break
      case 'touch':
        this.#touch(step.sid, step.bytes, this.#now + step.ttl)
        break
      case 'remove':
        this.#asked = ledger.find(step.sid)
        if (this.#asked !== undefined) ledger.remove(this.#asked, step.cause)
        assert.equal(ledger.find(step.sid), undefined)
        break
      case 'shrink':
        while (ledger.shrink(step.goal) !== undefined);
        assert.ok(ledger.bytes <= step.goal || ledger.size <= 1)
        break
      case 'relieve':
        this.#relieving = true
        while (ledger.relieve(step.goal) !== undefined);
        this.#relieving = false
        break
      case 'expire':
        this.#expireAll()
        break
      case 'wait':
        if (step.ms < 0) this.#clock.set(this.#now + step.ms)
        else this.#clock.pass(step.ms)
        break
      case 'walk':
        for (let n = 0; n < step.steps; n++) this.visit()
    }
  }

  /** Steps on with the walk. Returns whether it went anywhere. */
  visit(): boolean {
    const entry = this.#walk.next()
    if (entry === undefined) return false
    assert.equal(this.ledger.find(entry.sid), entry)
    this.visited.add(entry.sid)
    return true
  }

  check(): void {
    audit(this.ledger)
    auditOwners(this.ledger, ['ann', 'bob'])
    for (const [entry, name] of this.#names) {
      assert.equal(entry.owner ?? entry.holderName, name)
      assert.equal(entry.owned, name !== undefined && name !== CLIENT)
    }
  }

  #put({ sid, name, body, bytes }: Step & { do: 'put' }, expiry: number): void {
    const entry = this.#live(sid) ?? this.#left.get(sid) ?? new Entry(sid)
    const isClient = name === CLIENT
    const owner = isClient ? undefined : name
    const client = isClient ? name : undefined
    if (this.ledger.wouldPushOut(entry, bytes, owner)) return
    const content: Content = { body, cookie: undefined, expiry, owner, client }
    this.#coming = { entry, bytes, owner }
    this.ledger.put(entry, content, bytes)
    this.#coming = undefined
    this.#left.delete(sid)
    assert.deepEqual([entry.bytes, entry.owner, entry.expiry], [bytes, owner, expiry])
    assert.equal(entry.owned ? undefined : entry.holderName, client)
    this.#names.set(entry, name)
  }

  #touch(sid: string, bytes: number, expiry: number): void {
    const entry = this.#live(sid)
    if (entry === undefined || this.ledger.wouldPushOut(entry, bytes, entry.owner)) return
    this.#coming = { entry, bytes, owner: entry.owner }
    const { body } = entry
    this.ledger.touch(entry, undefined, expiry, bytes)
    this.#coming = undefined
    assert.deepEqual([entry.bytes, entry.expiry, entry.body], [bytes, expiry, body])
  }

  /** A member goes only while members hold more than their share, with the one that comes, in bytes or by number; or if its own owner, who holds too much, comes. */
  #checkShare(gone: Entry): void {
    if (this.#coming === undefined && !this.#relieving) return
    const members = [...audit(this.ledger, false).filter((entry) => entry.known), gone]
    const held = members.reduce((sum, { bytes }) => sum + bytes, 0)
    if (this.#relieving) {
      assert.ok(held > OF_TRIM, `${held}`)
      return
    }
    const { entry, bytes, owner } = this.#coming as Coming
    if (gone.owner === owner) {
      const present = audit(this.ledger, false).filter((each) => each !== entry)
      const own = [...present.filter((each) => each.owner === owner), gone]
      const ownBytes = own.reduce((sum, each) => sum + each.bytes, bytes)
      if (own.length + 1 >= MANY || ownBytes >= MUCH) return
    }
    const more = entry.known ? 1 : 0
    const byBytes = held + more * bytes > OF_BUDGET
    const byNumber = members.length + more > BUDGET.maxSessions * (OF_BUDGET / BUDGET.maxBytes)
    assert.ok(byBytes || byNumber, `${held} of ${members.length}`)
  }

  // As everyone does who puts and touches: what has expired goes first.
  #live(sid: string): Entry | undefined {
    const entry = this.ledger.find(sid)
    if (entry === undefined || entry.expiry > this.#now) return entry
    this.ledger.remove(entry, 'expire')
    return undefined
  }

  #expireAll(): void {
    const due = audit(this.ledger).filter((entry) => entry.expiry <= this.#now)
    this.#expired = 0
    while (this.ledger.expireOne());
    assert.equal(this.#expired, due.length)
    for (const entry of due) assert.equal(this.ledger.find(entry.sid), undefined)
  }
}

describe('a ledger', () => {
  it('keeps its books and its budget, whatever happens in whatever order', () => {
    const property = fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const audited = new Audited()
      for (const step of steps) {
        audited.take(step)
        audited.check()
      }
    })
    fc.assert(property, { numRuns: rounds(1000) })
  })

  it('is walked through edits of any kind without one missed that stays', () => {
    const property = fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const audited = new Audited()
      for (const step of steps) audited.take(step)
      while (audited.visit());
      for (const { sid } of audit(audited.ledger)) assert.ok(audited.visited.has(sid), sid)
    })
    fc.assert(property, { numRuns: rounds(1000) })
  })
})
