import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Calls } from '../../lib/call'
import { Codec } from '../../lib/entry/entry'
import { Told } from '../../lib/session/told'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { FakeClock } from '../support/clock'
import { ann, newLedger, put } from '../support/ledger'
import { nextTurn } from '../support/time'

const text = {
  stringify: (session: unknown) => String(session),
  parse: (body: string) => body as never,
}

function make(options: LembroOptions = {}) {
  const emitter = new EventEmitter()
  const heard: unknown[] = []
  emitter.on('error', (error: Error) => heard.push(error.message))
  const clock = new FakeClock()
  const settings = parseOptions({ serializer: text, ...options })
  const codec = new Codec(settings.serializer)
  const calls = new Calls(emitter)
  const told = new Told(emitter, calls, codec, clock, settings)
  const ledger = newLedger({ clock })
  ledger.listen(told)
  return { emitter, calls, told, ledger, clock, heard }
}

/** With a `dispose` that notes what it is told. */
function disposing(options: LembroOptions = {}) {
  const gone: string[] = []
  const dispose = (sid: string, body: string, cause: string) => {
    gone.push(`${cause} ${sid} ${body}`)
  }
  return { gone, ...make({ dispose, ...options }) }
}

describe('dispose', () => {
  it('is told when the ledger is at rest, not before', () => {
    const { gone, calls, ledger } = disposing()
    for (const [sid, cause] of [
      ['a', 'evict'],
      ['b', 'expire'],
      ['c', 'destroy'],
    ] as const) {
      ledger.remove(put(ledger, sid), cause)
    }
    assert.deepEqual(gone, [])
    calls.rest()
    assert.deepEqual(gone, ['evict a a', 'expire b b', 'destroy c c'])
    calls.rest()
    assert.equal(gone.length, 3)
  })

  it('is told of the session as it was, whatever became of the entry since', () => {
    const { gone, calls, ledger } = disposing()
    const entry = put(ledger, 'a')
    ledger.remove(entry, 'evict')
    entry.body = 'changed'
    calls.rest()
    assert.deepEqual(gone, ['evict a a'])
  })

  it('is told later of what it causes itself, so that it cannot go on for ever', () => {
    const gone: string[] = []
    const parts = make({
      dispose: (sid) => {
        gone.push(sid)
        parts.ledger.remove(put(parts.ledger, `${sid}+`), 'evict')
        parts.calls.rest()
      },
    })
    parts.ledger.remove(put(parts.ledger, 'a'), 'evict')
    parts.calls.rest()
    assert.deepEqual(gone, ['a'])
    parts.clock.breatheOnce()
    assert.deepEqual(gone, ['a', 'a+'])
    assert.equal(parts.clock.breathing, true)
  })

  it('is told of all that were cleared, once the event loop has come round', () => {
    const { gone, ledger, clock } = disposing()
    put(ledger, 'a', { owner: ann })
    put(ledger, 'b')
    ledger.clear()
    put(ledger, 'a')
    assert.deepEqual(gone, [])
    clock.settle()
    assert.deepEqual(gone, ['clear b b', 'clear a a'])
  })

  it('may throw: the others are told all the same, and the error is reported', async () => {
    const told: string[] = []
    const { calls, ledger, heard } = make({
      dispose: (sid) => {
        told.push(sid)
        throw new Error(`no ${sid}`)
      },
    })
    for (const sid of ['a', 'b']) ledger.remove(put(ledger, sid), 'destroy')
    calls.rest()
    await nextTurn()
    assert.deepEqual(
      [told, heard],
      [
        ['a', 'b'],
        ['no a', 'no b'],
      ],
    )
  })

  it('is told of what is replaced, unless it is not to be', () => {
    const { gone, calls, ledger } = disposing()
    for (const text of ['a', 'b']) put(ledger, 'sid', { body: text })
    calls.rest()
    assert.deepEqual(gone, ['replace sid a'])
    assert.equal(disposing({ noDisposeOnSet: true }).told.replaced, undefined)
    assert.equal(make().told.replaced, undefined)
  })
})

describe('an event', () => {
  it('tells of evictions, expiries and destroys, whose they were and what was in them', () => {
    const { emitter, calls, ledger } = make()
    const told: unknown[] = []
    for (const event of ['evict', 'expire', 'destroy']) {
      emitter.on(event, (sid, { owner, bytes, session }) => {
        told.push([event, sid, owner, bytes, session])
      })
    }
    ledger.remove(put(ledger, 'a', { owner: ann }), 'evict')
    ledger.remove(put(ledger, 'b', { bytes: 7 }), 'expire')
    ledger.remove(put(ledger, 'c'), 'destroy')
    calls.rest()
    assert.deepEqual(told, [
      ['evict', 'a', 'ann', 100, 'a'],
      ['expire', 'b', undefined, 7, 'b'],
      ['destroy', 'c', undefined, 100, 'c'],
    ])
  })

  it('tells of each session that a clear has ended, as of a destroy', () => {
    const { emitter, ledger, clock } = make()
    const told: unknown[] = []
    emitter.on('destroy', (sid, { owner, session }) => told.push([sid, owner, session]))
    put(ledger, 'a', { owner: ann })
    put(ledger, 'b')
    ledger.clear()
    clock.settle()
    assert.deepEqual(told.sort(), [
      ['a', 'ann', 'a'],
      ['b', undefined, 'b'],
    ])
  })

  it('reads no session that nobody asks for', () => {
    const parse = () => assert.fail('read')
    const { emitter, calls, ledger, heard } = make({ serializer: { ...text, parse } })
    emitter.on('evict', () => {})
    ledger.remove(put(ledger, 'a'), 'evict')
    calls.rest()
    assert.deepEqual(heard, [])
  })

  it('harms nobody by a listener that throws, which is reported', async () => {
    const { emitter, told, heard } = make()
    emitter.on('reduce', () => assert.fail('mine'))
    told.announce('reduce', {})
    await nextTurn()
    assert.deepEqual(heard, ['mine'])
  })
})
