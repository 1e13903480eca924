import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Alarm, alarmsOf } from '../../lib/monitor/page/alarms'
import { History } from '../../lib/monitor/page/history'
import type { Sample } from '../../lib/monitor/sample'

/** The alarm of that name, after the page has seen these samples, a second apart. */
function alarm(name: string, ...figures: Omit<Sample, 'at'>[]): Alarm | undefined {
  const history = new History()
  const samples = figures.map((each, index) => ({ at: 100_000 + index * 1_000, ...each }))
  history.add(samples)
  return alarmsOf(samples.at(-1) as Sample, history).find((each) => each.name === name)
}

describe('the alarm of a member evicted', () => {
  it('rings while it happens, and is told as earlier after that', () => {
    const [none, one] = [{ evicted: { members: 0 } }, { evicted: { members: 1 } }]
    assert.equal(alarm('LembroMemberEvicted', none)?.state, 'quiet')
    const now = alarm('LembroMemberEvicted', none, one)
    assert.deepEqual([now?.state, now?.title], ['now', '1 member lost a session'])
    const earlier = alarm('LembroMemberEvicted', one, one)
    assert.equal(earlier?.state, 'earlier')
    assert.match(earlier?.text ?? '', /^Not in the last minutes/)
  })

  it('says who was evicted while no member was', () => {
    const textOf = (evicted: object) => alarm('LembroMemberEvicted', { evicted })?.text
    assert.equal(textOf({ members: 0, owned: 0, anonymous: 0 }), 'Nobody was evicted yet.')
    assert.equal(textOf({ members: 0, owned: 0, anonymous: 5 }), 'Only strangers were evicted.')
    const both = 'Only strangers and newcomers were evicted.'
    assert.equal(textOf({ members: 0, owned: 1, anonymous: 5 }), both)
  })

  it('does not ring for a newcomer where the store tells them apart', () => {
    const evicted = [
      { members: 0, owned: 1 },
      { members: 0, owned: 5 },
    ]
    assert.equal(
      alarm('LembroMemberEvicted', ...evicted.map((each) => ({ evicted: each })))?.state,
      'quiet',
    )
  })

  it('rings for all who signed in where it does not', () => {
    assert.equal(
      alarm('LembroMemberEvicted', { evicted: { owned: 1 } }, { evicted: { owned: 2 } })?.state,
      'now',
    )
  })
})

describe('the other alarms', () => {
  it('ring for a session refused as too big', () => {
    const { state, title } =
      alarm('LembroSessionTooBig', { refused: { tooBig: 1 } }, { refused: { tooBig: 2 } }) ?? {}
    assert.deepEqual([state, title], ['now', '2 saves refused as too big'])
    assert.equal(alarm('LembroSessionTooBig', { refused: { tooBig: 2 } })?.state, 'earlier')
  })

  it('ring while nothing is saved, for a store that saves', () => {
    assert.equal(alarm('LembroSavingOff', { save: { saving: false } })?.state, 'now')
    assert.equal(alarm('LembroSavingOff', { save: { saving: true } })?.state, 'quiet')
    assert.equal(alarm('LembroSavingOff', {}), undefined)
  })

  it('ring while the near cache is not used, for a store that has one', () => {
    assert.equal(alarm('LembroNearCacheNotCoherent', { near: { coherent: false } })?.state, 'now')
    assert.equal(alarm('LembroNearCacheNotCoherent', { near: { coherent: true } })?.state, 'quiet')
    assert.equal(alarm('LembroNearCacheNotCoherent', {}), undefined)
    const offline = { near: { coherent: false, connected: false } }
    assert.equal(alarm('LembroNearCacheNotCoherent', offline), undefined)
    assert.equal(alarm('LembroRedisUnreachable', offline)?.state, 'now')
    assert.equal(alarm('LembroRedisUnreachable', { near: { connected: true } })?.state, 'quiet')
    assert.equal(alarm('LembroRedisUnreachable', {}), undefined)
  })
})
