/** Of `many.ts`: signing owners out. */

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Calls } from '../../lib/call'
import { Codec } from '../../lib/entry/entry'
import { Departed } from '../../lib/session/departed'
import { targetOf } from '../../lib/session/devices'
import { Owners, ownerText } from '../../lib/session/many'
import { audit } from '../support/audit'
import { FakeClock } from '../support/clock'
import { newLedger, put, sidsOf } from '../support/ledger'

/** Sessions of ann and bob, and a sign-out that takes four steps a slice. */
function make(sids: readonly string[]) {
  const clock = new FakeClock()
  const ledger = newLedger({ maxBytes: 1_000_000, clock })
  const departed = new Departed(true, clock)
  ledger.listen(departed)
  const add = (sid: string, name = 'ann', ttl = 1000) =>
    put(ledger, sid, { owner: name, expiry: clock.now() + ttl })
  for (const sid of sids) add(sid)
  add('bobs', 'bob')
  const calls = new Calls(new EventEmitter())
  calls.rest = () => {
    audit(ledger)
    clock.work(0.5)
  }
  const ended: number[] = []
  const owners = new Owners(ledger, new Codec(undefined), departed, clock, calls)
  const run = (name: string, except?: string) =>
    owners.signOut(name, { except }, (count) => ended.push(count))
  return { clock, ledger, add, run, ended }
}

const many = Array.from({ length: 20 }, (_, n) => `s${n}`)

describe('a sign-out', () => {
  it('ends the sessions of one owner, all or all but one, before it returns if they are few', () => {
    const { ledger, run, ended } = make(['a', 'b'])
    run('ann', 'b')
    assert.deepEqual([sidsOf(ledger), ended], [['b', 'bobs'], [1]])
    run('ann')
    assert.deepEqual([sidsOf(ledger), ended], [['bobs'], [1, 1]])
    run('nobody')
    assert.deepEqual(ended, [1, 1, 0])
  })

  it('works in slices, the first of them at once', () => {
    const { clock, ledger, run, ended } = make(many)
    run('ann')
    assert.deepEqual([ledger.size, ended.length], [17, 0])
    assert.ok(clock.settle() >= 4)
    assert.deepEqual([sidsOf(ledger), ended], [['bobs'], [20]])
  })

  it('leaves alone what was opened while it works, and what changed hands', () => {
    const { clock, ledger, add, run, ended } = make(many)
    run('ann')
    add('new')
    add('s19', 'bob')
    clock.settle()
    assert.deepEqual(sidsOf(ledger).sort(), ['bobs', 'new', 's19'])
    assert.deepEqual(ended, [19])
  })

  it('ends a session that is used while it works, and one that was evicted meanwhile', () => {
    const { clock, ledger, add, run, ended } = make(many)
    const gone = ledger.find('s18')
    assert.ok(gone)
    run('ann')
    add('s19')
    ledger.remove(gone, 'evict')
    clock.settle()
    assert.deepEqual([sidsOf(ledger), ended], [['bobs'], [19]])
    assert.equal(gone.destroyed, true)
  })

  it('ends the expired too, and does not count them', () => {
    const { clock, ledger, add, run, ended } = make(['a'])
    const expired = add('brief', 'ann', 10)
    clock.pass(10)
    run('ann')
    assert.deepEqual([ledger.size, ended, expired.destroyed], [1, [1], true])
  })
})

describe('the options of a sign-out', () => {
  it('are none, or name the session to except', () => {
    for (const none of [undefined, null, {}, { except: undefined }]) {
      assert.deepEqual(targetOf(none), { except: undefined, only: undefined })
    }
    assert.equal(targetOf({ except: 'a' }).except, 'a')
  })

  it('are refused if they can not be read, since everyone would be signed out', () => {
    const refused: [unknown, RegExp][] = [
      ['a', /^TypeError: options: expected an object such as \{ except: sid \}; got a string$/],
      [new Set(['a']), /options: expected an object .*; got an object/],
      [new Map([['except', 'a']]), /options: expected an object .*; got an object/],
      [{ except: '' }, /except: .*; got an empty one/],
      [['a'], /options: expected an object .*; got an array/],
      [{ except: 1 }, /^TypeError: except: expected the id of a session, a string; got a number/],
      [{ except: null }, /except: .*; got null/],
      [{ exclude: 'a' }, /destroyOwner has no option 'exclude', only 'except'/],
    ]
    for (const [options, message] of refused) {
      assert.throws(() => targetOf(options), message)
    }
  })

  it('name an owner by a text or a number', () => {
    assert.deepEqual([ownerText('ann'), ownerText(7)], ['ann', '7'])
    for (const owner of [undefined, null, '', {}, true, Number.NaN]) {
      assert.throws(() => ownerText(owner), /^TypeError: owner: expected a string or a number; got/)
    }
  })
})
