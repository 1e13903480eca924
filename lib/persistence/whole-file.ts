/** A file that is there whole or not at all: written under another name, and renamed once it is on the disk. */

import { type Files, folderOf, type OpenFile, writeAll } from './files'
import { encodeHeader, type Header } from './header'

/** Synced in steps of this many bytes: one sync of all would hold up the journal's own for 200 ms. */
const SYNC_STEP = 8 * 1024 * 1024

export class WholeFile {
  readonly #files: Files
  readonly #unfinished: string
  readonly #file: OpenFile
  #length = 0
  #synced = 0

  private constructor(files: Files, unfinished: string, file: OpenFile) {
    this.#files = files
    this.#unfinished = unfinished
    this.#file = file
  }

  /** Begins a file under the name `unfinished`, over whatever was left there. */
  static async begin(files: Files, unfinished: string, header: Header): Promise<WholeFile> {
    const whole = new WholeFile(files, unfinished, await files.open(unfinished, 'w'))
    try {
      // Some disks know no rights.
      await files.restrict(unfinished).catch(() => {})
      const bytes = encodeHeader(header)
      await whole.write(bytes, bytes.length)
    } catch (error) {
      await whole.abandon()
      throw error
    }
    return whole
  }

  get length(): number {
    return this.#length
  }

  async write(bytes: Buffer, length: number): Promise<void> {
    await writeAll(this.#file, bytes, length, this.#length)
    this.#length += length
    if (this.#length - this.#synced < SYNC_STEP) return
    await this.#file.datasync()
    this.#synced = this.#length
  }

  /** Gives it its name, in the place of whatever has it. */
  async finish(name: string): Promise<void> {
    await this.#file.datasync()
    await this.#file.close()
    await this.#files.rename(this.#unfinished, name)
    await this.#files.syncFolder(folderOf(name))
  }

  /** Closes and removes it, as far as that can be done. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {})
    await this.#files.remove(this.#unfinished).catch(() => {})
  }
}
