import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defaultOwner, isOwnerName } from '../../lib/settings/owner'
import type { Data } from '../support/sessions'

const claims = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url')

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
    [{ user: { _id: '64c0ffee', name: 'Cy' } }, '64c0ffee'],
    [{ user: { id: 7, _id: '64c0ffee' } }, 7],
    [{ user: { id: null, _id: 7 } }, 7],
    [{ user: { toJSON: () => ({ _id: { toJSON: () => '64c0ffee' } }) } }, '64c0ffee'],
    [{ user: { id: 'a', toJSON: () => ({ name: 'Cy' }) } }, true],
    [{ user: { toJSON: () => ({}) } }, undefined],
    [{ user: { toJSON: () => undefined } }, undefined],
    [{ user: true }, true],
    [{ userId: 0 }, 0],
    [{ user: { id: 0 } }, 0],
    [{ user: '', userId: 0 }, 0],
    [{ user: {} }, undefined],
    [{ user: [] }, undefined],
    [{ user: { loggedIn: false } }, undefined],
    [{ user: { loggedIn: false, name: '', role: null, visits: 0 } }, undefined],
    [{ user: { loggedIn: true } }, true],
    [{ user: { greet() {} } }, undefined],
    [{ passport: { user: {} }, userId: 'bob' }, 'bob'],
    [{ user: false }, undefined],
    [{ userId: Number.NaN }, undefined],
    [{ userId: Infinity }, undefined],
    [{ user: () => 'ann' }, undefined],
    [{ user_id: 'ann' }, 'ann'],
    [{ user_id: 0, adminUser: { id: 'bob' } }, 0],
    [{ adminUser: { email: 'ann@example.com' } }, true],
    [{ adminUser: { id: 'ann', email: 'ann@example.com' } }, 'ann'],
    [{ account: { homeAccountId: 'a.b', username: 'ann' } }, 'a.b'],
    [{ account: { username: 'ann' } }, undefined],
    [
      { 'keycloak-token': JSON.stringify({ access_token: `h.${claims({ sub: 'ann' })}.s` }) },
      'ann',
    ],
    [{ 'keycloak-token': JSON.stringify({ access_token: `h.${claims({})}.s` }) }, true],
    [{ header: {}, data: { id_token: `h.${claims({ sub: 'ann' })}.s` } }, 'ann'],
    [{ header: {}, data: { id_token: 'no token' } }, true],
    [{ data: { id_token: `h.${claims({ sub: 'ann' })}.s` } }, undefined],
    [{ 'keycloak-token': '{}' }, true],
    [{ 'keycloak-token': 'no JSON' }, true],
    [{ 'keycloak-token': { access_token: 'a' } }, undefined],
  ]
  for (const [session, owner] of found) {
    it(`of ${JSON.stringify(session)} is ${owner}`, () => {
      assert.equal(defaultOwner(session as Data), owner)
    })

    it(`of ${JSON.stringify(session)} is the same once it was stored`, () => {
      assert.equal(defaultOwner(JSON.parse(JSON.stringify(session))), owner)
    })
  }

  it('is none that only a getter of a class gives, since JSON drops it', () => {
    class User {
      constructor(readonly name: string) {}
      get id() {
        return this.name
      }
    }
    const session = { user: new User('ann') } as unknown as Data
    assert.equal(defaultOwner(session), true)
    assert.equal(defaultOwner(JSON.parse(JSON.stringify(session))), true)
  })

  it('is not looked for under other names', () => {
    assert.equal(
      defaultOwner({ account: 'ann', username: 'ann', uid: 'ann' } as unknown as Data),
      undefined,
    )
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
