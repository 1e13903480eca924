/**
 * An index of nodes by a text that each node holds itself. A slot costs some 18 bytes, and 40 in a
 * `Map` (Node 20); and no single call takes long when the index grows.
 *
 * Extendible hashing (Fagin et al. 1979): a directory leads to small tables by the low bits of the
 * hash, and one that is full is split in two. A `Map` that doubles past a million entries stalls a
 * single `set` for 80 ms; a split moves a thousand nodes at the most.
 */

import { randomBytes } from 'node:crypto'
import { HashTable, MOST_SLOTS, storable } from './hash-table'

/** Tables are split as far as this, and grow from there: no hash has more bits for the directory. */
const MOST_BITS = 20
/** Drawn for each process, so that nobody can prepare many texts with one hash. */
const SEED = randomBytes(4).readInt32LE()

export class TextIndex<Node extends object> {
  readonly #keyOf: (node: Node) => string
  #tables: HashTable<Node>[]
  #bits = 0
  /** The text that was hashed last: most are looked up and then added. */
  #latest = ''
  #latestHash = hashOf('')

  constructor(keyOf: (node: Node) => string) {
    this.#keyOf = keyOf
    this.#tables = [new HashTable(0, keyOf)]
  }

  get(key: string): Node | undefined {
    const hash = this.#hashOf(key)
    return this.#tableOf(hash).get(key, hash)
  }

  /** Adds a node. There must be none with its key. */
  add(node: Node, key = this.#keyOf(node)): void {
    this.#add(node, this.#hashOf(key))
  }

  /** Puts a node in the place of another with the same key, which must be there. */
  replace(node: Node, by: Node): void {
    const hash = hashOf(this.#keyOf(by))
    this.#tableOf(hash).replace(node, by, hash)
  }

  /** Removes a node, which must be there. */
  delete(node: Node): void {
    const hash = hashOf(this.#keyOf(node))
    this.#tableOf(hash).delete(node, hash)
  }

  #hashOf(key: string): number {
    if (key !== this.#latest) {
      this.#latest = key
      this.#latestHash = hashOf(key)
    }
    return this.#latestHash
  }

  #add(node: Node, hash: number): void {
    for (;;) {
      const table = this.#tableOf(hash)
      if (table.add(node, hash, table.bits === MOST_BITS)) return
      this.#split(table, hash)
    }
  }

  #tableOf(hash: number): HashTable<Node> {
    return this.#tables[directoryBits(hash) & (this.#tables.length - 1)] as HashTable<Node>
  }

  #split(table: HashTable<Node>, hash: number): void {
    if (table.bits === this.#bits) {
      this.#tables = [...this.#tables, ...this.#tables]
      this.#bits++
    }
    const step = 2 ** table.bits
    const halves = [this.#newHalf(table), this.#newHalf(table)] as const
    for (
      let at = directoryBits(hash) & (step - 1), nth = 0;
      at < this.#tables.length;
      at += step, nth++
    ) {
      this.#tables[at] = halves[nth & 1] as HashTable<Node>
    }
    table.forEach((node, each) => {
      this.#add(node, each)
    })
  }

  // As long as the whole was: half of that is taken at once, and the rest soon.
  #newHalf({ bits }: HashTable<Node>): HashTable<Node> {
    return new HashTable(bits + 1, this.#keyOf, MOST_SLOTS)
  }
}

/** Jenkins' one-at-a-time hash, from a seed, over all of a text: a name is chosen by whoever signs up. */
function hashOf(text: string): number {
  const { length } = text
  let hash = SEED
  for (let at = 0; at < length; at++) {
    hash = (hash + text.charCodeAt(at)) | 0
    hash = (hash + (hash << 10)) | 0
    hash ^= hash >>> 6
  }
  hash = (hash + (hash << 3)) | 0
  hash ^= hash >>> 11
  return storable((hash + (hash << 15)) | 0)
}

// Without the bits that are the same in every storable hash.
function directoryBits(hash: number): number {
  return hash >>> 2
}
