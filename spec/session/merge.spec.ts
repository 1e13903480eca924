import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Codec, Entry } from '../../lib/entry/entry'
import { Link } from '../../lib/session/link'
import { mergeKeys, resolveConflict } from '../../lib/session/merge'
import type { ConflictResolver } from '../../lib/settings/options'
import { type Data, plainSession } from '../support/sessions'

const key = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor')
const value = fc.oneof(fc.nat(3), fc.constantFrom(null, 'x', false), fc.array(fc.nat(2)))
const keys = fc
  .array(fc.tuple(key, value), { maxLength: 6 })
  .map((pairs) => Object.fromEntries(pairs) as Record<string, unknown>)

describe('a merge', () => {
  it('is what one side made of it, where the other changed nothing', () => {
    fc.assert(
      fc.property(keys, keys, (base, changed) => {
        const copy = structuredClone(base)
        assert.deepEqual(mergeKeys(base, changed, copy), changed)
        assert.deepEqual(mergeKeys(base, copy, changed), changed)
      }),
    )
  })

  it('reaches as deep as a session can', () => {
    const deep = (leaf: number) => {
      let value: unknown = leaf
      for (let level = 0; level < 1500; level++) value = { value }
      return value
    }
    const merged = mergeKeys({ deep: deep(1) }, { deep: deep(2) }, { deep: deep(1), mine: 3 })
    assert.equal(JSON.stringify(merged.deep), JSON.stringify(deep(2)), 'theirs: unchanged by us')
    const changed = mergeKeys({ deep: deep(1) }, { deep: deep(2) }, { deep: deep(3) })
    assert.equal(JSON.stringify(changed.deep), JSON.stringify(deep(3)), 'ours')
    assert.equal(merged.mine, 3)
  })

  it('is what both made of it, where they made the same', () => {
    fc.assert(
      fc.property(keys, keys, (base, changed) => {
        assert.deepEqual(mergeKeys(base, changed, structuredClone(changed)), changed)
      }),
    )
  })

  it('decides each key by itself: deleted by either it stays so, else the incoming change wins', () => {
    fc.assert(
      fc.property(keys, keys, keys, (base, stored, incoming) => {
        const merged = mergeKeys(base, stored, incoming)
        for (const key of ['a', 'b', 'c', 'd', '__proto__', 'constructor']) {
          const of = (side: object) => Object.getOwnPropertyDescriptor(side, key)?.value
          const [was, theirs, ours] = [of(base), of(stored), of(incoming)]
          const deleted = was !== undefined && (theirs === undefined || ours === undefined)
          const changed = JSON.stringify(ours) !== JSON.stringify(was)
          const expected = deleted ? undefined : ours !== undefined && changed ? ours : theirs
          assert.deepEqual(of(merged), expected, key)
          assert.equal(Object.hasOwn(merged, key), expected !== undefined)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('changes none of the three', () => {
    fc.assert(
      fc.property(keys, keys, keys, (...sides) => {
        const before = structuredClone(sides)
        mergeKeys(...sides)
        assert.deepEqual(sides, before)
      }),
    )
  })
})

describe('a conflict', () => {
  const codec = new Codec(undefined)
  const resolve = (onConflict: 'merge' | ConflictResolver, incoming: object) => {
    const stored = new Entry('a')
    stored.body = '{"theirs":1,"both":1}'
    const link = new Link({ epoch: 0 }, stored, '{"both":0,"gone":0}', '')
    const session = { ...incoming, cookie: { path: '/mine' } } as unknown as Data
    const base = JSON.stringify(incoming)
    return resolveConflict(onConflict, codec, link, stored, { session, base })
  }

  it('is merged from the bodies, with the cookie of the incoming one', () => {
    const merged = resolve('merge', { both: 2, gone: 0, mine: 3 })
    assert.deepEqual(merged, { theirs: 1, both: 2, mine: 3, cookie: { path: '/mine' } })
  })

  it('is handed to a function as what was, what is stored, and what comes', () => {
    const asked: unknown[] = []
    const decided = plainSession()
    const given = resolve(
      (...sides) => {
        asked.push(...structuredClone(sides))
        return decided
      },
      { both: 2 },
    )
    assert.equal(given, decided)
    assert.deepEqual(asked, [
      { both: 0, gone: 0 },
      { theirs: 1, both: 1 },
      { both: 2, cookie: { path: '/mine' } },
    ])
  })

  it('leaves the cookie to the incoming one, where that function gives none', () => {
    const given = resolve(() => ({ mine: 1 }) as unknown as Data, {})
    assert.deepEqual(given, { mine: 1, cookie: { path: '/mine' } })
  })

  for (const [answer, came] of [
    [() => undefined, 'got undefined'],
    [() => null, 'got null'],
    [() => 'secret', 'got a string'],
    [() => Promise.reject(new Error('secret')), 'got a promise'],
  ] as const) {
    it(`is a failure where the function gives no session: ${came}`, () => {
      const message = `onConflict: expected the function to return a session; ${came}`
      assert.throws(() => resolve(answer as () => never, {}), { name: 'TypeError', message })
    })
  }
})
