/**
 * Owns what is kept aside because it must not be lost: damaged files, those of a later version,
 * those of a missing key, an import. It never throws: what it could not do is reported and done later.
 */

import { notKept, notRestricted } from '../disk/errors'
import { codeOf, type Files, folderOf } from '../disk/files'
import type { Aside, Paths } from '../disk/paths'

/** Damaged files that are kept; each costs as much room as the sessions do. */
const MOST_DAMAGED = 8
const DAMAGED_MS = 30 * 86_400_000

interface Kept {
  readonly file: string
  readonly aside: string
}

export class Quarantine {
  readonly #files: Files
  readonly #paths: Paths
  readonly #writable: boolean
  #toKeep: Kept[] = []
  /** Names that files are kept aside by, for each reason. */
  readonly kept: Record<Aside, string[]> = {
    damaged: [],
    newer: [],
    imported: [],
    undecryptable: [],
  }
  /** What could not be done, but does not keep the store from starting. */
  readonly problems: Error[] = []

  /** `writable`: whether files may be changed at all. */
  constructor(files: Files, paths: Paths, writable: boolean) {
    this.#files = files
    this.#paths = paths
    this.#writable = writable
  }

  /** Whether a file still has to be kept aside. */
  get isDue(): boolean {
    return this.#toKeep.length > 0
  }

  /** Gives a file that is still in use a second name. */
  async keep(file: string, why: Aside, changed: number): Promise<void> {
    await this.#note(file, why, this.#paths.aside(file, why, changed), (aside) =>
      this.#link(file, aside),
    )
  }

  /** Gives a file that must not be used another name. */
  async moveAway(file: string, why: Aside, changed: number): Promise<void> {
    await this.#note(file, why, this.#paths.aside(file, why, changed), async (aside) => {
      await this.#files.rename(file, aside)
      await this.#files.syncFolder(folderOf(file))
    })
  }

  /** Keeps an import; one that is kept already keeps its name. */
  async keepImport(file: string, size: number, changed: number): Promise<void> {
    const { imported } = this.#paths
    const former = await this.#files.info(imported)
    const isTaken = former !== undefined && (former.size !== size || former.changed !== changed)
    const aside = isTaken ? this.#paths.aside(file, 'imported', changed) : imported
    await this.#note(file, 'imported', aside, () => this.#link(file, aside))
  }

  /** Keeps aside what could not be kept before. Rejects if it still can't. */
  async finish(): Promise<void> {
    for (const { file, aside } of this.#toKeep) await this.#link(file, aside)
    this.#toKeep = []
  }

  /** Makes a file its owner's alone. */
  async restrict(file: string): Promise<void> {
    if (!this.#writable) return
    try {
      await this.#files.restrict(file)
    } catch (error) {
      this.problems.push(notRestricted(file, error as Error))
    }
  }

  /** Removes what is worth nothing any more. If it stays, the next start knows that as well. */
  async remove(file: string): Promise<void> {
    if (this.#writable) await this.#files.remove(file).catch(() => {})
  }

  /** Removes damaged files that were kept for long, or of which there are too many. */
  async prune(names: readonly string[], now: number): Promise<void> {
    const damaged: { file: string; named: number }[] = []
    for (const file of this.#paths.damagedAmong(names)) {
      const info = await this.#files.info(file).catch(() => undefined)
      if (info?.isFolder === false) damaged.push({ file, named: info.named })
    }
    damaged.sort((a, b) => b.named - a.named)
    const isOver = ({ named }: { named: number }, nth: number) =>
      nth >= MOST_DAMAGED || now - named > DAMAGED_MS
    for (const { file } of damaged.filter(isOver)) await this.remove(file)
  }

  async #note(
    file: string,
    why: Aside,
    aside: string,
    act: (aside: string) => Promise<void>,
  ): Promise<void> {
    this.kept[why].push(aside)
    if (!this.#writable) return
    try {
      await act(aside)
    } catch (error) {
      this.#toKeep.push({ file, aside })
      this.problems.push(notKept(file, error as Error))
    }
  }

  async #link(file: string, aside: string): Promise<void> {
    try {
      await this.#files.link(file, aside)
    } catch (error) {
      const code = codeOf(error)
      // It is kept already, or somebody took it away.
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error
    }
  }
}
