/** The indexes of a ledger by holder: the entries of each owner, and of each client of strangers, by name. */

import { randomBytes } from 'node:crypto'
import type { Content, Entry } from '../entry/entry'
import { Holder, refTo } from '../entry/holder'
import { flat } from '../entry/weigh'
import { COUNT, placeOf } from './maps'

/** Of a table of names: the fewest places, and how full it is before it grows, and before it shrinks. */
const LEAST_PLACES = 4
const FULL = 3 / 4
const EMPTY = 1 / 4
/** Drawn for each process: whoever signs up chooses a name, and must not choose many with one hash. */
const SEED = randomBytes(4).readInt32LE()

/** Nearly every holder has one entry, and that one stands for its holder. */
type Named = Entry | Holder<Entry>

export class Holders {
  readonly #owners = new NameIndex<Named>(nameOf)
  readonly #clients = new NameIndex<Named>(nameOf)

  /** The entries of the owner of that name, oldest first. */
  entriesOf(name: string): Entry[] {
    const found = this.#owners.get(name)
    if (found === undefined) return []
    return found instanceof Holder ? [...found] : [found]
  }

  /** How many entries the holder of a content has beside the one that is to have it. */
  countBeside(entry: Entry, content: Content): number {
    const { owner, client } = content
    const name = owner ?? client
    if (name === undefined || name === true) return 0
    const isListed = entry.inLane && entry.isHeldBy(content)
    if (isListed) return typeof entry.holder === 'object' ? entry.holder.size - 1 : 0
    const found = (owner === undefined ? this.#clients : this.#owners).get(name)
    if (found === undefined) return 0
    return found instanceof Holder ? found.size : 1
  }

  /** Lists an entry, which is in no lane, as its holder's newest. */
  add(entry: Entry): void {
    const name = entry.holderName
    if (name === undefined) return
    const index = this.#indexOf(entry)
    const found = index.get(name)
    if (found === undefined) {
      index.add(entry, name)
      return
    }
    const holder = found instanceof Holder ? found : this.#gather(index, found, name)
    holder.add(entry)
    entry.holder = holder
  }

  /** Removes an entry, which must have left its lane. It keeps the name of its holder. */
  remove(entry: Entry): void {
    const { holder } = entry
    if (holder === undefined) return
    const index = this.#indexOf(entry)
    if (typeof holder !== 'object') {
      index.delete(entry)
      return
    }
    holder.delete(entry)
    entry.holder = holder.name
    if (holder.size > 1) return
    const last = holder.oldest
    if (last === undefined) {
      index.delete(holder)
    } else {
      last.holder = refTo(holder.name, last.body, holder)
      index.replace(holder, last)
    }
  }

  #indexOf(entry: Entry): NameIndex<Named> {
    return entry.owned ? this.#owners : this.#clients
  }

  /** Makes the only entry of a holder one of several. */
  #gather(index: NameIndex<Named>, entry: Entry, name: string): Holder<Entry> {
    const { holder } = entry
    const gathered = new Holder<Entry>(typeof holder === 'string' ? holder : flat(name))
    gathered.add(entry)
    gathered.bytes = entry.bytes
    index.replace(entry, gathered)
    entry.holder = gathered
    return gathered
  }
}

function nameOf(named: Named): string {
  return named instanceof Holder ? named.name : (named.holderName as string)
}

class Table<Node> {
  nodes: (Node | undefined)[] = []
  hashes = new Int32Array(0)
  size = 0

  constructor(places: number) {
    this.resize(places)
  }

  /** The first place for a hash from which a search goes on to the next, up to one without a node. */
  place(hash: number): number {
    return hash & (this.nodes.length - 1)
  }

  next(at: number): number {
    return (at + 1) & (this.nodes.length - 1)
  }

  find(node: Node, hash: number): number {
    let at = this.place(hash)
    while (this.nodes[at] !== node) {
      if (this.nodes[at] === undefined) throw new Error('the index of names lost a holder')
      at = this.next(at)
    }
    return at
  }

  put(node: Node, hash: number): void {
    let at = this.place(hash)
    while (this.nodes[at] !== undefined) at = this.next(at)
    this.nodes[at] = node
    this.hashes[at] = hash
  }

  removeAt(gone: number): void {
    this.size--
    this.nodes[gone] = undefined
    // Those that follow may have been put there because this place was taken.
    for (let at = this.next(gone); ; at = this.next(at)) {
      const node = this.nodes[at]
      if (node === undefined) return
      this.nodes[at] = undefined
      this.put(node, this.hashes[at] as number)
    }
  }

  resize(places: number): void {
    const { nodes, hashes } = this
    this.nodes = new Array<Node | undefined>(places).fill(undefined)
    this.hashes = new Int32Array(places)
    for (const [at, node] of nodes.entries()) {
      if (node !== undefined) this.put(node, hashes[at] as number)
    }
  }
}

/**
 * Finds the holder of a name, which keeps the name itself. A place costs some 20 bytes: in a `Map`, by
 * the text or by its hash, it would be 40 to 54, a tenth of a session (Node 20).
 *
 * A few hundred open tables with linear probing, each of which grows by itself. The hashes lie beside
 * the holders, so that hardly any name is looked at but the one that is meant.
 */
export class NameIndex<Node extends object> {
  readonly #tables = new Array<Table<Node> | undefined>(COUNT).fill(undefined)

  constructor(private readonly nameOf: (node: Node) => string) {}

  get(name: string): Node | undefined {
    const hash = hashOf(name)
    const table = this.#tables[placeOf(hash)]
    if (table === undefined) return undefined
    for (let at = table.place(hash); ; at = table.next(at)) {
      const node = table.nodes[at]
      if (node === undefined) return undefined
      if (table.hashes[at] === hash && this.nameOf(node) === name) return node
    }
  }

  /** Adds a node. There must be none of its name. */
  add(node: Node, name = this.nameOf(node)): void {
    const hash = hashOf(name)
    const nth = placeOf(hash)
    let table = this.#tables[nth]
    if (table === undefined) {
      table = new Table(LEAST_PLACES)
      this.#tables[nth] = table
    }
    if (table.size + 1 > table.nodes.length * FULL) table.resize(2 * table.nodes.length)
    table.put(node, hash)
    table.size++
  }

  /** Puts a node in the place of another of the same name, which must be there. */
  replace(node: Node, by: Node): void {
    const hash = hashOf(this.nameOf(by))
    const table = this.#tables[placeOf(hash)] as Table<Node>
    table.nodes[table.find(node, hash)] = by
  }

  /** Removes a node, which must be there. */
  delete(node: Node): void {
    const hash = hashOf(this.nameOf(node))
    const table = this.#tables[placeOf(hash)] as Table<Node>
    table.removeAt(table.find(node, hash))
    const { length } = table.nodes
    if (length > LEAST_PLACES && table.size < length * EMPTY) table.resize(length / 2)
  }
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
