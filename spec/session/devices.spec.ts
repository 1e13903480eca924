import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeSession, handleOf, ownedSession } from '../../lib/session/devices'
import { Lembro } from '../../lib/store'
import { plainSession } from '../support/sessions'

const live = (data: object, req: unknown = { ip: '::1' }) =>
  Object.defineProperty(plainSession(data), 'req', { value: req, configurable: true })
const ip = (req: object) => ({ ip: Object(req).ip })
const deviceOf = (session: ReturnType<typeof live>) => ownedSession('a', session, undefined, 0)

describe('the description of a session', () => {
  it('is taken once, and again when another signs in', () => {
    const session = live({ userId: 'ann' })
    describeSession(ip, session, false, 1)
    assert.deepEqual(deviceOf(session).device, { ip: '::1' })
    describeSession(() => 'another', session, false, 2)
    assert.equal(deviceOf(session).created, 1)
    describeSession(() => 'another', session, true, 3)
    assert.deepEqual([deviceOf(session).device, deviceOf(session).created], ['another', 3])
  })

  it('is not taken of a session without a request', () => {
    const session = live({ userId: 'ann' }, null)
    describeSession(ip, session, true, 1)
    assert.deepEqual(Object.keys(session), Object.keys(plainSession({ userId: 'ann' })))
  })

  it('may be nothing: then only the instant is kept', () => {
    const session = live({})
    describeSession(() => undefined, session, false, 7)
    assert.deepEqual([deviceOf(session).device, deviceOf(session).created], [undefined, 7])
  })

  for (const bad of [7, true, () => {}, Promise.resolve({})]) {
    it(`is not ${typeof bad}: ${bad}`, () => {
      const expected = /^describe: expected the function to return an object, a string, or nothing/
      assert.throws(() => describeSession((() => bad) as never, live({}), false, 1), {
        name: 'TypeError',
        message: expected,
      })
    })
  }
})

describe('a handle', () => {
  it('is the same for an id, another for each, and short', () => {
    assert.equal(handleOf('a'), handleOf('a'))
    assert.notEqual(handleOf('a'), handleOf('b'))
    assert.match(handleOf('a'), /^[\w-]{24}$/)
  })
})

describe("the event 'destroy'", () => {
  it('is told of each session that the application ended, and of no other', async () => {
    await using store = new Lembro({ interval: 0, max: 3 })
    const told: unknown[] = []
    store.on('destroy', (sid, { owner }) => told.push([sid, owner]))
    for (const sid of ['a', 'b', 'c', 'd']) await store.set(sid, plainSession({ userId: 'ann' }))
    await store.set('d', plainSession({ userId: 'ann', again: true }))
    assert.deepEqual(told, [])
    await store.destroy('d')
    await store.destroy('absent')
    await store.destroyOwner('ann', { only: handleOf('c') })
    await store.destroyOwner('ann')
    assert.deepEqual(told, [
      ['d', 'ann'],
      ['c', 'ann'],
      ['b', 'ann'],
    ])
  })
})
