/** Of `many.ts`: all sessions. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gather } from '../../lib/session/many'
import { FakeClock } from '../support/clock'
import { newLedger, put } from '../support/ledger'
import { NOON } from '../support/time'

/** A ledger of entries, gathered four a slice. */
function make(count: number) {
  const clock = new FakeClock()
  const ledger = newLedger({ maxBytes: 1_000_000 })
  for (let n = 0; n < count; n++) put(ledger, `s${n}`)
  const ends: (string[] | string)[] = []
  const start = (fail?: string) =>
    gather(
      ledger,
      clock,
      () => [] as string[],
      (sids, entry) => {
        clock.work(0.5)
        if (entry.sid === fail) throw new Error(`no ${fail}`)
        sids.push(entry.sid)
      },
      (error, sids) => ends.push(error?.message ?? sids ?? []),
    )
  return { clock, ledger, ends, start }
}

describe('what a ledger holds', () => {
  it('is gathered before the call returns, if it is little, without the expired', () => {
    const { ledger, ends, start } = make(2)
    put(ledger, 'expired', { expiry: NOON })
    start()
    assert.deepEqual(ends, [['s0', 's1']])
  })

  it('is gathered in slices, with what comes and without what goes meanwhile', () => {
    const { clock, ledger, ends, start } = make(10)
    start()
    assert.deepEqual(ends, [])
    const going = ledger.find('s9')
    assert.ok(going)
    ledger.remove(going, 'destroy')
    put(ledger, 'new')
    clock.settle()
    assert.deepEqual(ends, [['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 'new']])
  })

  it('is begun anew if all is cleared meanwhile', () => {
    const { clock, ledger, ends, start } = make(10)
    start()
    ledger.clear()
    put(ledger, 'new')
    clock.settle()
    assert.deepEqual(ends, [['new']])
  })

  it('ends with what adding throws', () => {
    const { clock, ends, start } = make(10)
    start('s5')
    clock.settle()
    assert.deepEqual(ends, ['no s5'])
  })
})
