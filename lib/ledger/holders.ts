/** The indexes of a ledger by holder: the entries of each owner, and of each client of strangers, by name. */

import type { Content, Entry } from '../entry/entry'
import { Holder, refTo } from '../entry/holder'
import { flat } from '../entry/weigh'
import { LARGE_BYTES, MANY_ENTRIES } from './holdings'
import type { FairLane } from './lane'
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

  /** Lists an entry that is in its lane as its holder's newest. */
  add(entry: Entry): void {
    const name = entry.holderName
    if (name === undefined) return
    const index = this.#indexOf(entry)
    const found = index.get(name)
    if (found === undefined) {
      index.add(entry, name)
      if (isLarge(entry)) this.#count(this.#gather(index, entry, name))
      return
    }
    const holder = found instanceof Holder ? found : this.#gather(index, found, name)
    holder.add(entry)
    entry.holder = holder
    if (holder.counted) laneOf(entry).count(entry, holder)
    else if (isLarge(entry) || holder.size >= MANY_ENTRIES) this.#count(holder)
  }

  /** An entry that is listed, and in its lane, is its holder's newest now. */
  renew(entry: Entry): void {
    const { holder } = entry
    if (typeof holder === 'object') {
      holder.delete(entry)
      holder.add(entry)
      if (!holder.counted && isLarge(entry)) this.#count(holder)
    } else if (holder !== undefined && isLarge(entry)) {
      this.#count(this.#gather(this.#indexOf(entry), entry, nameOf(entry)))
    }
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
    } else if (!isLarge(last)) {
      if (holder.counted) laneOf(last).uncount(last, holder)
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
    index.replace(entry, gathered)
    entry.holder = gathered
    return gathered
  }

  /** From now on the lanes count what a holder has. */
  #count(holder: Holder<Entry>): void {
    holder.counted = true
    for (const each of holder) laneOf(each).count(each, holder)
  }
}

function isLarge({ bytes }: Entry): boolean {
  return bytes >= LARGE_BYTES
}

function nameOf(named: Named): string {
  return named instanceof Holder ? named.name : (named.holderName as string)
}

function laneOf(entry: Entry): FairLane {
  return entry.lane as FairLane
}
