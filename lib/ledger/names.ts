/**
 * Finds the holder of a name, which keeps the name itself. A place costs some 15 bytes: in a `Map`, by
 * the text or by its hash, it would be 40 to 54, a tenth of a session (Node 20).
 *
 * A few hundred open tables with linear probing, each of which grows by itself.
 */

import { randomBytes } from 'node:crypto'
import { COUNT, placeOf } from './maps'

const LEAST_PLACES = 4
const FULL = 3 / 4
const EMPTY = 1 / 4
/** Drawn for each process: whoever signs up chooses a name, and must not choose many with one hash. */
const SEED = randomBytes(4).readInt32LE()

class Table<Node> {
  nodes: (Node | undefined)[] = places(LEAST_PLACES)
  size = 0
}

export class NameIndex<Node extends object> {
  readonly #nameOf: (node: Node) => string
  readonly #tables = new Array<Table<Node> | undefined>(COUNT).fill(undefined)

  constructor(nameOf: (node: Node) => string) {
    this.#nameOf = nameOf
  }

  get(name: string): Node | undefined {
    const hash = hashOf(name)
    const table = this.#tables[placeOf(hash)]
    if (table === undefined) return undefined
    const { nodes } = table
    for (let at = placeIn(nodes, hash); ; at = after(nodes, at)) {
      const node = nodes[at]
      if (node === undefined || this.#nameOf(node) === name) return node
    }
  }

  /** Adds a node. There must be none of its name. */
  add(node: Node, name = this.#nameOf(node)): void {
    const hash = hashOf(name)
    let table = this.#tables[placeOf(hash)]
    if (table === undefined) {
      table = new Table()
      this.#tables[placeOf(hash)] = table
    }
    if (table.size + 1 > table.nodes.length * FULL) this.#resize(table, 2 * table.nodes.length)
    put(table.nodes, node, hash)
    table.size++
  }

  /** Puts a node in the place of another of the same name, which must be there. */
  replace(node: Node, by: Node): void {
    const { table, hash } = this.#tableOf(by)
    table.nodes[find(table.nodes, node, hash)] = by
  }

  /** Removes a node, which must be there. */
  delete(node: Node): void {
    const { table, hash } = this.#tableOf(node)
    const { nodes } = table
    const at = find(nodes, node, hash)
    nodes[at] = undefined
    table.size--
    // Those that follow may have been put there because this place was taken.
    for (let next = after(nodes, at); ; next = after(nodes, next)) {
      const moved = nodes[next]
      if (moved === undefined) break
      nodes[next] = undefined
      put(nodes, moved, hashOf(this.#nameOf(moved)))
    }
    const { length } = nodes
    if (length > LEAST_PLACES && table.size < length * EMPTY) this.#resize(table, length / 2)
  }

  #tableOf(node: Node): { table: Table<Node>; hash: number } {
    const hash = hashOf(this.#nameOf(node))
    return { table: this.#tables[placeOf(hash)] as Table<Node>, hash }
  }

  #resize(table: Table<Node>, length: number): void {
    const { nodes } = table
    table.nodes = places(length)
    for (const node of nodes) {
      if (node !== undefined) put(table.nodes, node, hashOf(this.#nameOf(node)))
    }
  }
}

function places<Node>(length: number): (Node | undefined)[] {
  return new Array<Node | undefined>(length).fill(undefined)
}

function put<Node>(nodes: (Node | undefined)[], node: Node, hash: number): void {
  let at = placeIn(nodes, hash)
  while (nodes[at] !== undefined) at = after(nodes, at)
  nodes[at] = node
}

function find<Node>(nodes: readonly (Node | undefined)[], node: Node, hash: number): number {
  let at = placeIn(nodes, hash)
  while (nodes[at] !== node) {
    if (nodes[at] === undefined) throw new Error('the index of names lost a holder')
    at = after(nodes, at)
  }
  return at
}

function placeIn(nodes: readonly unknown[], hash: number): number {
  return hash & (nodes.length - 1)
}

function after(nodes: readonly unknown[], at: number): number {
  return (at + 1) & (nodes.length - 1)
}

/** Jenkins' one-at-a-time hash, from a seed, over all of a name. */
export function hashOf(name: string): number {
  const { length } = name
  let hash = SEED
  for (let at = 0; at < length; at++) {
    hash = (hash + name.charCodeAt(at)) | 0
    hash = (hash + (hash << 10)) | 0
    hash ^= hash >>> 6
  }
  hash = (hash + (hash << 3)) | 0
  hash ^= hash >>> 11
  return (hash + (hash << 15)) | 0
}
