/**
 * One table of a {@link TextIndex}: nodes in slots found by hash, with a byte of the hash beside each,
 * so that a node whose key is another is hardly ever looked at (Swiss tables, Abseil 2017).
 */

const EMPTY = 0
/** A slot whose node is gone: a search goes on past it. */
const GONE = 1
/** The least slots, and the most: a full table of so many is split, which takes less than a ms. */
const LEAST_SLOTS = 8
const MOST_SLOTS = 1024
/** Of the slots, as many may be taken; with fewer nodes than an eighth the table shrinks. */
const FULLEST = 7 / 8
const EMPTIEST = 1 / 8

export class HashTable<Node extends object> {
  /** How many low bits of their hashes the nodes of this table have in common. */
  bits: number
  readonly #keyOf: (node: Node) => string
  readonly #hashOf: (key: string) => number
  #tags = new Uint8Array(LEAST_SLOTS)
  #nodes: (Node | undefined)[] = slots(LEAST_SLOTS)
  #size = 0
  /** Slots that are not empty. */
  #taken = 0

  constructor(bits: number, keyOf: (node: Node) => string, hashOf: (key: string) => number) {
    this.bits = bits
    this.#keyOf = keyOf
    this.#hashOf = hashOf
  }

  get(key: string, hash: number): Node | undefined {
    const tags = this.#tags
    const tag = tagOf(hash)
    const mask = tags.length - 1
    for (let at = slotOf(hash) & mask; ; at = (at + 1) & mask) {
      const found = tags[at]
      if (found === EMPTY) return undefined
      if (found !== tag) continue
      const node = this.#nodes[at] as Node
      if (this.#keyOf(node) === key) return node
    }
  }

  /** Adds a node, whose key must not be there. Returns whether there was room: if not, the table is to be split. */
  add(node: Node, hash: number, isLast = false): boolean {
    const { length } = this.#tags
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
    const mask = this.#tags.length - 1
    const isEnd = this.#tags[(at + 1) & mask] === EMPTY
    this.#tags[at] = isEnd ? EMPTY : GONE
    this.#nodes[at] = undefined
    this.#size--
    if (isEnd) this.#taken--
    if (mask >= LEAST_SLOTS && this.#size < mask * EMPTIEST) this.#resize((mask + 1) / 2)
  }

  /** All nodes, in no order. */
  nodes(): Node[] {
    return this.#nodes.filter((node) => node !== undefined)
  }

  #find(node: Node, hash: number): number {
    const mask = this.#tags.length - 1
    for (let at = slotOf(hash) & mask; ; at = (at + 1) & mask) {
      if (this.#nodes[at] === node) return at
      if (this.#tags[at] === EMPTY) throw new Error('a table of the index lost a node')
    }
  }

  #place(node: Node, hash: number): void {
    const tags = this.#tags
    const mask = tags.length - 1
    let at = slotOf(hash) & mask
    while ((tags[at] as number) > GONE) at = (at + 1) & mask
    if (tags[at] === EMPTY) this.#taken++
    tags[at] = tagOf(hash)
    this.#nodes[at] = node
    this.#size++
  }

  #resize(length: number): void {
    const nodes = this.#nodes
    this.#tags = new Uint8Array(length)
    this.#nodes = slots(length)
    this.#size = 0
    this.#taken = 0
    for (const node of nodes) {
      if (node !== undefined) this.#place(node, this.#hashOf(this.#keyOf(node)))
    }
  }
}

// Which of the tables, which slot, and the tag: each is told by other bits of the hash.
function slotOf(hash: number): number {
  return hash >>> 22
}

function tagOf(hash: number): number {
  return ((hash >>> 14) & 0xff) | 2
}

function slots<Node>(length: number): (Node | undefined)[] {
  return new Array<Node | undefined>(length).fill(undefined)
}
