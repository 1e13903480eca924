/**
 * The holder of an entry: its owner, or the client of a session without one. An entry refers to its
 * holder by a `HolderRef`; a `Holder` is made only for one who has several entries.
 */

import { OrderedSet } from '../ordered-set'
import type { Owner } from '../settings/owner'
import { flat } from './weigh'

/**
 * How an entry refers to its holder: by the place of the name in its body, since most bodies have it;
 * by the name as a text of its own; or by the `Holder`, if there is one.
 */
export type HolderRef<Entry = unknown> = number | string | Holder<Entry>

/** One owner, or one client of strangers, who has several entries: those, the oldest first. */
export class Holder<Entry = unknown> extends OrderedSet<Entry> {
  readonly name: string
  /** The sum of the bytes of those that are in a lane. */
  bytes = 0

  constructor(name: string) {
    super()
    this.name = name
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
