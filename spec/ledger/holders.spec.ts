import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Entry } from '../../lib/entry/entry'
import { Holder } from '../../lib/entry/holder'
import { FairLane } from '../../lib/ledger/fair-lane'
import { Holders } from '../../lib/ledger/holders'
import { LARGE_BYTES } from '../../lib/ledger/holdings'

interface Given {
  readonly body?: string
  readonly bytes?: number
  /** Whether the name is a client's. */
  readonly isClient?: boolean
}

/** Holders of entries in one lane, and a way to give them entries, as a ledger does. */
function make() {
  const lane = new FairLane()
  const holders = new Holders(() => lane)
  const give = (entry: Entry, name: string | undefined, given: Given = {}) => {
    const { body = '', bytes = 100, isClient = false } = given
    const [owner, client] = isClient ? [undefined, name] : [name, undefined]
    const content = { body, cookie: undefined, expiry: Infinity, owner, client }
    const isNew = !entry.inLane
    const isSame = !isNew && entry.isHeldBy(content)
    if (!isNew) lane.take(entry)
    if (!isNew && !isSame) holders.remove(entry)
    entry.assign(content, isSame)
    entry.bytes = bytes
    lane.add(entry)
    if (isSame) holders.renew(entry)
    else holders.add(entry)
  }
  const touch = (entry: Entry, bytes = entry.bytes) => {
    lane.take(entry)
    entry.bytes = bytes
    lane.add(entry)
    holders.renew(entry)
  }
  const remove = (entry: Entry) => {
    lane.take(entry)
    holders.remove(entry)
  }
  const sidsOf = (name: string) => holders.entriesOf(name).map(({ sid }) => sid)
  const entries = ['a', 'b', 'c', 'd', 'e'].map((sid) => new Entry(sid))
  return {
    lane,
    holders,
    give,
    touch,
    remove,
    sidsOf,
    entries: entries as [Entry, Entry, Entry, Entry],
  }
}

const isGathered = (entry: Entry) => entry.holder instanceof Holder

describe('holders', () => {
  it('are found by name with one entry, which costs nothing but its place in the index', () => {
    for (const body of ['', '{"userId":"ann"}']) {
      const { give, sidsOf, entries } = make()
      const [a] = entries
      give(a, 'ann', { body })
      assert.deepEqual([sidsOf('ann'), sidsOf('an'), sidsOf('')], [['a'], [], []])
      assert.equal(isGathered(a), false)
      assert.equal(a.ownerName, 'ann')
    }
  })

  it('tell how many entries they have beside the one that is to come', () => {
    const { holders, give, remove, entries } = make()
    const [a, b, c] = entries
    const beside = (entry: Entry, owner?: string | true, client?: string) =>
      holders.countBeside(entry, { body: '', cookie: undefined, expiry: 0, owner, client })
    assert.equal(beside(a, 'ann'), 0)
    give(a, 'ann')
    assert.deepEqual([beside(a, 'ann'), beside(b, 'ann'), beside(b, true), beside(b)], [0, 1, 0, 0])
    assert.equal(beside(b, undefined, 'ann'), 0)
    give(b, 'ann')
    assert.deepEqual([beside(a, 'ann'), beside(c, 'ann')], [1, 2])
    give(c, 'bob')
    assert.deepEqual([beside(c, 'ann'), beside(a, 'bob')], [2, 1])
    remove(b)
    assert.deepEqual([beside(a, 'ann'), beside(b, 'ann')], [0, 1])
  })

  it('are not listed without a name', () => {
    const { give, touch, remove, sidsOf, entries } = make()
    const [a, b] = entries
    for (const each of [a, b]) give(each, undefined)
    touch(a, LARGE_BYTES)
    remove(b)
    assert.deepEqual([sidsOf('undefined'), sidsOf('')], [[], []])
  })

  it('list several entries, oldest first, wherever each has the name', () => {
    const { give, touch, sidsOf, entries } = make()
    const [a, b, c] = entries
    give(a, 'ann', { body: '{"userId":"ann"}' })
    give(b, 'ann', { body: 'ann' })
    give(c, 'ann')
    assert.deepEqual(sidsOf('ann'), ['a', 'b', 'c'])
    assert.equal(a.holder, c.holder)
    touch(a)
    assert.deepEqual(sidsOf('ann'), ['b', 'c', 'a'])
    give(b, 'ann', { body: 'another, without the name' })
    assert.deepEqual(sidsOf('ann'), ['c', 'a', 'b'])
    assert.deepEqual([a.owner, b.owner, c.owner], ['ann', 'ann', 'ann'])
  })

  it('are one entry again when the others went, and nothing is left of the last that goes', () => {
    const { give, touch, remove, sidsOf, entries } = make()
    const [a, b, c] = entries
    give(a, 'ann', { body: 'ann' })
    give(b, 'ann', { body: 'not here' })
    give(c, 'ann', { body: 'ann' })
    remove(a)
    assert.ok(isGathered(b) && isGathered(c))
    remove(c)
    assert.equal(b.holder, 'ann')
    touch(b)
    assert.deepEqual(sidsOf('ann'), ['b'])
    give(a, 'ann', { body: 'by ann' })
    assert.deepEqual(sidsOf('ann'), ['b', 'a'])
    remove(b)
    assert.equal(typeof a.holder, 'number', 'its body has the name')
    assert.deepEqual(sidsOf('ann'), ['a'])
    remove(a)
    assert.deepEqual(sidsOf('ann'), [])
  })

  it('are known by their entries after these left', () => {
    const { give, remove, sidsOf, entries } = make()
    const [a, b, c] = entries
    give(a, 'ann', { body: 'ann' })
    give(b, 'ann')
    give(c, 'bob', { body: 'by bob' })
    for (const each of [a, b, c]) remove(each)
    assert.deepEqual([a.owner, b.owner, c.owner], ['ann', 'ann', 'bob'])
    assert.ok(!isGathered(a) && !isGathered(b), 'it keeps the others in memory')
    a.body = 'another'
    assert.equal(a.owner, 'ann')
    give(c, 'bob')
    assert.deepEqual([sidsOf('ann'), sidsOf('bob')], [[], ['c']])
  })

  it('follow an entry from one to another, and out', () => {
    const { give, sidsOf, entries } = make()
    const [a, b] = entries
    give(a, 'ann')
    give(b, 'ann')
    give(a, 'bob')
    assert.deepEqual([sidsOf('ann'), sidsOf('bob')], [['b'], ['a']])
    give(b, 'bob')
    assert.deepEqual([sidsOf('ann'), sidsOf('bob')], [[], ['a', 'b']])
    give(a, undefined)
    assert.deepEqual([sidsOf('ann'), sidsOf('bob')], [[], ['b']])
  })

  it('find an entry that comes back after others took the name', () => {
    const { give, remove, sidsOf, entries } = make()
    const [a, b] = entries
    give(a, 'ann')
    remove(a)
    give(b, 'ann')
    give(a, 'ann')
    assert.deepEqual(sidsOf('ann'), ['b', 'a'])
  })

  it('are clients apart from the owners of the same name', () => {
    const { give, remove, sidsOf, entries } = make()
    const [a, b, c, d] = entries
    give(a, 'ann')
    give(b, 'ann', { isClient: true })
    assert.deepEqual(sidsOf('ann'), ['a'])
    give(c, 'ann', { isClient: true })
    give(d, 'ann')
    assert.deepEqual(sidsOf('ann'), ['a', 'd'])
    assert.equal(b.holder, c.holder)
    assert.notEqual(b.holder, a.holder)
    remove(b)
    give(c, 'ann')
    assert.deepEqual(sidsOf('ann'), ['a', 'd', 'c'])
    assert.deepEqual([b.client, c.client, c.owner], ['ann', undefined, 'ann'])
  })
})

describe('what a holder has in a lane', () => {
  it('is counted from the fourth entry on, until it has one', () => {
    const { lane, give, remove, entries } = make()
    const [a, b, c, d] = entries
    for (const each of [a, b, c]) give(each, 'ann')
    assert.equal(lane.holderBytes(a), 100)
    give(d, 'ann')
    assert.equal(lane.holderBytes(a), 400)
    for (const each of [a, b]) remove(each)
    assert.equal(lane.holderBytes(c), 200)
    remove(c)
    assert.equal(isGathered(d), false)
    give(a, 'ann')
    assert.equal(lane.holderBytes(d), 100)
  })

  it('is counted if it is one large entry, by a put or a touch, or from the start', () => {
    for (const grow of ['put', 'touch', 'start'] as const) {
      const { lane, give, touch, remove, sidsOf, entries } = make()
      const [a, b, c] = entries
      give(a, 'ann', { bytes: grow === 'start' ? LARGE_BYTES : LARGE_BYTES - 1 })
      assert.equal(isGathered(a), grow === 'start')
      if (grow === 'put') give(a, 'ann', { bytes: LARGE_BYTES })
      if (grow === 'touch') touch(a, LARGE_BYTES)
      assert.deepEqual([isGathered(a), sidsOf('ann')], [true, ['a']])
      give(b, 'ann')
      assert.equal(lane.holderBytes(b), LARGE_BYTES + 100)
      remove(b)
      assert.equal(lane.holderBytes(a), LARGE_BYTES)
      give(c, 'cy')
      for (let n = 0; n < 3; n++) give(new Entry(`${n}`), `${n}`)
      assert.equal(lane.victim(), a)
      remove(a)
      assert.deepEqual([sidsOf('ann'), lane.victim()], [[], c])
      give(a, 'ann')
      assert.equal(isGathered(a), false, 'the former holder is still there')
    }
  })

  it('is counted if one of several is large, and not when only a small one is left', () => {
    const { lane, give, touch, remove, entries } = make()
    const [a, b, c] = entries
    for (const each of [a, b]) give(each, 'ann')
    touch(b, LARGE_BYTES)
    assert.equal(lane.holderBytes(a), LARGE_BYTES + 100)
    remove(b)
    assert.equal(isGathered(a), false)
    assert.equal(lane.holderBytes(a), 100)
    give(c, 'ann', { bytes: LARGE_BYTES })
    assert.equal(lane.holderBytes(a), LARGE_BYTES + 100)
  })
})

describe('the index of holders', () => {
  const NAMES = ['ann', 'bob', undefined] as const
  const n = fc.nat(11)
  const bytes = fc.constantFrom(1, 100, LARGE_BYTES)
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('give' as const),
        n,
        bytes,
        name: fc.constantFrom(...NAMES),
        body: fc.constantFrom('', 'ann', '{"by":"ann"}', 'bob and ann'),
        isClient: fc.boolean(),
      }),
    },
    fc.record({ do: fc.constant('touch' as const), n, bytes }),
    { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), n }) },
  )

  it('has what a plain list would, whatever comes, changes and goes', () => {
    const property = fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const { lane, give, touch, remove, sidsOf } = make()
      const entries = Array.from({ length: 12 }, (_, n) => new Entry(`s${n}`))
      const names = new Map<Entry, { name: string | undefined; isClient: boolean }>()
      let order: Entry[] = []
      for (const step of steps) {
        const entry = entries[step.n] as Entry
        const isHere = order.includes(entry)
        if (step.do !== 'give' && !isHere) continue
        order = order.filter((other) => other !== entry)
        if (step.do === 'give') {
          give(entry, step.name, step)
          names.set(entry, step)
        }
        if (step.do === 'touch') touch(entry, step.bytes)
        if (step.do === 'remove') remove(entry)
        else order.push(entry)
        for (const name of ['ann', 'bob']) {
          const isTheirs = (each: Entry) =>
            names.get(each)?.name === name && names.get(each)?.isClient === false
          assert.deepEqual(
            sidsOf(name),
            order.filter(isTheirs).map(({ sid }) => sid),
          )
        }
        for (const [each, { name, isClient }] of names) {
          assert.equal(each.ownerName, isClient ? undefined : name)
          assert.equal(each.client, isClient ? name : undefined)
        }
        const holders = [...new Set(order.map(({ holder }) => holder))].filter(
          (holder) => holder instanceof Holder,
        )
        if (holders.every(({ counted }) => !counted)) assert.equal(lane.victim(), order[0])
        for (const holder of holders) {
          const theirs = order.filter((each) => each.holder === holder)
          assert.deepEqual([...holder.entries], theirs)
          const sum = theirs.reduce((sum, each) => sum + each.bytes, 0)
          if (holder.counted) assert.equal(lane.holderBytes(theirs[0] as Entry), sum)
          else assert.ok(theirs.length < 4 && theirs.every((each) => each.bytes < LARGE_BYTES))
        }
      }
    })
    fc.assert(property, { numRuns: Number(process.env.FUZZ_RUNS ?? 500) })
  })
})
