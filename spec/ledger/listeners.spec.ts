import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CookieJar } from '../../lib/entry/cookie'
import { Entry } from '../../lib/entry/entry'
import { type LedgerListener, Listeners } from '../../lib/ledger/ledger'

const KINDS = ['put', 'filled', 'touch', 'remove', 'clear', 'cleared'] as const

describe('listeners', () => {
  it('hear of what they listen to, in the order in which they came, and of nothing else', () => {
    const listeners = new Listeners()
    const heard: unknown[][] = []
    const hears = (name: string, ...kinds: readonly (typeof KINDS)[number][]) => {
      const listener: Record<string, unknown> = {}
      for (const kind of kinds)
        listener[kind] = (...given: unknown[]) => heard.push([name, kind, ...given])
      listeners.add(listener as LedgerListener)
    }
    hears('first', ...KINDS)
    hears('none')
    for (const kind of KINDS) hears(`of ${kind}`, kind)
    const entry = new Entry('a')
    const cookie = new CookieJar().keep({ path: '/' }, 0)
    const said: [(typeof KINDS)[number], ...unknown[]][] = [
      ['put', entry],
      ['filled'],
      ['touch', entry, cookie],
      ['touch', entry, undefined],
      ['remove', entry, 'evict', 7000],
      ['clear', 3],
      ['cleared', entry],
    ]
    for (const [kind, ...given] of said) {
      heard.length = 0
      const tell = listeners[kind].bind(listeners) as (...given: unknown[]) => void
      tell(...given)
      assert.deepEqual(heard, [
        ['first', kind, ...given],
        [`of ${kind}`, kind, ...given],
      ])
    }
  })

  it('keep their own `this`', () => {
    class Counter implements LedgerListener {
      puts = 0
      put(): void {
        this.puts++
      }
    }
    const [listeners, counter] = [new Listeners(), new Counter()]
    listeners.add(counter)
    listeners.put(new Entry('a'))
    assert.equal(counter.puts, 1)
  })
})
