import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HashTable } from '../../lib/ledger/hash-table'

interface Node {
  readonly key: string
}

const MOST = 1024

/** A table whose hash is the number at the end of a key, so that a spec says which keys meet. */
function make() {
  const hashed: string[] = []
  const hashOf = (key: string) => Number.parseInt(key.slice(key.lastIndexOf(' ') + 1), 16) | 0
  const table = new HashTable<Node>(
    0,
    ({ key }) => key,
    (key) => {
      hashed.push(key)
      return hashOf(key)
    },
  )
  const get = (key: string) => table.get(key, hashOf(key))
  const add = (key: string, isLast = false) => {
    const node = { key }
    return table.add(node, hashOf(key), isLast) ? node : undefined
  }
  const drop = (node: Node) => table.delete(node, hashOf(node.key))
  const replace = (node: Node, by: Node) => table.replace(node, by, hashOf(by.key))
  return { table, get, add, drop, replace, hashed }
}

/** A key with a hash of so many in one row of slots: all of the same slot, tag and low bits. */
const alike = (n: number) => `${n} 0`
/** A key whose hash spreads over slots and tags. */
const apart = (n: number) => `${n} ${(Math.imul(n, 0x9e3779b1) >>> 0).toString(16)}`

describe('a hash table', () => {
  it('holds what a Map would, though many keys meet in one slot and leave it', () => {
    const key = fc.oneof(fc.nat(40).map(alike), fc.nat(40).map(apart))
    const steps = fc.array(fc.tuple(key, fc.constantFrom('add', 'add', 'replace', 'delete')), {
      maxLength: 150,
      size: 'max',
    })
    const property = fc.property(steps, (steps) => {
      const { table, get, add, drop, replace } = make()
      const map = new Map<string, Node>()
      for (const [key, what] of steps) {
        const node = map.get(key)
        if (what === 'add' && node === undefined) map.set(key, add(key) as Node)
        if (what === 'delete' && node !== undefined) {
          drop(node)
          map.delete(key)
        }
        if (what === 'replace' && node !== undefined) {
          const by = { key }
          replace(node, by)
          map.set(key, by)
        }
        for (const [each] of steps) assert.equal(get(each), map.get(each))
        assert.deepEqual(new Set(table.nodes()), new Set(map.values()))
      }
    })
    fc.assert(property)
  })

  it('finds what lies behind a slot that was left, and uses that slot again', () => {
    const { get, add, drop, hashed } = make()
    const [first, second, third] = [0, 1, 2].map((n) => add(alike(n)) as Node)
    assert.ok(first && second && third)
    drop(first)
    assert.deepEqual([get(first.key), get(second.key), get(third.key)], [undefined, second, third])
    const nodes = [second, third]
    hashed.length = 0
    for (let n = 3; n < 1000; n++) {
      nodes.push(add(alike(n)) as Node)
      for (const node of nodes) assert.equal(get(node.key), node)
      drop(nodes.shift() as Node)
    }
    assert.deepEqual(hashed, [], 'it was laid out anew')
  })

  it('has a slot back at once if nothing lies behind it', () => {
    const { add, drop, hashed } = make()
    for (let n = 0; n < 1000; n++) drop(add(apart(n)) as Node)
    assert.deepEqual(hashed, [], 'it was laid out anew')
  })

  it('stays as small as what it holds while others come and go, and no search goes on for ever', () => {
    const { table, get, add, drop, hashed } = make()
    const kept = add(apart(0)) as Node
    let last = kept
    for (let n = 1; n < 10_000; n++) {
      const node = add(apart(n)) as Node
      if (last !== kept) drop(last)
      last = node
      assert.equal(get(apart(n - 1)), n === 1 ? kept : undefined)
    }
    assert.deepEqual(new Set(table.nodes()), new Set([kept, last]))
    assert.ok(hashed.length < 10_000, `${hashed.length} nodes were moved`)
  })

  it('grows by what it holds, not by what came and went', () => {
    const { add, drop, hashed } = make()
    const nodes = Array.from({ length: 7 }, (_, n) => add(alike(n)) as Node)
    for (const node of nodes.slice(0, 4)) drop(node)
    // Seven of eight slots are taken, four of them by nobody: the three are laid out anew in eight.
    for (let n = 7; n < 11; n++) add(alike(n))
    assert.equal(hashed.length, 3)
    add(alike(11))
    assert.equal(hashed.length, 3 + 7)
  })

  it('is to be split when it is full, unless there is nothing to split by', () => {
    const { table, get, add } = make()
    let size = 0
    while (add(apart(size)) !== undefined) size++
    assert.equal(size, (MOST * 7) / 8)
    assert.equal(get(apart(size)), undefined)
    for (let n = size; n < 5000; n++) assert.ok(add(apart(n), true))
    for (let n = 0; n < 5000; n++) assert.equal(get(apart(n))?.key, apart(n))
    assert.equal(table.nodes().length, 5000)
  })

  it('shrinks as others leave, whenever an eighth of it is left, and finds what stays', () => {
    const { get, add, drop, hashed } = make()
    const nodes = Array.from({ length: 800 }, (_, n) => add(apart(n)) as Node)
    hashed.length = 0
    const left = nodes.splice(0, 8)
    for (const node of nodes) drop(node)
    // Of 1,024 slots, 512, 256 and 128: each time as many as are left then.
    assert.equal(hashed.length, 127 + 63 + 31 + 15)
    for (const node of left) assert.equal(get(node.key), node)
    for (const node of nodes) assert.equal(get(node.key), undefined)
  })

  it('says so if it is asked to remove what it has not', () => {
    const { add, drop } = make()
    add(alike(1))
    assert.throws(() => drop({ key: alike(1) }), /lost a node/)
  })
})
