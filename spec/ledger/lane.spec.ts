/** Of `lanes.ts`: the order in a lane, and walks. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Entry } from '../../lib/entry/entry'
import { Lanes } from '../../lib/ledger/lanes'

function entry(sid: string, bytes = 1): Entry {
  const made = new Entry(sid)
  made.bytes = bytes
  return made
}

/** Lanes of which only that of strangers is used. */
function newLanes() {
  const lanes = new Lanes(true)
  const add = (each: Entry) => {
    each.lane = lanes.of(each, false)
    lanes.add(each)
  }
  return { lanes, add }
}

function sids(lanes: Lanes): string[] {
  const walk = lanes.walk()
  const found: string[] = []
  for (let each = walk.next(); each !== undefined; each = walk.next()) found.push(each.sid)
  walk.end()
  return found
}

/** A lane of a, b and c, and a walk that has come to b. */
function walkedToB() {
  const { lanes, add } = newLanes()
  const entries = ['a', 'b', 'c'].map((sid) => entry(sid)) as [Entry, Entry, Entry]
  for (const each of entries) add(each)
  const walk = lanes.walk()
  walk.next()
  assert.equal(walk.next(), entries[1])
  return { lanes, add, entries, walk }
}

describe('a lane', () => {
  it('is empty at first', () => {
    const { lanes } = newLanes()
    assert.deepEqual([lanes.size, lanes.bytes, lanes.oldest], [0, 0, undefined])
    assert.deepEqual(sids(lanes), [])
  })

  it('does what a naive list does, and adds the bytes up', () => {
    const sid = fc.nat(8)
    const property = fc.property(
      fc.array(fc.tuple(sid, fc.nat(1000)), { maxLength: 60, size: 'max' }),
      (steps) => {
        const { lanes, add } = newLanes()
        const all = Array.from({ length: 9 }, (_, n) => entry(`s${n}`))
        let list: Entry[] = []
        for (const [n, bytes] of steps) {
          const each = all[n] as Entry
          const present = list.includes(each)
          if (present) {
            lanes.remove(each)
            list = list.filter((other) => other !== each)
          }
          each.bytes = bytes
          if (!present || bytes % 2 === 0) {
            add(each)
            list.push(each)
          }
          assert.equal(lanes.oldest, list[0])
          assert.equal(lanes.size, list.length)
          assert.equal(
            lanes.bytes,
            list.reduce((sum, { bytes }) => sum + bytes, 0),
          )
          assert.deepEqual(
            sids(lanes),
            list.map(({ sid }) => sid),
          )
        }
      },
    )
    fc.assert(property)
  })

  it('moves sessions to another lane and back, without a byte lost', () => {
    const property = fc.property(
      fc.array(fc.nat(8), { maxLength: 60, size: 'max' }),
      fc.array(fc.nat(1000), { minLength: 9, maxLength: 9 }),
      (moves, weights) => {
        const [out, signedIn] = [newLanes(), newLanes()]
        const all = weights.map((bytes, n) => entry(`s${n}`, bytes))
        const total = weights.reduce((sum, bytes) => sum + bytes, 0)
        const members = new Set<Entry>()
        for (const each of all) out.add(each)
        for (const n of moves) {
          const each = all[n] as Entry
          const [from, to] = members.has(each) ? [signedIn, out] : [out, signedIn]
          from.lanes.remove(each)
          to.add(each)
          if (!members.delete(each)) members.add(each)
          assert.equal(out.lanes.bytes + signedIn.lanes.bytes, total)
          assert.equal(signedIn.lanes.size, members.size)
          assert.deepEqual(
            [...sids(out.lanes), ...sids(signedIn.lanes)].sort(),
            all.map(({ sid }) => sid),
          )
          assert.equal(sids(to.lanes).at(-1), each.sid)
        }
      },
    )
    fc.assert(property)
  })
})

describe('a walk', () => {
  it('goes on where the entry it is at leaves', () => {
    const { lanes, entries, walk } = walkedToB()
    lanes.remove(entries[1])
    assert.equal(walk.next(), entries[2])
    assert.equal(walk.next(), undefined)
  })

  it('goes on where every entry up to it leaves', () => {
    const { lanes, entries, walk } = walkedToB()
    for (const each of [entries[1], entries[0]]) lanes.remove(each)
    assert.equal(walk.next(), entries[2])
  })

  it('skips an entry that left before it came there', () => {
    const { lanes, entries, walk } = walkedToB()
    lanes.remove(entries[2])
    assert.equal(walk.next(), undefined)
  })

  it('meets again an entry that is used again, as the newest', () => {
    const { lanes, add, entries, walk } = walkedToB()
    lanes.remove(entries[1])
    add(entries[1])
    assert.equal(walk.next(), entries[2])
    assert.equal(walk.next(), entries[1])
    assert.equal(walk.next(), undefined)
  })

  it('goes on from the end where more come', () => {
    const { add, walk } = walkedToB()
    walk.next()
    assert.equal(walk.next(), undefined)
    const late = entry('late')
    add(late)
    assert.equal(walk.next(), late)
  })

  it('is told of nothing once it ended', () => {
    const { lanes, entries, walk } = walkedToB()
    walk.end()
    lanes.remove(entries[1])
    assert.equal(walk.next(), entries[1], 'still there')
  })
})
