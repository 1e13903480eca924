/** Owns the reading of a file from its beginning to its end: the disk gives the next part while one is looked at. */

import { type OpenFile, readAll } from '../disk/files'

/** Looking at more at once would hold up the event loop. */
export const PART_BYTES = 256 * 1024

export class ReadAhead {
  readonly #file: OpenFile
  readonly #size: number
  #position: number
  #next: Promise<Buffer> | undefined
  /** One is looked at, the other read into. */
  #target = Buffer.allocUnsafe(PART_BYTES)
  #other = Buffer.allocUnsafe(PART_BYTES)
  /** Whether the disk could not read a sector so far. */
  unreadable = false

  /** Reads the bytes of a file from `from` up to `size`. */
  constructor(file: OpenFile, from: number, size: number) {
    this.#file = file
    this.#position = from
    this.#size = size
  }

  /** The next part, which is good until another is asked for; empty at the end of the file. Rejects if it can't be read. */
  async part(): Promise<Buffer> {
    const part = await (this.#next ?? this.#read())
    this.#next = this.#read()
    // Whoever asks for it hears of that.
    this.#next.catch(() => {})
    return part
  }

  /** Resolves when nothing is being read any more, so that the file can be closed. */
  async end(): Promise<void> {
    await this.#next?.catch(() => {})
  }

  async #read(): Promise<Buffer> {
    const target = this.#target
    this.#target = this.#other
    this.#other = target
    const length = Math.min(PART_BYTES, this.#size - this.#position)
    const unreadable = () => {
      this.unreadable = true
    }
    const read = await readAll(this.#file, target, 0, length, this.#position, unreadable)
    this.#position += read
    return target.subarray(0, read)
  }
}
