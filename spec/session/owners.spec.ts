import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import { Entry, type Owner } from '../../lib/entry/entry'
import { FairLane } from '../../lib/ledger/fair-lane'
import { Holders } from '../../lib/ledger/holders'
import { askClient, Owners } from '../../lib/session/owners'
import { gotKind } from '../../lib/settings/check'
import { checkedOwner, type OwnerName } from '../../lib/settings/default-owner'

/** Owners and a way to give them entries, as a ledger does. */
function make() {
  const owners = new Owners()
  const lane = new FairLane()
  const holders = new Holders(() => lane)
  const put = (entry: Entry, previous: Owner | undefined) => {
    holders.put(entry, previous)
    owners.put(entry, previous)
  }
  const give = (entry: Entry, name: OwnerName) => {
    const previous = entry.owner
    entry.owner = owners.named(name, previous)
    put(entry, previous)
  }
  const touch = (entry: Entry) => holders.touch(entry)
  const remove = (entry: Entry) => {
    holders.remove(entry)
    owners.remove(entry)
  }
  const sidsOf = (name: string) => owners.entriesOf(name).map(({ sid }) => sid)
  const [a, b, c] = ['a', 'b', 'c'].map((sid) => new Entry(sid)) as [Entry, Entry, Entry]
  return { owners, put, give, touch, remove, sidsOf, a, b, c }
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
    const { owners, give, touch, remove, sidsOf, a, b, c } = make()
    for (const each of [a, b, c]) give(each, 'ann')
    touch(a)
    assert.deepEqual(sidsOf('ann'), ['b', 'c', 'a'])
    give(b, 'ann')
    assert.deepEqual(sidsOf('ann'), ['c', 'a', 'b'])
    remove(a)
    remove(c)
    touch(b)
    assert.deepEqual(sidsOf('ann'), ['b'])
    remove(b)
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
    const { owners, put, give, remove, sidsOf, a, b } = make()
    give(a, 'ann')
    remove(a)
    give(b, 'ann')
    const owner = owners.named('ann', a.owner) as Owner
    assert.equal(owner, b.owner)
    a.owner = owner
    put(a, undefined)
    assert.deepEqual(sidsOf('ann'), ['b', 'a'])
  })

  it('are all forgotten at once', () => {
    const { owners, give, sidsOf, a } = make()
    give(a, 'ann')
    owners.clear()
    assert.deepEqual(sidsOf('ann'), [])
  })
})

describe('clients', () => {
  const from = (ip?: unknown) => ({ req: { ip } }) as never
  const ipOf = (req: unknown) => (req as { ip: string }).ip

  it('are asked of the request of a live session; a plain object has none', () => {
    const clientOf = askClient(ipOf, () => assert.fail())
    assert.equal(clientOf(from('10.0.0.1')), '10.0.0.1')
    for (const session of [from(undefined), from(''), {}, { req: null }]) {
      assert.equal(clientOf(session as never), undefined)
    }
    assert.equal(askClient(undefined, () => assert.fail())(from('10.0.0.1')), undefined)
  })

  it('are none where the option throws or gives something odd, which is reported once', () => {
    for (const odd of [() => assert.fail('odd'), () => 7 as never, async () => 'late' as never]) {
      const faults: Error[] = []
      const clientOf = askClient(odd as unknown as typeof ipOf, (thrown) =>
        faults.push(thrown as Error),
      )
      for (let n = 0; n < 3; n++) assert.equal(clientOf(from('10.0.0.1')), undefined)
      assert.equal(faults.length, 1)
      assert.match(
        `${faults[0]?.message}`,
        /^odd$|^client: expected the function to return a string/,
      )
    }
  })

  it('are one for each name, apart from an owner of that name', () => {
    const { owners } = make()
    const [client, owner] = [owners.client('ann', undefined), owners.named('ann', undefined)]
    assert.notEqual(client, owner)
    assert.equal(owners.client('ann', client)?.name, 'ann')
    assert.equal(owners.client(undefined, undefined), undefined)
    assert.deepEqual(owners.entriesOf('ann'), [])
  })
})
