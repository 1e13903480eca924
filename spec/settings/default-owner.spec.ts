import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultOwner, isOwnerName } from '../../lib/settings/default-owner'
import type { Data } from '../support/sessions'

describe('the default owner', () => {
  const found: [object, unknown][] = [
    [{}, undefined],
    [{ passport: {} }, undefined],
    [{ passport: null, userId: null, user: null }, undefined],
    [{ passport: { user: 'ann' } }, 'ann'],
    [{ passport: { user: 7 } }, 7],
    [{ passport: { user: 0 } }, 0],
    [{ passport: { user: { id: 'ann' } } }, 'ann'],
    [{ passport: { user: 'ann' }, userId: 'bob', user: 'cy' }, 'ann'],
    [{ userId: 'bob', user: 'cy' }, 'bob'],
    [{ userId: 7 }, 7],
    [{ user: { id: 7, name: 'Cy' } }, 7],
    [{ user: { name: 'Cy' } }, true],
    [{ user: { id: { $oid: 'x' } } }, true],
    [{ userId: { toJSON: () => '64c0ffee' } }, '64c0ffee'],
    [{ user: { toJSON: () => ({}) } }, true],
    [{ user: true }, true],
    [{ user: '', userId: 0 }, undefined],
    [{ user: false }, undefined],
    [{ userId: Number.NaN }, undefined],
    [{ userId: Infinity }, true],
  ]
  for (const [session, owner] of found) {
    it(`of ${JSON.stringify(session)} is ${owner}`, () => {
      assert.equal(defaultOwner(session as Data), owner)
    })
  }

  it('is not looked for under other names', () => {
    assert.equal(defaultOwner({ account: 'ann', username: 'ann' } as unknown as Data), undefined)
  })
})

describe('isOwnerName', () => {
  it('takes text and finite numbers, 0 too', () => {
    for (const name of ['ann', ' ', '0', 0, -1, 1.5]) assert.equal(isOwnerName(name), true)
    for (const name of ['', Number.NaN, Infinity, true, null, undefined, {}, [], 1n]) {
      assert.equal(isOwnerName(name), false)
    }
  })
})
