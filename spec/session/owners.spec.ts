import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import { Entry, type Owner } from '../../lib/entry/entry'
import { Owners } from '../../lib/session/owners'
import { gotKind } from '../../lib/settings/check'
import { checkedOwner, type OwnerName } from '../../lib/settings/default-owner'

/** Owners and a way to give them entries, as a ledger does. */
function make() {
  const owners = new Owners()
  const give = (entry: Entry, name: OwnerName) => {
    const previous = entry.owner
    entry.owner = owners.named(name, previous)
    owners.put(entry, previous)
  }
  const sidsOf = (name: string) => owners.entriesOf(name).map(({ sid }) => sid)
  const [a, b, c] = ['a', 'b', 'c'].map((sid) => new Entry(sid)) as [Entry, Entry, Entry]
  return { owners, give, sidsOf, a, b, c }
}

describe('owners', () => {
  it('are anonymous where there is no name', () => {
    const { owners } = make()
    for (const name of [undefined, null, false, '']) {
      assert.equal(owners.named(name, undefined), undefined)
    }
  })

  it('are refused where they are no name', () => {
    const rejected = Promise.reject(new Error('secret'))
    const others = [{}, [], 1n, Number.NaN, Infinity, () => {}, Symbol('secret'), rejected]
    for (const name of others) {
      assert.throws(() => checkedOwner(name), {
        name: 'TypeError',
        message: `owner: expected the function to return a string, a number, true, or nothing for an anonymous session; ${gotKind(name)}`,
      })
    }
  })

  it('have names that weigh what is counted, whatever they were cut from', () => {
    const owner = new Owners().named('visitor 世'.slice(0, -1), undefined)
    assert.equal(owner?.name, 'visitor ')
    assert.equal(v8.serialize(owner.name)[2], '"'.charCodeAt(0))
  })

  it('are one for each name, a number being its text', () => {
    const { owners, give, sidsOf, a, b } = make()
    give(a, 7)
    give(b, '7')
    assert.equal(a.owner, b.owner)
    assert.equal(owners.named('7', undefined), a.owner)
    assert.deepEqual(sidsOf('7'), ['a', 'b'])
  })

  it('are not listed without a name', () => {
    const { give, sidsOf, a, b } = make()
    give(a, true)
    give(b, true)
    assert.equal(a.owner, b.owner)
    assert.equal(a.owner?.name, undefined)
    assert.deepEqual(sidsOf('true'), [])
  })

  it('list their entries, oldest first, and nothing is left of the last that goes', () => {
    const { owners, give, sidsOf, a, b, c } = make()
    for (const each of [a, b, c]) give(each, 'ann')
    owners.touch(a)
    assert.deepEqual(sidsOf('ann'), ['b', 'c', 'a'])
    give(b, 'ann')
    assert.deepEqual(sidsOf('ann'), ['c', 'a', 'b'])
    owners.remove(a)
    owners.remove(c)
    owners.touch(b)
    assert.deepEqual(sidsOf('ann'), ['b'])
    owners.remove(b)
    assert.deepEqual(sidsOf('ann'), [])
    assert.notEqual(owners.named('ann', undefined), b.owner)
  })

  it('follow a session from one to another, and out', () => {
    const { give, sidsOf, a, b } = make()
    give(a, 'ann')
    give(b, 'ann')
    give(a, 'bob')
    assert.deepEqual([sidsOf('ann'), sidsOf('bob')], [['b'], ['a']])
    give(a, undefined)
    assert.deepEqual([sidsOf('ann'), sidsOf('bob')], [['b'], []])
  })

  it('are found by whoever comes back after others took the name', () => {
    const { owners, give, sidsOf, a, b } = make()
    give(a, 'ann')
    owners.remove(a)
    give(b, 'ann')
    const owner = owners.named('ann', a.owner) as Owner
    assert.equal(owner, b.owner)
    a.owner = owner
    owners.put(a, undefined)
    assert.deepEqual(sidsOf('ann'), ['b', 'a'])
  })

  it('are all forgotten at once', () => {
    const { owners, give, sidsOf, a } = make()
    give(a, 'ann')
    owners.clear()
    assert.deepEqual(sidsOf('ann'), [])
  })
})
