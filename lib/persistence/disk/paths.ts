/** Owns the names of the files of one store: all in one folder, all beginning with the name of its `saveFile`. */

import path from 'node:path'
import { codeOf, type Files } from './files'

/** No store gets so far. Beyond it, numbers would soon not be exact. */
const MOST = 2 ** 52

/** Why a file is kept beside the others. */
export type Aside = 'damaged' | 'newer' | 'imported' | 'undecryptable'

export class Paths {
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

  /** A file being written by the holder of that token: worth nothing until it has another name. */
  unfinished(token: string): string {
    return `${this.file}.tmp-${token}`
  }

  /** The journal's segment of a number. */
  segment(number: number): string {
    return `${this.file}.journal-${number}`
  }

  /** The name to keep a file aside by: the same each time, until the file changes. */
  aside(file: string, why: Aside, changed: number): string {
    const part = path.basename(file).slice(this.#base.length)
    const instant = new Date(changed).toISOString().replace(/[:.]/g, '-')
    return `${this.file}.${why}-${instant}${part}`
  }

  /** The numbers of the segments among names of the folder, in order. */
  segmentsAmong(names: readonly string[]): number[] {
    return this.#partsAmong(names)
      .filter((part) => /^\.journal-\d+$/.test(part))
      .map((part) => Number(part.slice('.journal-'.length)))
      .filter((number) => number <= MOST)
      .sort((a, b) => a - b)
  }

  /** The paths of files kept aside for want of a key; version 1 called them `.unread-…`. */
  undecryptableAmong(names: readonly string[]): string[] {
    return this.#pathsAmong(names, /^\.(?:unread-[0-9a-f]{8}|undecryptable-.*)$/)
  }

  /** The paths of damaged files kept aside, the oldest first. */
  damagedAmong(names: readonly string[]): string[] {
    return this.#pathsAmong(names, /^\.damaged-/).sort()
  }

  /** The paths of unfinished files that ended writers left. */
  unfinishedAmong(names: readonly string[]): string[] {
    return this.#pathsAmong(names, /^\.tmp(?:-[0-9a-f]*)?$/)
  }

  /** The paths of files kept for a person to look at: they may hold sessions in plain text. */
  keptAmong(names: readonly string[]): string[] {
    return this.#pathsAmong(names, /^\.(?:damaged|newer|imported)/)
  }

  #pathsAmong(names: readonly string[], pattern: RegExp): string[] {
    return this.#partsAmong(names)
      .filter((part) => pattern.test(part))
      .map((part) => this.file + part)
  }

  /** What follows the name of the `saveFile` in the names that begin with it. */
  #partsAmong(names: readonly string[]): string[] {
    const own = names.filter((name) => name.startsWith(this.#base))
    return own.map((name) => name.slice(this.#base.length))
  }
}

/** The path of a file without any symbolic links, so that it is the same one for everybody. */
export async function realPath(files: Files, file: string): Promise<string> {
  try {
    return await files.realPath(file)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const whole = path.join(await files.realPath(path.dirname(file)), path.basename(file))
  const target = await files.target(whole)
  return target === undefined ? whole : realPath(files, path.resolve(path.dirname(whole), target))
}
