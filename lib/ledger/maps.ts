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

class Part<Value> {
  map = new Map<string, Value>()
  /** Entries that the table of the Map has room for, and those that were added since it was made: V8 uses no place twice. */
  room = LEAST_ROOM
  added = 0
}

/** Values by id. */
export class Maps<Value> {
  readonly #parts = new Array<Part<Value> | undefined>(COUNT).fill(undefined)

  get(id: string): Value | undefined {
    return this.#parts[placeOf(hashOfEnd(id))]?.map.get(id)
  }

  set(id: string, value: Value): void {
    const place = placeOf(hashOfEnd(id))
    let part = this.#parts[place]
    if (part === undefined) {
      part = new Part()
      this.#parts[place] = part
    }
    const { size } = part.map
    part.map.set(id, value)
    if (part.map.size === size) return
    part.added++
    if (part.added >= part.room) makeRoom(part)
  }

  delete(id: string): void {
    this.#parts[placeOf(hashOfEnd(id))]?.map.delete(id)
  }
}

function makeRoom<Value>(part: Part<Value>): void {
  const { map, room } = part
  if (map.size > room * FULL) {
    part.room = 2 * room
    part.added = map.size
    return
  }
  const fresh = new Map<string, Value>()
  for (const [key, value] of map) fresh.set(key, value)
  part.map = fresh
  part.added = fresh.size
  while (part.room > LEAST_ROOM && fresh.size <= part.room / 2) part.room /= 2
}
