/** Owns a store's claim on its files: the lock, taken at the start or, if that failed, once the disk lets it. */

import type { Clock } from '../../clock'
import { lockLost } from './errors'
import { codeOf, type Files } from './files'
import { Lock } from './lock'
import type { Paths } from './paths'

export class Claim {
  readonly #files: Files
  readonly #clock: Clock
  readonly #paths: Paths
  readonly #lost: () => void
  #lock: Lock | undefined
  #seen: string | undefined

  /** `lost` is called if the lock is ever taken away. */
  constructor(files: Files, clock: Clock, paths: Paths, lost: () => void) {
    this.#files = files
    this.#clock = clock
    this.#paths = paths
    this.#lost = lost
  }

  /** Takes the lock. Gives why that could not be done, or `null`. Rejects with `ELOCKED` if another process has it. */
  async take(): Promise<Error | null> {
    try {
      this.#lock = await Lock.take(this.#files, this.#clock, this.#paths.lock, this.#lost)
      return null
    } catch (error) {
      if (codeOf(error) === 'ELOCKED') throw error
      return error as Error
    }
  }

  /** Remembers the files as they were read, in case the lock is taken only later. */
  async remember(): Promise<void> {
    if (this.#lock === undefined) this.#seen = await this.#fingerprint()
  }

  /** The lock. Takes it if there is none yet, and rejects with `ELOCKED` if another process had the files meanwhile. */
  async lock(): Promise<Lock> {
    if (this.#lock !== undefined) return this.#lock
    const lock = await Lock.take(this.#files, this.#clock, this.#paths.lock, this.#lost)
    if (this.#seen === (await this.#fingerprint())) {
      this.#lock = lock
      return lock
    }
    // Memory is not the truth any more.
    await lock.release()
    throw lockLost()
  }

  async release(): Promise<void> {
    await this.#lock?.release()
    this.#lock = undefined
  }

  /** Names, sizes and times of the files: whether anybody changed them. */
  async #fingerprint(): Promise<string> {
    const paths = this.#paths
    const parts: string[] = []
    const segments = paths.segmentsAmong(await this.#files.list(paths.folder))
    for (const file of [paths.file, ...segments.map((number) => paths.segment(number))]) {
      const info = await this.#files.info(file)
      if (info !== undefined) parts.push(`${file} ${info.size} ${info.changed}`)
    }
    return parts.join('\n')
  }
}
