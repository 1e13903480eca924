/** Who has entries: how the name is kept, and one who has several. */

import { flat } from './text'

/** Who is signed in: a name; `true` for one without a name. */
export type Owner = string | true

/**
 * How an entry keeps the name of its holder: as the place of the name in its body, since most bodies
 * have it; as a text of its own; or as the holder, one who has several entries.
 */
export type Held<Entry = unknown> = number | string | Holder<Entry>

/** One owner, or one client of strangers, who has several entries or a large one. */
export class Holder<Entry = unknown> {
  readonly name: string
  /** Oldest first. */
  readonly entries: Set<Entry>
  /** Whether the lanes count what this holder has: see `holdings.ts`. */
  counted = false

  constructor(name: string, entries: Iterable<Entry>) {
    this.name = name
    this.entries = new Set(entries)
  }
}

const LENGTH_BITS = 6
const LONGEST = 2 ** LENGTH_BITS - 1
/** A place fits a small integer of V8's, of 31 bits at least. */
const FURTHEST = 2 ** (30 - LENGTH_BITS) - 1

/** How to keep a name with a body; `former` is how it was kept, perhaps another name, with the last one. */
export function held(name: string, body: string, former?: Held): number | string {
  const { length } = name
  if (length > 0 && length <= LONGEST) {
    const guess = typeof former === 'number' ? former >>> LENGTH_BITS : 0
    const at = body.startsWith(name, guess) ? guess : body.indexOf(name)
    if (at >= 0 && at <= FURTHEST) return (at << LENGTH_BITS) | length
  }
  const text = typeof former === 'object' ? former.name : former
  return text === name ? text : flat(name)
}

/** How the name of an owner, or else of a client, is kept: as `held` tells; `undefined` for no name. */
export function holderOf(
  owner: Owner | undefined,
  client: string | undefined,
  body: string,
  former?: Held,
): number | string | undefined {
  const name = owner === undefined ? client : owner
  return name === undefined || name === true ? undefined : held(name, body, former)
}

/** The name of a holder that is kept with that body. It may be a part of the body, and keep all of it. */
export function nameOf(kept: Held | undefined, body: string): string | undefined {
  if (typeof kept === 'number') {
    const at = kept >>> LENGTH_BITS
    return body.slice(at, at + (kept & LONGEST))
  }
  return typeof kept === 'object' ? kept.name : kept
}

/** Whether a holder that is kept with that body has that name: as `nameOf` tells, without making a text. */
export function hasName(kept: Held | undefined, body: string, name: string | undefined): boolean {
  if (typeof kept === 'number') {
    const isLong = name === undefined || name.length !== (kept & LONGEST)
    return !isLong && body.startsWith(name, kept >>> LENGTH_BITS)
  }
  return nameOf(kept, body) === name
}
