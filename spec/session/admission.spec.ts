import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Admission } from '../../lib/session/sessions'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { Stats } from '../../lib/stats'
import { ann, newLedger, put, sidsOf } from '../support/ledger'
import { NOON } from '../support/time'

function make(options: LembroOptions = {}) {
  const settings = parseOptions({ maxSize: 1000, ...options })
  const [ledger, stats] = [newLedger(), new Stats()]
  ledger.listen(stats)
  const admission = new Admission(settings, ledger, stats)
  const signIn = (sid: string, expiry?: number) =>
    put(ledger, sid, { owner: ann, ...(expiry && { expiry }) })
  return { ledger, stats, admission, signIn }
}

describe('an entry', () => {
  it('is refused beyond maxEntrySize, which counts', () => {
    const { ledger, stats, admission } = make({ maxEntrySize: 500 })
    const entry = put(ledger, 'a')
    assert.equal(admission.obstacle(entry, 500, undefined), undefined)
    assert.throws(() => admission.check(entry, 501, undefined), { code: 'ESESSIONTOOBIG' })
    assert.equal(stats.tooBig, 1)
  })

  it('is refused where it would push out those of users, in words that say whose', () => {
    const { ledger, admission, signIn } = make()
    for (const sid of ['a', 'b', 'c', 'd', 'e', 'f']) signIn(sid)
    const entry = put(ledger, 'large')
    assert.match(
      `${admission.obstacle(entry, 900, undefined)}`,
      /belongs to nobody and would push out those of your users/,
    )
    const small = make()
    for (let n = 0; n < 50; n++) put(small.ledger, `s${n}`, { bytes: 10, owner: `${n}` })
    assert.match(
      `${small.admission.obstacle(entry, 900, ann)}`,
      /would push out those of your other users/,
    )
  })
})

describe('room for an owner with maxPerOwner', () => {
  it('is made by evicting the oldest, which counts apart and is revoked', () => {
    const { ledger, stats, admission, signIn } = make({ maxPerOwner: 2 })
    const oldest = signIn('a')
    signIn('b')
    admission.makeRoomForOwner(put(newLedger(), 'c'), ann, NOON)
    assert.deepEqual(sidsOf(ledger), ['b'])
    assert.equal(oldest.destroyed, true)
    const { evicted, lastEvicted } = stats.snapshot(ledger, 1000)
    assert.deepEqual([evicted.perOwner, evicted.owned, lastEvicted.owned], [1, 0, null])
  })

  it('is there where one has expired: no live one has to go for it', () => {
    const { ledger, admission, signIn } = make({ maxPerOwner: 2 })
    signIn('live')
    signIn('expired', NOON + 10)
    admission.makeRoomForOwner(put(newLedger(), 'c'), ann, NOON + 10)
    assert.deepEqual(sidsOf(ledger), ['live'])
  })
})
