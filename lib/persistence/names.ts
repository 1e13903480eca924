/** The names of the files of one store: all in one folder, all beginning with the name of its `saveFile`. */

import path from 'node:path'

/** No store gets so far. Beyond it, numbers would not be exact soon. */
const MOST = 2 ** 52

export class Names {
  /** The snapshot. */
  readonly file: string
  readonly folder: string
  readonly #base: string

  constructor(file: string) {
    this.file = file
    this.folder = path.dirname(file)
    this.#base = path.basename(file)
  }

  get lock(): string {
    return `${this.file}.lock`
  }

  /** What becomes of an express-memfilestore file. */
  get imported(): string {
    return `${this.file}.imported`
  }

  /** A snapshot being written: worth nothing until it has the name of the snapshot. */
  get unfinished(): string {
    return `${this.file}.tmp`
  }

  /** The journal's segment of a number. */
  segment(number: number): string {
    return `${this.file}.journal-${number}`
  }

  /** Records that no key opens, by the id of their key. */
  unread(keyId: string): string {
    return `${this.file}.unread-${keyId}`
  }

  /** The name to keep a file aside by: the same each time, until the file changes. */
  aside(file: string, why: 'damaged' | 'newer' | 'imported', changed: number): string {
    const part = path.basename(file).slice(this.#base.length)
    const instant = new Date(changed).toISOString().replace(/[:.]/g, '-')
    return `${this.file}.${why}-${instant}${part}`
  }

  /** The numbers of the segments among names of the folder, in order. */
  segmentsAmong(names: readonly string[]): number[] {
    return this.#partsAmong(names, /^\.journal-(\d+)$/)
      .map(Number)
      .filter((number) => number <= MOST)
      .sort((a, b) => a - b)
  }

  /** The ids of the keys whose records were kept aside, among names of the folder. */
  unreadAmong(names: readonly string[]): string[] {
    return this.#partsAmong(names, /^\.unread-([0-9a-f]{8})$/)
  }

  #partsAmong(names: readonly string[], pattern: RegExp): string[] {
    const found: string[] = []
    for (const name of names) {
      if (!name.startsWith(this.#base)) continue
      const part = pattern.exec(name.slice(this.#base.length))?.[1]
      if (part !== undefined) found.push(part)
    }
    return found
  }
}
