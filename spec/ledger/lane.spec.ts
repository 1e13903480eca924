import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Entry } from '../../lib/entry/entry'
import { Lane } from '../../lib/ledger/lanes'

function entry(sid: string, bytes = 1): Entry {
  const made = new Entry(sid)
  made.bytes = bytes
  return made
}

function sids(lane: Lane): string[] {
  const walk = lane.walk()
  const found: string[] = []
  for (let each = walk.next(); each !== undefined; each = walk.next()) found.push(each.sid)
  walk.end()
  return found
}

/** A lane of a, b and c, and a walk that has come to b. */
function walkedToB() {
  const lane = new Lane(false, false)
  const entries = ['a', 'b', 'c'].map((sid) => entry(sid)) as [Entry, Entry, Entry]
  for (const each of entries) lane.add(each)
  const walk = lane.walk()
  walk.next()
  assert.equal(walk.next(), entries[1])
  return { lane, entries, walk }
}

describe('a lane', () => {
  it('is empty at first', () => {
    const lane = new Lane(false, false)
    assert.deepEqual([lane.size, lane.bytes, lane.oldest], [0, 0, undefined])
    assert.deepEqual(sids(lane), [])
  })

  it('does what a naive list does, and adds the bytes up', () => {
    const sid = fc.nat(8)
    const property = fc.property(
      fc.array(fc.tuple(sid, fc.nat(1000)), { maxLength: 60, size: 'max' }),
      (steps) => {
        const lane = new Lane(false, false)
        const all = Array.from({ length: 9 }, (_, n) => entry(`s${n}`))
        let list: Entry[] = []
        for (const [n, bytes] of steps) {
          const each = all[n] as Entry
          const present = list.includes(each)
          if (present) {
            lane.remove(each)
            list = list.filter((other) => other !== each)
          }
          each.bytes = bytes
          if (!present || bytes % 2 === 0) {
            lane.add(each)
            list.push(each)
          }
          assert.equal(lane.oldest, list[0])
          assert.equal(lane.size, list.length)
          assert.equal(
            lane.bytes,
            list.reduce((sum, { bytes }) => sum + bytes, 0),
          )
          assert.deepEqual(
            sids(lane),
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
        const [out, signedIn] = [new Lane(false, false), new Lane(false, false)]
        const all = weights.map((bytes, n) => entry(`s${n}`, bytes))
        const total = weights.reduce((sum, bytes) => sum + bytes, 0)
        const members = new Set<Entry>()
        for (const each of all) out.add(each)
        for (const n of moves) {
          const each = all[n] as Entry
          const [from, to] = members.has(each) ? [signedIn, out] : [out, signedIn]
          from.remove(each)
          to.add(each)
          if (!members.delete(each)) members.add(each)
          assert.equal(out.bytes + signedIn.bytes, total)
          assert.equal(signedIn.size, members.size)
          assert.deepEqual(
            [...sids(out), ...sids(signedIn)].sort(),
            all.map(({ sid }) => sid),
          )
          assert.equal(sids(to).at(-1), each.sid)
        }
      },
    )
    fc.assert(property)
  })
})

describe('a walk', () => {
  it('goes on where the entry it is at leaves', () => {
    const { lane, entries, walk } = walkedToB()
    lane.remove(entries[1])
    assert.equal(walk.next(), entries[2])
    assert.equal(walk.next(), undefined)
  })

  it('goes on where every entry up to it leaves', () => {
    const { lane, entries, walk } = walkedToB()
    for (const each of [entries[1], entries[0]]) lane.remove(each)
    assert.equal(walk.next(), entries[2])
  })

  it('skips an entry that left before it came there', () => {
    const { lane, entries, walk } = walkedToB()
    lane.remove(entries[2])
    assert.equal(walk.next(), undefined)
  })

  it('meets again an entry that is used again, as the newest', () => {
    const { lane, entries, walk } = walkedToB()
    lane.remove(entries[1])
    lane.add(entries[1])
    assert.equal(walk.next(), entries[2])
    assert.equal(walk.next(), entries[1])
    assert.equal(walk.next(), undefined)
  })

  it('goes on from the end where more come', () => {
    const { lane, walk } = walkedToB()
    walk.next()
    assert.equal(walk.next(), undefined)
    const late = entry('late')
    lane.add(late)
    assert.equal(walk.next(), late)
  })

  it('is told of nothing once it ended', () => {
    const { lane, entries, walk } = walkedToB()
    walk.end()
    lane.remove(entries[1])
    assert.equal(walk.next(), entries[1], 'still there')
  })
})
