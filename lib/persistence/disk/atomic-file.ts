/** Owns a file that is there whole or not at all: written under another name, and renamed once it is on the disk. */

import { type Files, folderOf, type OpenFile, writeAll } from './files'

/** A single sync of everything would delay the journal's own syncs by 200 ms, so it is synced in steps of this many bytes. */
const SYNC_STEP = 8 * 1024 * 1024

export class AtomicFile {
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
  static async begin(files: Files, unfinished: string): Promise<AtomicFile> {
    const file = new AtomicFile(files, unfinished, await files.open(unfinished, 'w'))
    // Some file systems know no permissions.
    await files.restrict(unfinished).catch(() => {})
    return file
  }

  get length(): number {
    return this.#length
  }

  async write(bytes: Buffer, length = bytes.length): Promise<void> {
    await writeAll(this.#file, bytes, length, this.#length)
    this.#length += length
    if (this.#length - this.#synced < SYNC_STEP) return
    await this.#file.datasync()
    this.#synced = this.#length
  }

  /**
   * Gives the file its name in place of whatever has it, and returns it still open. `check` is called
   * last before the rename, and calls it off by rejecting.
   */
  async finish(name: string, check: () => Promise<void>): Promise<OpenFile> {
    await this.#file.datasync()
    await check()
    await this.#files.rename(this.#unfinished, name)
    await this.#files.syncFolder(folderOf(name))
    return this.#file
  }

  /** Closes and removes it, as far as that can be done. */
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {})
    await this.#files.remove(this.#unfinished).catch(() => {})
  }
}
