import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashOf, NameIndex } from '../../lib/ledger/holders'

interface Named {
  readonly name: string
}

const newIndex = () => new NameIndex<Named>(({ name }) => name)

describe('an index of names', () => {
  it('does what a Map does, with the names in the nodes alone', () => {
    const name = fc.nat(200).map((n) => `user-${n}`)
    const step = fc.tuple(fc.constantFrom('add', 'add', 'delete', 'replace'), name)
    const property = fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
      const [index, map] = [newIndex(), new Map<string, Named>()]
      for (const [what, name] of steps) {
        const [node, found] = [{ name }, map.get(name)]
        if (what === 'add' && found === undefined) {
          index.add(node)
          map.set(name, node)
        } else if (what === 'delete' && found !== undefined) {
          index.delete(found)
          map.delete(name)
        } else if (what === 'replace' && found !== undefined) {
          index.replace(found, node)
          map.set(name, node)
        }
        assert.equal(index.get(name), map.get(name))
      }
      for (let n = 0; n <= 200; n++) assert.equal(index.get(`user-${n}`), map.get(`user-${n}`))
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('finds each of many, and none that left', () => {
    const index = newIndex()
    const nodes = Array.from({ length: 50_000 }, (_, n) => ({ name: `user-${n}` }))
    for (const node of nodes) index.add(node)
    for (const [n, node] of nodes.entries()) if (n % 3 > 0) index.delete(node)
    for (const [n, node] of nodes.entries()) {
      assert.equal(index.get(node.name), n % 3 > 0 ? undefined : node)
    }
  })

  it('says so where a node is to leave that is not there', () => {
    const index = newIndex()
    index.add({ name: 'ann' })
    assert.throws(() => index.delete({ name: 'ann' }), /lost a holder/)
  })

  it('takes names of any length apart', () => {
    const names = ['', 'a', 'b', 'ab', 'ba', 'x'.repeat(90_000), '世界']
    assert.equal(new Set(names.map(hashOf)).size, names.length)
  })
})
