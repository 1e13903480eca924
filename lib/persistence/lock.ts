/**
 * The lock on a save file: one store at a time. A lock whose owner is dead is taken over. The owner
 * marks it every second, for those who can't see from where they are whether its process lives.
 */

import fs from 'node:fs'
import path from 'node:path'
import type { Clock } from '../time/clock'
import { codeOf } from './files'
import { hold, isAlive, lockedBy, readLock, self } from './holder'

/** How often a lock is marked. */
const MARK_MS = 1000
/** What a taker needs for some ms only is left by a dead one after so long. */
const LEFT_MS = 60_000
const TOKEN = /^[0-9a-f]{16}$/

export class Lock {
  readonly #file: string
  readonly #clock: Clock
  readonly #text: string
  readonly #token: string
  #cancel: (() => void) | undefined

  private constructor(file: string, clock: Clock) {
    this.#file = file
    this.#clock = clock
    const holder = self()
    this.#token = holder.token
    this.#text = JSON.stringify(holder)
  }

  /** Takes a lock. Rejects with `ELOCKED` where a live process has it. `lost` is called if it is ever taken away. */
  static async take(file: string, clock: Clock, lost: () => void): Promise<Lock> {
    const lock = new Lock(file, clock)
    for (;;) {
      if (lock.#create()) break
      const found = readLock(file)
      if (found === undefined) continue
      if (await isAlive(file, found)) throw lockedBy(file, found)
      // It took a while to tell: another one may have taken it over.
      if (readLock(file) === found) lock.#takeAway(found)
    }
    hold(lock.#token, true)
    lock.#tidyUp()
    lock.#mark(lost)
    return lock
  }

  /** Throws `ELOCKED` where somebody took it away in the instant that it was taken over from a dead owner. */
  check(): void {
    if (!this.#isOurs()) throw lockedBy(this.#file, readLock(this.#file) ?? '')
  }

  /** Gives the lock back. */
  release(): void {
    this.#cancel?.()
    hold(this.#token, false)
    try {
      if (this.#isOurs()) fs.rmSync(this.#file, { force: true })
    } catch {
      // The next one finds its owner dead.
    }
  }

  // By way of a second name, so that nobody ever reads half a lock.
  #create(): boolean {
    const own = `${this.#file}-${this.#token}`
    fs.writeFileSync(own, this.#text, { mode: 0o600, flag: 'wx' })
    try {
      fs.linkSync(own, this.#file)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      return this.#createPlain()
    } finally {
      fs.rmSync(own, { force: true })
    }
  }

  #createPlain(): boolean {
    try {
      fs.writeFileSync(this.#file, this.#text, { mode: 0o600, flag: 'wx' })
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false
      throw error
    }
  }

  // Two may find the same dead lock. Who then holds the other's fresh one gives it back.
  #takeAway(found: string): void {
    const away = `${this.#file}-${this.#token}`
    try {
      fs.renameSync(this.#file, away)
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      throw error
    }
    try {
      if (readLock(away) !== found) fs.linkSync(away, this.#file)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    } finally {
      fs.rmSync(away, { force: true })
    }
  }

  /** Removes what takers left that were killed as they took it. */
  #tidyUp(): void {
    const folder = path.dirname(this.#file)
    const begin = `${path.basename(this.#file)}-`
    try {
      for (const name of fs.readdirSync(folder)) {
        if (!name.startsWith(begin) || !TOKEN.test(name.slice(begin.length))) continue
        const left = path.join(folder, name)
        // Not that of one who is about to find that we have it.
        if (this.#clock.now() - fs.statSync(left).ctimeMs > LEFT_MS) fs.rmSync(left)
      }
    } catch {
      // They are in nobody's way.
    }
  }

  /** Whether the lock is there and this one. Where that can't be told, it is taken for so. */
  #isOurs(): boolean {
    try {
      const found = readLock(this.#file)
      // Somebody tidied up: nobody else has it.
      return found === undefined ? this.#create() : found === this.#text
    } catch (error) {
      return codeOf(error) !== 'ENOENT'
    }
  }

  #mark(lost: () => void): void {
    this.#cancel = this.#clock.after(MARK_MS, () => {
      if (!this.#isOurs()) return lost()
      try {
        const now = new Date(this.#clock.now())
        fs.utimesSync(this.#file, now, now)
      } catch {
        // The next one may go.
      }
      this.#mark(lost)
    })
  }
}
