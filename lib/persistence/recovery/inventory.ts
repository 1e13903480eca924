/** Owns which of the files that a start finds can be used: those that are what their names say. All others are kept aside. */

import type { Files } from '../disk/files'
import type { Paths } from '../disk/paths'
import type { Kind } from '../format/header'
import { contradicts, isOfFile, type Link, readLink } from './chain'
import type { Quarantine } from './quarantine'

export interface InventoryDependencies {
  readonly files: Files
  readonly paths: Paths
  readonly quarantine: Quarantine
  /** Whether a file that can't be opened is taken for damaged. */
  readonly tolerant: boolean
  /** The wall clock in ms. */
  readonly now: () => number
}

export class Inventory {
  readonly #needs: InventoryDependencies
  /** Files that are damaged as a whole. */
  damaged = 0
  /** Files of a later version. */
  readonly newer: Link[] = []

  constructor(needs: InventoryDependencies) {
    this.#needs = needs
  }

  /** The segments of those numbers. */
  async segments(numbers: readonly number[]): Promise<Link[]> {
    const { paths } = this.#needs
    const segments: Link[] = []
    for (const number of numbers) {
      const link = await this.#link(paths.segment(number), number)
      if (link !== undefined && (await this.isUsable(link, 'journal'))) segments.push(link)
    }
    return segments
  }

  /** What has the name of the snapshot, which may be something else. */
  snapshot(): Promise<Link | undefined> {
    return this.#link(this.#needs.paths.file, 0)
  }

  /** Whether a file is of this version and what its name says. If not, it is kept aside. */
  async isUsable(link: Link, kind: Kind): Promise<boolean> {
    const { quarantine } = this.#needs
    const { path, header, changed } = link
    if (header === 'newer') {
      this.newer.push(link)
      await quarantine.moveAway(path, 'newer', changed)
      return false
    }
    if (!contradicts(link, kind)) return true
    this.damaged++
    await quarantine.moveAway(path, 'damaged', changed)
    return false
  }

  /** The beginning of a file; `undefined` if there is none, and after it was kept aside because it can't be opened. */
  async #link(file: string, number: number): Promise<Link | undefined> {
    const { files, paths, tolerant, quarantine, now } = this.#needs
    try {
      return await readLink(files, file, number)
    } catch (error) {
      // The snapshot is the file that was asked for: its failure is the caller's to see.
      const isOfSegment = isOfFile(error) && file !== paths.file
      if (!isOfSegment && !tolerant) throw error
      this.damaged++
      await quarantine.moveAway(file, 'damaged', now())
      return undefined
    }
  }
}
