/** Keeps files aside that must not be lost: damaged ones, those of a later version, an import. Fails without throwing. */

import { notKept, notRestricted } from './faults'
import { codeOf, type FileInfo, type Files, folderOf } from './files'
import type { Names } from './names'

/** A file, and the name to keep it aside by. */
export interface Kept {
  readonly name: string
  readonly aside: string
}

/** What was kept aside, and what could not be. */
export interface KeptAside {
  /** Files kept aside for damage. */
  readonly aside: string[]
  /** Files that a later version wrote, kept aside. */
  readonly newer: string[]
  /** What could not be kept aside yet, and must not be removed before. */
  readonly toKeep: Kept[]
  /** What could not be done, but does not keep the store from starting. */
  readonly problems: Error[]
}

export class Keeper {
  readonly #files: Files
  readonly #names: Names
  readonly #writable: boolean
  readonly kept: KeptAside = { aside: [], newer: [], toKeep: [], problems: [] }

  /** `writable`: whether files may be changed at all. */
  constructor(files: Files, names: Names, writable: boolean) {
    this.#files = files
    this.#names = names
    this.#writable = writable
  }

  async damaged(name: string, changed: number): Promise<void> {
    const aside = this.#names.aside(name, 'damaged', changed)
    this.kept.aside.push(aside)
    await this.#keep(name, aside)
  }

  async newer(name: string, changed: number): Promise<void> {
    const aside = this.#names.aside(name, 'newer', changed)
    this.kept.newer.push(aside)
    if (!this.#writable) return
    try {
      await this.#files.rename(name, aside)
      await this.#files.syncFolder(folderOf(name))
    } catch (error) {
      this.#failed({ name, aside }, error)
    }
  }

  async imported(file: string, { size, changed }: FileInfo): Promise<void> {
    const { imported } = this.#names
    const former = await this.#files.info(imported)
    const isSame = former?.size === size && former.changed === changed
    const isTaken = former !== undefined && !isSame
    await this.#keep(file, isTaken ? this.#names.aside(file, 'imported', changed) : imported)
  }

  /** Makes a file its owner's alone. */
  async restrict(name: string): Promise<void> {
    if (!this.#writable) return
    try {
      await this.#files.restrict(name)
    } catch (error) {
      this.kept.problems.push(notRestricted(name, error as Error))
    }
  }

  /** Removes what is worth nothing any more. Where it stays, that is known the next time as well. */
  async remove(name: string): Promise<void> {
    if (this.#writable) await this.#files.remove(name).catch(() => {})
  }

  async #keep(name: string, aside: string): Promise<void> {
    if (!this.#writable) return
    try {
      await keepAside(this.#files, name, aside)
    } catch (error) {
      this.#failed({ name, aside }, error)
    }
  }

  #failed(kept: Kept, error: unknown): void {
    this.kept.toKeep.push(kept)
    this.kept.problems.push(notKept(kept.name, error as Error))
  }
}

/** Gives a file a second name, so that it stays when the first one goes to another. */
export async function keepAside(files: Files, name: string, aside: string): Promise<void> {
  try {
    await files.link(name, aside)
  } catch (error) {
    const code = codeOf(error)
    // It is kept already, or somebody took it away.
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error
  }
}
