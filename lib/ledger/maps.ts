/**
 * A few hundred small Maps as one. A Map that outgrows its table copies all of it in one go: 24 ms at
 * 65,536 entries, 226 at 524,288 (Node 20). A small one takes microseconds.
 */

export const COUNT = 256
/** A Map has room for a power of two. One that is no fuller than this is made anew instead of growing, to be rid of what was deleted. */
const FULL = 3 / 4
const LEAST_ROOM = 4

/**
 * Which of the Maps a number of 12 bits leads to. Some get up to twice as much as others: if all were
 * alike they would all be half empty at the same time, and a session would not always weigh the same.
 */
const PLACES = Uint8Array.from({ length: 4096 }, (_, n) => COUNT * Math.log2(1 + n / 4096))

/** The hash of a text's last characters: the ids of express-session differ in each of them. */
export function hashOfEnd(text: string): number {
  let hash = 0
  for (let at = Math.max(0, text.length - 4); at < text.length; at++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  }
  return hash
}

/** Which of so many maps or tables a hash leads to. */
export function placeOf(hash: number): number {
  return PLACES[Math.imul(hash, 0x9e3779b1) >>> 20] as number
}

class Part<Key, Value> {
  map = new Map<Key, Value>()
  /** Entries that the table of the Map has room for, and those that were added since it was made: V8 uses no place twice. */
  room = LEAST_ROOM
  added = 0
}

export class Maps<Key, Value> {
  readonly #parts = new Array<Part<Key, Value> | undefined>(COUNT).fill(undefined)

  /** `hashOf`: a number by which keys are spread. */
  constructor(private readonly hashOf: (key: Key) => number) {}

  get(key: Key): Value | undefined {
    return this.#parts[this.#placeOf(key)]?.map.get(key)
  }

  set(key: Key, value: Value): void {
    const place = this.#placeOf(key)
    let part = this.#parts[place]
    if (part === undefined) {
      part = new Part()
      this.#parts[place] = part
    }
    const { size } = part.map
    part.map.set(key, value)
    if (part.map.size === size) return
    part.added++
    if (part.added >= part.room) makeRoom(part)
  }

  delete(key: Key): void {
    this.#parts[this.#placeOf(key)]?.map.delete(key)
  }

  /** All keys, in no order. What is added meanwhile may be missed. */
  *keys(): Generator<Key, void> {
    for (const part of this.#parts) if (part !== undefined) yield* part.map.keys()
  }

  #placeOf(key: Key): number {
    return placeOf(this.hashOf(key))
  }
}

function makeRoom<Key, Value>(part: Part<Key, Value>): void {
  const { map, room } = part
  if (map.size > room * FULL) {
    part.room = 2 * room
    part.added = map.size
    return
  }
  const fresh = new Map<Key, Value>()
  for (const [key, value] of map) fresh.set(key, value)
  part.map = fresh
  part.added = fresh.size
  while (part.room > LEAST_ROOM && fresh.size <= part.room / 2) part.room /= 2
}
