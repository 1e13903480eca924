/**
 * Reads a file's records one after the other, a part at a time. What is damaged is skipped to the
 * next whole record, and counted.
 */

import { crc32 } from './crc'
import { type OpenFile, readAll } from './files'
import { decodeHeader, HEADER_BYTES, type Header } from './header'
import { claimedLength, HEAD_BYTES, isWhole } from './record'

const PART_BYTES = 256 * 1024

/** Sees each whole record, in order. Returns false for one that is no good after all. */
export type Visit = (bytes: Buffer, at: number, end: number, position: number) => boolean

export interface Scan {
  readonly header: Header | undefined
  /** Records hit by damage, as far as they can be told apart. */
  readonly damaged: number
}

/** The header of a file. */
export async function readHeader(file: OpenFile): Promise<Header | 'newer' | undefined> {
  const bytes = Buffer.alloc(HEADER_BYTES)
  const length = await readAll(file, bytes, 0, HEADER_BYTES, 0)
  return decodeHeader(bytes.subarray(0, length))
}

/** Visits the records of a file of `size` bytes; calls `rest` after each part. */
export async function scan(
  file: OpenFile,
  size: number,
  visit: Visit,
  rest?: () => Promise<void> | undefined,
): Promise<Scan> {
  const header = await readHeader(file)
  const known = header === undefined || header === 'newer' ? undefined : header
  const walk = new Walk(file, size, known, visit)
  while (await walk.part()) await rest?.()
  await rest?.()
  return { header: known, damaged: walk.damaged }
}

class Walk {
  damaged = 0
  readonly #file: OpenFile
  readonly #size: number
  readonly #visit: Visit
  #marker: number | undefined
  #bytes = Buffer.allocUnsafe(PART_BYTES)
  /** What of the buffer is filled, and where in the file it begins. */
  #filled = 0
  #position = 0
  #at: number
  #skipping = false

  constructor(file: OpenFile, size: number, header: Header | undefined, visit: Visit) {
    this.#file = file
    this.#size = size
    this.#visit = visit
    this.#marker = header?.marker
    this.#at = header === undefined ? 0 : HEADER_BYTES
    if (header === undefined) this.#hit()
  }

  /** Reads on and visits what is whole. Returns whether there is more. */
  async part(): Promise<boolean> {
    await this.#fill(PART_BYTES)
    for (;;) {
      const left = this.#size - this.#position - this.#at
      if (left < HEAD_BYTES) return this.#finish(left)
      if (this.#filled - this.#at < HEAD_BYTES) return this.#goOn(left)
      const length = this.#lengthHere(left)
      if (length === 0) {
        if (!this.#skip()) return true
        continue
      }
      const end = this.#at + length
      if (end > this.#filled) {
        if (length <= PART_BYTES / 2) return this.#goOn(left)
        if (!(await this.#isFollowed(end)) && !(await this.#isIntact(end))) {
          if (!this.#skip()) return true
          continue
        }
        await this.#fill(length)
        if (this.#at + length > this.#filled) return this.#finish(left)
      }
      this.#take(this.#at + length)
    }
  }

  #lengthHere(left: number): number {
    const bytes = this.#bytes
    if (this.#marker !== undefined && bytes.readUInt32LE(this.#at) !== this.#marker) return 0
    return claimedLength(bytes, this.#at, left)
  }

  #take(end: number): void {
    const at = this.#at
    if (!isWhole(this.#bytes, at, end)) {
      this.#skip()
      return
    }
    this.#marker ??= this.#sharedMarker(at, end)
    this.#skipping = false
    this.#at = end
    if (!this.#visit(this.#bytes, at, end, this.#position + at)) this.damaged++
  }

  // Where the header is damaged: the marker of a record alone may be damaged too, not that of two.
  #sharedMarker(at: number, end: number): number | undefined {
    if (end + 4 > this.#filled) return undefined
    const marker = this.#bytes.readUInt32LE(at)
    return this.#bytes.readUInt32LE(end) === marker ? marker : undefined
  }

  /** Moves on to where the next record may be. Returns false where that takes more bytes. */
  #skip(): boolean {
    const began = !this.#skipping
    if (began || this.#isMarked()) this.#hit()
    this.#at++
    if (this.#marker === undefined) return true
    const marker = Buffer.alloc(4)
    marker.writeUInt32LE(this.#marker)
    const next = this.#bytes.subarray(0, this.#filled).indexOf(marker, this.#at)
    // A marker may begin in the last three bytes.
    this.#at = next === -1 ? Math.max(this.#at, this.#filled - 3) : next
    return next !== -1
  }

  #isMarked(): boolean {
    return this.#marker !== undefined && this.#bytes.readUInt32LE(this.#at) === this.#marker
  }

  #hit(): void {
    this.damaged++
    this.#skipping = true
  }

  // Nothing was behind, so there was room: the file is shorter than it was.
  #goOn(left: number): boolean {
    return this.#at > 0 || this.#finish(left)
  }

  #finish(left: number): boolean {
    if (left > 0 && !this.#skipping) this.#hit()
    return false
  }

  // A giant takes its room only when the next record, or the file's end, is where it claims to end
  // or, where damage follows, it turns out to be whole.
  async #isFollowed(end: number): Promise<boolean> {
    const position = this.#position + end
    if (position === this.#size) return true
    const bytes = Buffer.alloc(4)
    const read = await readAll(this.#file, bytes, 0, 4, position)
    return read === 4 && bytes.readUInt32LE(0) === this.#bytes.readUInt32LE(this.#at)
  }

  /** Whether the record up to `end` is whole, without holding it. Too much to ask of any place where the marker is unknown. */
  async #isIntact(end: number): Promise<boolean> {
    if (this.#marker === undefined) return false
    const part = Buffer.allocUnsafe(PART_BYTES)
    const last = this.#position + end
    let crc = 0
    for (let position = this.#position + this.#at + 8; position < last; ) {
      const length = Math.min(PART_BYTES, last - position)
      if ((await readAll(this.#file, part, 0, length, position)) < length) return false
      crc = crc32(part.subarray(0, length), crc)
      position += length
    }
    return crc === this.#bytes.readUInt32LE(this.#at + 4)
  }

  /** Drops what is behind and fills up, to hold at least `least` bytes from here on. */
  async #fill(least: number): Promise<void> {
    const rest = Math.max(this.#filled - this.#at, 0)
    const size = Math.max(least, rest + PART_BYTES / 2)
    // The room for a giant goes with it.
    const fits = this.#bytes.length >= size && this.#bytes.length <= 2 * size
    const target = fits ? this.#bytes : Buffer.allocUnsafe(size)
    if (rest > 0) this.#bytes.copy(target, 0, this.#at, this.#filled)
    this.#bytes = target
    this.#position += this.#at
    this.#at = 0
    this.#filled = rest
    const room = Math.min(target.length - rest, this.#size - this.#position - rest)
    if (room <= 0) return
    this.#filled += await readAll(this.#file, target, rest, room, this.#position + rest)
  }
}
