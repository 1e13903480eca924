/**
 * Owns the reading of a file's records, one after the other and a part at a time. What is damaged is
 * skipped up to the next whole record, and counted.
 */

import { type OpenFile, readAll } from '../disk/files'
import { crc32 } from './crc'
import { decodeHeader, HEADER_BYTES, type Header } from './header'
import { PART_BYTES, ReadAhead } from './read-ahead'
import { claimedLength, HEAD_BYTES, isWhole } from './record'

/** Sees each whole record, in order. Returns false for one that is no good after all. */
export type Visit = (bytes: Buffer, at: number, end: number) => boolean

export interface Scanned {
  /** Records that damage hit before the last whole one, as far as they can be told apart. */
  readonly damaged: number
  /** Records that damage hit after the last whole one: a torn tail, if the file was being written. */
  readonly torn: number
  /** Where the last whole record ends. */
  readonly end: number
  /** Whether the disk could not read a part of the file. */
  readonly unreadable: boolean
}

/** The header of a file: `'newer'` for one of a later version, `undefined` if none is whole. */
export async function readHeader(file: OpenFile): Promise<Header | 'newer' | undefined> {
  const bytes = Buffer.alloc(HEADER_BYTES)
  const length = await readAll(file, bytes, 0, HEADER_BYTES, 0)
  return decodeHeader(bytes.subarray(0, length))
}

/** Visits the records in the first `size` bytes of a file that has that header. */
export async function scan(
  file: OpenFile,
  size: number,
  header: Header | undefined,
  visit: Visit,
): Promise<Scanned> {
  const walk = new Walk(file, size, header, visit)
  try {
    while (await walk.part());
    return walk.scanned
  } finally {
    await walk.end()
  }
}

class Walk {
  #hits = 0
  #hitsBefore = 0
  #end: number
  readonly #ahead: ReadAhead
  readonly #file: OpenFile
  readonly #size: number
  readonly #visit: Visit
  #marker: number | undefined
  #bytes = Buffer.allocUnsafe(2 * PART_BYTES)
  /** What of the buffer is filled, and where in the file it begins. */
  #filled = 0
  #position: number
  #at = 0
  #skipping = false
  /** Whether all that there is was read. */
  #isOver = false

  constructor(file: OpenFile, size: number, header: Header | undefined, visit: Visit) {
    this.#file = file
    this.#size = size
    this.#visit = visit
    this.#marker = header?.marker
    this.#position = header === undefined ? 0 : HEADER_BYTES
    this.#end = this.#position
    this.#ahead = new ReadAhead(file, this.#position, size)
    if (header === undefined) this.#hit()
  }

  get scanned(): Scanned {
    const torn = this.#hits - this.#hitsBefore
    const [damaged, end] = [this.#hitsBefore, this.#end]
    return { damaged, torn, end, unreadable: this.#ahead.unreadable }
  }

  /** Reads on and visits what is whole. Returns whether there is more. */
  async part(): Promise<boolean> {
    await this.#fill(0)
    for (;;) {
      const left = this.#size - this.#position - this.#at
      if (left < HEAD_BYTES) return this.#finish(left)
      if (this.#filled - this.#at < HEAD_BYTES) return this.#needsMore(left)
      const length = this.#lengthHere(left)
      if (length === 0) {
        if (!this.#skip()) return true
        continue
      }
      const end = this.#at + length
      if (end > this.#filled) {
        if (length <= PART_BYTES / 2) return this.#needsMore(left)
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

  /** Resolves when the file can be closed. */
  end(): Promise<void> {
    return this.#ahead.end()
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
    if (!this.#visit(this.#bytes, at, end)) this.#hits++
    this.#hitsBefore = this.#hits
    this.#end = this.#position + end
  }

  // If the header is damaged: the marker of a single record may be damaged too, that of two in a row is not.
  #sharedMarker(at: number, end: number): number | undefined {
    if (end + 4 > this.#filled) return undefined
    const marker = this.#bytes.readUInt32LE(at)
    return this.#bytes.readUInt32LE(end) === marker ? marker : undefined
  }

  /** Moves on to where the next record may be. Returns false if that takes more bytes. */
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
    this.#hits++
    this.#skipping = true
  }

  /** Returns whether more can come: if none did, the file is shorter than it was. */
  #needsMore(left: number): boolean {
    return !this.#isOver || this.#finish(left)
  }

  #finish(left: number): boolean {
    if (left > 0 && !this.#skipping) this.#hit()
    return false
  }

  // A buffer for an oversized record is allocated only if a record or the file's end follows it, or
  // its streamed CRC matches.
  async #isFollowed(end: number): Promise<boolean> {
    const position = this.#position + end
    if (position === this.#size) return true
    const bytes = Buffer.alloc(4)
    const read = await readAll(this.#file, bytes, 0, 4, position)
    return read === 4 && bytes.readUInt32LE(0) === this.#bytes.readUInt32LE(this.#at)
  }

  /** Whether the record up to `end` is whole, found out without holding it. Not tried at each byte while the marker is unknown. */
  async #isIntact(end: number): Promise<boolean> {
    if (this.#marker === undefined) return false
    const part = Buffer.allocUnsafe(PART_BYTES)
    const last = this.#position + end
    let crc = 0
    for (let position = this.#position + this.#at + 8; position < last; ) {
      const length = Math.min(PART_BYTES, last - position)
      if ((await readAll(this.#file, part, 0, length, position)) < length) return false
      crc = crc32(part, 0, length, crc)
      position += length
    }
    return crc === this.#bytes.readUInt32LE(this.#at + 4)
  }

  /** Drops what is behind and reads on: a part, and as many more as it takes to hold `least` bytes from here on. */
  async #fill(least: number): Promise<void> {
    const rest = this.#filled - this.#at
    const size = Math.max(least, rest) + PART_BYTES
    // The room for an oversized record is given back.
    const fits = this.#bytes.length >= size && this.#bytes.length <= 2 * size
    const target = fits ? this.#bytes : Buffer.allocUnsafe(size)
    this.#bytes.copy(target, 0, this.#at, this.#filled)
    this.#bytes = target
    this.#position += this.#at
    this.#at = 0
    this.#filled = rest
    do {
      const part = await this.#ahead.part()
      this.#isOver = part.length === 0
      part.copy(target, this.#filled)
      this.#filled += part.length
    } while (this.#filled < least && !this.#isOver)
  }
}
