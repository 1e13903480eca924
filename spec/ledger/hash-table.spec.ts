import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { HashTable, storable } from '../../lib/ledger/hash-table'

interface Node {
  readonly key: string
}

const MOST = 1024

/** A table whose hash is the number at the end of a key, so that a spec says which keys meet. */
function make() {
  const hashOf = (key: string) =>
    storable(Number.parseInt(key.slice(key.lastIndexOf(' ') + 1), 16) | 0)
  const table = new HashTable<Node>(0, ({ key }) => key)
  const nodes = () => {
    const found: Node[] = []
    table.forEach((node, hash) => {
      assert.equal(hash, hashOf(node.key))
      found.push(node)
    })
    return found
  }
  const get = (key: string) => table.get(key, hashOf(key))
  const add = (key: string, isLast = false) => {
    const node = { key }
    return table.add(node, hashOf(key), isLast) ? node : undefined
  }
  const drop = (node: Node) => table.delete(node, hashOf(node.key))
  const replace = (node: Node, by: Node) => table.replace(node, by, hashOf(by.key))
  return { table, nodes, get, add, drop, replace }
}

/** A key with a hash of 0, as all of its kind: they meet in one slot. */
const alike = (n: number) => `${n} 0`
/** A key whose hash spreads over the slots. */
const apart = (n: number) => `${n} ${(Math.imul(n, 0x9e3779b1) >>> 0).toString(16)}`

describe('a hash table', () => {
  it('holds what a Map would, though many keys meet in one slot and leave it', () => {
    const key = fc.oneof(fc.nat(40).map(alike), fc.nat(40).map(apart))
    const steps = fc.array(fc.tuple(key, fc.constantFrom('add', 'add', 'replace', 'delete')), {
      maxLength: 150,
      size: 'max',
    })
    const property = fc.property(steps, (steps) => {
      const { nodes, get, add, drop, replace } = make()
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
        assert.deepEqual(new Set(nodes()), new Set(map.values()))
      }
    })
    fc.assert(property)
  })

  it('finds what lies behind a slot that was left, and uses that slot again', () => {
    const { table, get, add, drop } = make()
    const [first, second, third] = [0, 1, 2].map((n) => add(alike(n)) as Node)
    assert.ok(first && second && third)
    drop(first)
    assert.deepEqual([get(first.key), get(second.key), get(third.key)], [undefined, second, third])
    const nodes = [second, third]
    for (let n = 3; n < 1000; n++) {
      nodes.push(add(alike(n)) as Node)
      for (const node of nodes) assert.equal(get(node.key), node)
      drop(nodes.shift() as Node)
    }
    assert.equal(table.slots, 8)
  })

  it('stays as small as what it holds while others come and go, and no search goes on for ever', () => {
    const { table, nodes, get, add, drop } = make()
    const kept = add(apart(0)) as Node
    let last = kept
    for (let n = 1; n < 10_000; n++) {
      const node = add(apart(n)) as Node
      if (last !== kept) drop(last)
      last = node
      assert.equal(get(apart(n - 1)), n === 1 ? kept : undefined)
    }
    assert.deepEqual(new Set(nodes()), new Set([kept, last]))
    assert.equal(table.slots, 8)
  })

  it('grows by what it holds, not by what came and went', () => {
    const { table, add, drop } = make()
    const nodes = Array.from({ length: 7 }, (_, n) => add(alike(n)) as Node)
    for (const node of nodes.slice(0, 4)) drop(node)
    // Seven of eight slots are taken, four of them by nobody: the three are laid out anew in eight.
    for (let n = 7; n < 11; n++) add(alike(n))
    assert.equal(table.slots, 8)
    add(alike(11))
    assert.equal(table.slots, 16)
  })

  it('is to be split when it is full, unless there is nothing to split by', () => {
    const { nodes, get, add } = make()
    let size = 0
    while (add(apart(size)) !== undefined) size++
    assert.equal(size, (MOST * 7) / 8)
    assert.equal(get(apart(size)), undefined)
    for (let n = size; n < 5000; n++) assert.ok(add(apart(n), true))
    for (let n = 0; n < 5000; n++) assert.equal(get(apart(n))?.key, apart(n))
    assert.equal(nodes().length, 5000)
  })

  it('shrinks as others leave, whenever an eighth of it is left, and finds what stays', () => {
    const { table, get, add, drop } = make()
    const nodes = Array.from({ length: 800 }, (_, n) => add(apart(n)) as Node)
    assert.equal(table.slots, 1024)
    const left = nodes.splice(0, 8)
    for (const node of nodes) drop(node)
    assert.equal(table.slots, 64)
    for (const node of left) assert.equal(get(node.key), node)
    for (const node of nodes) assert.equal(get(node.key), undefined)
  })

  it('says so if it is asked to remove what it has not', () => {
    const { add, drop } = make()
    add(alike(1))
    assert.throws(() => drop({ key: alike(1) }), /lost a node/)
  })
})
