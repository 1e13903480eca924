/** Of `owner.ts`: what the options say. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gotKind } from '../../lib/settings/check'
import { askClient, askOwner, checkedOwner, ownerNamed } from '../../lib/settings/owner'

describe('owners', () => {
  it('are anonymous if there is no name', () => {
    for (const name of [undefined, null, false, ''] as const) {
      assert.equal(ownerNamed(name), undefined)
    }
  })

  it('have a text for a name, a number being its text; or none', () => {
    assert.deepEqual([ownerNamed('ann'), ownerNamed(7), ownerNamed('7')], ['ann', '7', '7'])
    assert.equal(ownerNamed(true), true)
    assert.equal(ownerNamed('true'), 'true')
  })

  it('are asked of the session, and none if the option throws or gives something odd, which is reported', () => {
    const faults: Error[] = []
    const fault = (thrown: unknown) => faults.push(thrown as Error)
    const session = { cookie: {} } as never
    const asked: unknown[] = []
    const ownerOf = askOwner((given) => asked.push(given) && 'ann', fault)
    assert.deepEqual([ownerOf(session), asked], ['ann', [session]])
    assert.equal(askOwner(() => assert.fail('odd'), fault)(session), undefined)
    assert.equal(askOwner(() => ({}), fault)(session), undefined)
    assert.equal(askOwner(undefined, fault)(session), undefined)
    assert.equal(faults.length, 2)
    assert.match(`${faults}`, /odd,TypeError: owner: expected the function to return/)
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
})
