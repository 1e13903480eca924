import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TextIndex } from '../../lib/ledger/text-index'

interface Node {
  readonly key: string
}

function make() {
  return new TextIndex<Node>(({ key }) => key)
}

const character = fc.constantFrom('a', '7', 'é', '世', '\ud800', '\0')
const LONG = 'x'.repeat(10_000)

describe('an index by text', () => {
  it('holds what a Map would, whatever the texts', () => {
    const key = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('', '__proto__', 'constructor', 'a', 'ab', 'ba') },
      { weight: 8, arbitrary: fc.string({ unit: character, maxLength: 12 }) },
      { weight: 1, arbitrary: fc.constantFrom(LONG, `${LONG}a`, `${LONG}b`, `a${LONG}`) },
    )
    const what = fc.constantFrom('add', 'add', 'replace', 'delete')
    const steps = fc.array(fc.tuple(key, what), { maxLength: 100, size: 'max' })
    const property = fc.property(steps, (steps) => {
      const [index, map] = [make(), new Map<string, Node>()]
      const keys = new Set(steps.map(([key]) => key))
      for (const [key, what] of steps) {
        const node = map.get(key)
        const by = { key }
        if (what === 'add' && node === undefined) {
          index.add(by)
          map.set(key, by)
        } else if (what === 'replace' && node !== undefined) {
          index.replace(node, by)
          map.set(key, by)
        } else if (what === 'delete' && node !== undefined) {
          index.delete(node)
          map.delete(key)
        }
        for (const each of keys) assert.equal(index.get(each), map.get(each))
      }
    })
    fc.assert(property)
  })

  const kinds: [string, (n: number) => string][] = [
    ['counters', (n) => `${n}`],
    ['counters behind a prefix', (n) => `session:user:${n}`],
    ['counters before a suffix', (n) => `${n}@mail.example.com`],
    ['counters between both', (n) => `sess:${n}:v1.0`],
    ['padded counters', (n) => `${n}`.padStart(32, '0')],
    ['single characters', (n) => String.fromCharCode(n)],
    ['the same character, so many times', (n) => 'a'.repeat(n % 200) + (n < 200 ? '' : n)],
    [
      'ids as uid-safe makes them',
      (n) => Buffer.from(`${n * 7919}`.repeat(4)).toString('base64url'),
    ],
  ]
  for (const [what, keyOf] of kinds) {
    it(`holds ${what}, while it grows by many splits and all leave again`, () => {
      const index = make()
      const nodes = Array.from({ length: 10_000 }, (_, n) => ({ key: keyOf(n) }))
      for (const node of nodes) index.add(node)
      for (const node of nodes) assert.equal(index.get(node.key), node)
      const kept = nodes.filter((_, n) => n % 100 === 0)
      for (const [n, node] of nodes.entries()) if (n % 100 !== 0) index.delete(node)
      for (const [n, node] of nodes.entries()) {
        assert.equal(index.get(node.key), n % 100 === 0 ? node : undefined)
      }
      const by = kept.map(({ key }) => ({ key }))
      for (const [n, node] of kept.entries()) index.replace(node, by[n] as Node)
      for (const node of nodes) if (!kept.includes(node)) index.add(node)
      for (const [n, node] of nodes.entries()) {
        assert.equal(index.get(node.key), n % 100 === 0 ? by[n / 100] : node)
      }
    })

    it(`spreads ${what}: hardly a node is looked at in vain`, (t) => {
      let looks = 0
      const index = new TextIndex<Node>((node) => {
        looks++
        return node.key
      })
      const nodes = Array.from({ length: 10_000 }, (_, n) => ({ key: keyOf(n) }))
      for (const node of nodes) index.add(node)
      looks = 0
      for (const { key } of nodes) index.get(key)
      t.diagnostic(`${looks} nodes looked at for 10,000 that were found`)
      assert.ok(looks >= 10_000 && looks < 11_500, `${looks}`)
      looks = 0
      for (const { key } of nodes) index.get(`${key}, which is not there`)
      t.diagnostic(`${looks} for 10,000 that were not`)
      assert.ok(looks < 2500, `${looks}`)
    })
  }
})
