/**
 * The holder of an entry: its owner, or the client of a session without one. An entry refers to its
 * holder by a `HolderRef`; a `Holder` is made only for one who has several entries.
 */

import type { Owner } from '../settings/owner'
import { flat } from './weigh'

/**
 * How an entry refers to its holder: by the place of the name in its body, since most bodies have it;
 * by the name as a text of its own; or by the `Holder`, if there is one.
 */
export type HolderRef<Entry = unknown> = number | string | Holder<Entry>

/** Entries of one Set. */
const MOST = 1024

/**
 * One owner, or one client of strangers, who has several entries: those, the oldest first, in small
 * Sets. One that outgrows its table copies all of it in one go, 120 ms at a million entries, and looks
 * for its first past all that were deleted (Node 20).
 */
export class Holder<Entry = unknown> {
  /** The sum of the bytes of those that are in a lane. */
  bytes = 0
  size = 0
  #newest = new Set<Entry>()
  /** Those before it, the oldest first; most sets have none. */
  #older: Set<Entry>[] | undefined

  constructor(readonly name: string) {}

  /** The one that was added first of those that are left. */
  get oldest(): Entry | undefined {
    return (this.#older?.[0] ?? this.#newest).values().next().value
  }

  /** Adds an entry as the newest. It must not be there. */
  add(entry: Entry): void {
    if (this.#newest.size >= MOST) {
      this.#older = joined([...(this.#older ?? []), this.#newest])
      this.#newest = new Set()
    }
    this.#newest.add(entry)
    this.size++
  }

  /** Removes an entry. Returns whether it was there. */
  delete(entry: Entry): boolean {
    const isThere = this.#newest.delete(entry) || this.#deleteOlder(entry)
    if (isThere) this.size--
    return isThere
  }

  /** Makes an entry that is there the newest. */
  renew(entry: Entry): void {
    this.delete(entry)
    this.add(entry)
  }

  *[Symbol.iterator](): Generator<Entry, void> {
    for (const set of this.#older ?? []) yield* set
    yield* this.#newest
  }

  #deleteOlder(entry: Entry): boolean {
    const older = this.#older
    if (older === undefined) return false
    const nth = older.findIndex((set) => set.delete(entry))
    if (nth >= 0 && older[nth]?.size === 0) older.splice(nth, 1)
    if (older.length === 0) this.#older = undefined
    return nth >= 0
  }
}

const LENGTH_BITS = 6
const LONGEST = 2 ** LENGTH_BITS - 1
/** A place fits a small integer of V8's, of 31 bits at least. */
const FURTHEST = 2 ** (30 - LENGTH_BITS) - 1

/** How an entry with that body refers to the holder of a name. `former`: how the entry referred to its holder so far. */
export function refTo(name: string, body: string, former?: HolderRef): number | string {
  const { length } = name
  if (length > 0 && length <= LONGEST) {
    const guess = typeof former === 'number' ? former >>> LENGTH_BITS : 0
    const at = body.startsWith(name, guess) ? guess : body.indexOf(name)
    if (at >= 0 && at <= FURTHEST) return (at << LENGTH_BITS) | length
  }
  const text = typeof former === 'object' ? former.name : former
  return text === name ? text : flat(name)
}

/** As {@link refTo}, for the owner, or without an owner the client; `undefined` for no name. */
export function holderRefOf(
  owner: Owner | undefined,
  client: string | undefined,
  body: string,
  former?: HolderRef,
): number | string | undefined {
  const name = owner === undefined ? client : owner
  return name === undefined || name === true ? undefined : refTo(name, body, former)
}

/** The name of the holder that an entry with that body refers to. It may be a slice of the body, and keep all of it. */
export function nameOf(kept: HolderRef | undefined, body: string): string | undefined {
  if (typeof kept === 'number') {
    const at = kept >>> LENGTH_BITS
    return body.slice(at, at + (kept & LONGEST))
  }
  return typeof kept === 'object' ? kept.name : kept
}

/** Whether `nameOf` gives that name, found out without making a text. */
export function hasName(
  kept: HolderRef | undefined,
  body: string,
  name: string | undefined,
): boolean {
  if (typeof kept === 'number') {
    const isLong = name === undefined || name.length !== (kept & LONGEST)
    return !isLong && body.startsWith(name, kept >>> LENGTH_BITS)
  }
  return nameOf(kept, body) === name
}

/** The same Sets, neighbours of which little is left made one. */
function joined<Entry>(sets: readonly Set<Entry>[]): Set<Entry>[] {
  const all: Set<Entry>[] = []
  for (const set of sets) {
    const last = all.at(-1)
    if (last !== undefined && last.size + set.size <= MOST) for (const each of set) last.add(each)
    else all.push(set)
  }
  return all
}
