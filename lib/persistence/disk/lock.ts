/**
 * Owns the lock on a save file: one store at a time. A lock whose owner is dead is taken over. The
 * owner gives it a heartbeat every second, for those who can't see whether its process lives.
 */

import path from 'node:path'
import type { Clock } from '../../clock'
import { lockLost } from './errors'
import { codeOf, type Files, folderOf, writeAll } from './files'
import { DEAD_MS, isAlive, lockedBy, noteHeld, self } from './lock-owner'

const HEARTBEAT_MS = 1000
/** A lock that is there and can't be read for so many looks is a link that leads nowhere. */
const MOST_LOOKS = 5
const TOKEN = /^[0-9a-f]{16}$/

export class Lock {
  /** Told to nobody else: names of unfinished files carry it. */
  readonly token: string
  readonly #files: Files
  readonly #clock: Clock
  readonly #file: string
  readonly #text: string
  #cancel: (() => void) | undefined
  #released = false

  private constructor(files: Files, clock: Clock, file: string, token: string, text: string) {
    this.#files = files
    this.#clock = clock
    this.#file = file
    this.#text = text
    this.token = token
  }

  /** Takes a lock. Rejects with `ELOCKED` if a live process has it. `lost` is called if it is ever taken away. */
  static async take(files: Files, clock: Clock, file: string, lost: () => void): Promise<Lock> {
    const owner = await self(files)
    const lock = new Lock(files, clock, file, owner.token, JSON.stringify(owner))
    for (let looks = 1; !(await lock.#create()); looks++) {
      const found = await files.text(file)
      if (found === undefined && looks < MOST_LOOKS) continue
      if (found !== undefined && (await isAlive(files, clock, file, found))) {
        throw lockedBy(file, found)
      }
      // It took a while to tell: another process may have taken it over.
      if ((await files.text(file)) === found) await lock.#takeAway(found)
    }
    noteHeld(lock.token, true)
    await lock.#tidyUp()
    lock.#beatLater(lost)
    return lock
  }

  /** Rejects with `ELOCKED` if somebody took the lock away. */
  async check(): Promise<void> {
    if (!(await this.#isOurs())) throw lockLost()
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    this.#released = true
    this.#cancel?.()
    noteHeld(this.token, false)
    try {
      if ((await this.#files.text(this.#file)) === this.#text) await this.#files.remove(this.#file)
    } catch {
      // The next process finds its owner dead.
    }
  }

  get #own(): string {
    return `${this.#file}-${this.token}`
  }

  // Under a second name first, so that nobody ever reads half a lock.
  async #create(): Promise<boolean> {
    const text = Buffer.from(this.#text)
    try {
      const own = await this.#files.open(this.#own, 'wx')
      await writeAll(own, text, text.length, 0).finally(() => own.close())
      await this.#files.link(this.#own, this.#file)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    } finally {
      await this.#files.remove(this.#own).catch(() => {})
    }
  }

  // Two may find the same dead lock. If the file moved away is the new lock of the other, link it back.
  async #takeAway(found: string | undefined): Promise<void> {
    const away = this.#own
    try {
      await this.#files.rename(this.#file, away)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
    try {
      if ((await this.#files.text(away)) !== found) await this.#files.link(away, this.#file)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    } finally {
      await this.#files.remove(away)
    }
  }

  /** Removes what processes left that were killed as they took the lock. */
  async #tidyUp(): Promise<void> {
    const folder = folderOf(this.#file)
    const begin = `${path.basename(this.#file)}-`
    try {
      for (const name of await this.#files.list(folder)) {
        if (!name.startsWith(begin) || !TOKEN.test(name.slice(begin.length))) continue
        const left = path.join(folder, name)
        const changed = (await this.#files.info(left))?.changed ?? 0
        // One that is about to find that we have the lock still needs its own.
        if (this.#clock.now() - changed > DEAD_MS) await this.#files.remove(left)
      }
    } catch {
      // They are in nobody's way.
    }
  }

  /** Whether this store still has the lock. If that can't be told, it is taken for granted. */
  async #isOurs(): Promise<boolean> {
    try {
      const found = await this.#files.text(this.#file)
      // Somebody removed it: nobody else has it.
      return found === undefined ? await this.#create() : found === this.#text
    } catch {
      return true
    }
  }

  #beatLater(lost: () => void): void {
    this.#cancel = this.#clock.after(HEARTBEAT_MS, () => {
      this.#beat(lost).catch(() => {})
    })
  }

  async #beat(lost: () => void): Promise<void> {
    const isOurs = await this.#isOurs()
    if (this.#released) return
    if (!isOurs) return lost()
    await this.#files.setChanged(this.#file, this.#clock.now()).catch(() => {})
    if (!this.#released) this.#beatLater(lost)
  }
}
