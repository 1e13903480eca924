import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ShardedMap } from '../../lib/ledger/sharded-map'

const character = fc.constantFrom('a', '7', 'é', '世', '\ud800', '\0')

describe('shards', () => {
  it('are one map, whatever the keys', () => {
    const key = fc.oneof(
      fc.constantFrom('', '__proto__', 'a', 'ab', 'ba', '\ud800', '世界'),
      fc.string({ unit: character, maxLength: 12 }),
    )
    const steps = fc.array(fc.tuple(key, fc.option(fc.nat())), { maxLength: 100, size: 'max' })
    fc.assert(
      fc.property(steps, (steps) => {
        const [shards, map] = [new ShardedMap<number>(), new Map<string, number>()]
        for (const [key, value] of steps) {
          if (value === null) {
            shards.delete(key)
            map.delete(key)
          } else {
            shards.set(key, value)
            map.set(key, value)
          }
          for (const [each] of steps) assert.equal(shards.get(each), map.get(each))
        }
      }),
    )
  })

  const kinds: [string, (n: number) => string][] = [
    ['counters', (n) => `${n}`],
    ['counters behind a prefix', (n) => `session:user:${n}`],
    ['counters before a suffix', (n) => `${n}@mail.example.com`],
    ['counters between both', (n) => `sess:${n}:v1.0`],
    ['padded counters', (n) => `${n}`.padStart(32, '0')],
    [
      'ids as uid-safe makes them',
      (n) => Buffer.from(`${n * 7919}`.repeat(4)).toString('base64url'),
    ],
  ]
  for (const [what, keyOf] of kinds) {
    it(`spread ${what}, so that none of them holds a large part`, (t) => {
      const sizes = new Map<unknown, number>()
      const { set } = Map.prototype
      const shards = new ShardedMap<number>()
      const keys = Array.from({ length: 10_000 }, (_, n) => keyOf(n))
      const note = function (this: Map<unknown, unknown>, key: unknown, value: unknown) {
        if (this !== sizes) set.call(sizes, this, (sizes.get(this) ?? 0) + 1)
        return set.call(this, key, value)
      }
      Map.prototype.set = note as typeof set
      try {
        for (const key of keys) shards.set(key, 1)
      } finally {
        Map.prototype.set = set
      }
      const largest = Math.max(...sizes.values())
      t.diagnostic(`${sizes.size} shards, the largest of ${largest}`)
      assert.ok(largest <= 1000, `${largest} of 10,000 in one`)
    })
  }
})
