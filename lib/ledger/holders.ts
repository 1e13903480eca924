/** The indexes of a ledger by holder: the entries of each owner, and of each client of strangers, by name. */

import type { Content, Entry } from '../entry/entry'
import { Holder, refTo } from '../entry/holder'
import { flat } from '../entry/weigh'
import { NameIndex } from './names'

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

  /** An entry that is listed is its holder's newest now. */
  renew(entry: Entry): void {
    const { holder } = entry
    if (typeof holder !== 'object') return
    holder.delete(entry)
    holder.add(entry)
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
