/**
 * One table of a {@link TextIndex}: nodes in slots found by hash. The hashes lie beside the slots, so
 * that a node whose key is another is hardly ever looked at, and none is when the table grows.
 */

/** In place of a hash: the slot has had no node since the table was laid out. */
const EMPTY = 0
/** In place of a hash: the node of the slot is gone, and a search goes on past it. */
const GONE = 1
/** The least slots, and the most: a full table of so many is split, which takes less than a ms. */
const LEAST_SLOTS = 8
export const MOST_SLOTS = 1024
/** The share of slots that may be taken, and the share of nodes below which the table shrinks. */
const FULLEST = 7 / 8
const EMPTIEST = 1 / 8

export class HashTable<Node extends object> {
  /** How many low bits of their hashes the nodes of this table have in common. */
  readonly bits: number
  readonly #keyOf: (node: Node) => string
  #hashes: Int32Array
  #nodes: (Node | undefined)[]
  #size = 0
  /** Slots that are not empty. */
  #taken = 0

  constructor(bits: number, keyOf: (node: Node) => string, length = LEAST_SLOTS) {
    this.bits = bits
    this.#keyOf = keyOf
    this.#hashes = new Int32Array(length)
    this.#nodes = slots(length)
  }

  get slots(): number {
    return this.#hashes.length
  }

  get(key: string, hash: number): Node | undefined {
    const hashes = this.#hashes
    const mask = hashes.length - 1
    for (let at = slotOf(hash) & mask; ; at = (at + 1) & mask) {
      const found = hashes[at]
      if (found === EMPTY) return undefined
      if (found !== hash) continue
      const node = this.#nodes[at] as Node
      if (this.#keyOf(node) === key) return node
    }
  }

  /** Adds a node, whose key must not be there. Returns whether there was room: if not, the table is to be split. */
  add(node: Node, hash: number, isLast = false): boolean {
    const { length } = this.#hashes
    if (this.#taken + 1 > length * FULLEST) {
      const isCrowded = this.#size > (length * FULLEST) / 2
      if (isCrowded && length >= MOST_SLOTS && !isLast) return false
      this.#resize(isCrowded ? 2 * length : length)
    }
    this.#place(node, hash)
    return true
  }

  /** Puts a node in the place of another with the same key. */
  replace(node: Node, by: Node, hash: number): void {
    this.#nodes[this.#find(node, hash)] = by
  }

  /** Removes a node, which must be there. */
  delete(node: Node, hash: number): void {
    const at = this.#find(node, hash)
    const mask = this.#hashes.length - 1
    const isEnd = this.#hashes[(at + 1) & mask] === EMPTY
    this.#hashes[at] = isEnd ? EMPTY : GONE
    this.#nodes[at] = undefined
    this.#size--
    if (isEnd) this.#taken--
    if (mask >= LEAST_SLOTS && this.#size < mask * EMPTIEST) this.#resize((mask + 1) / 2)
  }

  /** Calls back with all nodes and their hashes, in no order. */
  forEach(call: (node: Node, hash: number) => void): void {
    const nodes = this.#nodes
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at]
      if (node !== undefined) call(node, this.#hashes[at] as number)
    }
  }

  #find(node: Node, hash: number): number {
    const mask = this.#hashes.length - 1
    for (let at = slotOf(hash) & mask; ; at = (at + 1) & mask) {
      if (this.#nodes[at] === node) return at
      if (this.#hashes[at] === EMPTY) throw new Error('a table of the index lost a node')
    }
  }

  #place(node: Node, hash: number): void {
    const hashes = this.#hashes
    const mask = hashes.length - 1
    let at = slotOf(hash) & mask
    while (hashes[at] !== EMPTY && hashes[at] !== GONE) at = (at + 1) & mask
    if (hashes[at] === EMPTY) this.#taken++
    hashes[at] = hash
    this.#nodes[at] = node
    this.#size++
  }

  #resize(length: number): void {
    const [nodes, hashes] = [this.#nodes, this.#hashes]
    this.#hashes = new Int32Array(length)
    this.#nodes = slots(length)
    this.#size = 0
    this.#taken = 0
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at]
      if (node !== undefined) this.#place(node, hashes[at] as number)
    }
  }
}

/** A hash that can stand in a table: neither of the two that mean something else there. */
export function storable(hash: number): number {
  return hash | 2
}

// The other bits tell which of the tables it is.
function slotOf(hash: number): number {
  return hash >>> 22
}

function slots<Node>(length: number): (Node | undefined)[] {
  return new Array<Node | undefined>(length).fill(undefined)
}
