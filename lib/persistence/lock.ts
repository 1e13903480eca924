/**
 * The lock on a save file: one process at a time. A lock whose process is dead is taken over, also
 * where its pid is in use again, as after a restart of a container, where all have the same.
 *
 * The lock's owner marks it every few seconds. Only by that can one tell whether a process lives
 * that can't be seen from here: in another container, on another machine.
 */

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock'
import { codeOf } from './files'

/** How often a lock is marked. */
const MARK_MS = 1000
/** Without a mark for so long, a lock's owner is taken for dead. */
const DEAD_MS = 5000
const LOOK_MS = 250

/** Who holds a lock. */
interface Holder {
  readonly pid: number
  /** When the process started, in whatever unit; tells it from a later one of the same pid. */
  readonly started: string
  readonly host: string
  /** The boot of the machine and the namespace that the pid belongs to, where the system tells. */
  readonly boot: string
  readonly space: string
  readonly token: string
}

// For all copies of this file in the process.
const HELD = Symbol.for('lembro.locks')
const everywhere = globalThis as { [HELD]?: Set<string> }
everywhere[HELD] ??= new Set()
const held = everywhere[HELD]

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
      lock.#takeAway(found)
    }
    held.add(lock.#token)
    lock.#mark(lost)
    return lock
  }

  /** Gives the lock back. */
  release(): void {
    this.#cancel?.()
    held.delete(this.#token)
    if (this.#isOurs()) fs.rmSync(this.#file, { force: true })
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

  #isOurs(): boolean {
    return readLock(this.#file) === this.#text
  }

  #mark(lost: () => void): void {
    this.#cancel = this.#clock.after(MARK_MS, () => {
      if (!this.#isOurs()) return lost()
      try {
        const now = new Date()
        fs.utimesSync(this.#file, now, now)
      } catch {}
      this.#mark(lost)
    })
  }
}

function readLock(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function holderOf(text: string): Holder | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function lockedBy(file: string, text: string): Error {
  const { pid, host } = holderOf(text) ?? {}
  const who =
    pid === process.pid
      ? 'another store'
      : `process ${pid}${host === os.hostname() ? '' : ` on ${host}`}`
  const message = `saveFile is in use by ${who}: each store needs one of its own (if that is not so, remove ${file})`
  return Object.assign(new Error(message), { code: 'ELOCKED' })
}

function self(): Holder {
  const { pid } = process
  const token = randomBytes(8).toString('hex')
  return {
    pid,
    started: startOf(pid) ?? '',
    host: os.hostname(),
    boot: boot(),
    space: space(),
    token,
  }
}

/** Whether a lock's owner lives. Takes some seconds where only its marks can tell. */
async function isAlive(file: string, text: string): Promise<boolean> {
  const holder = holderOf(text)
  if (holder === undefined || holder.host !== os.hostname()) return isMarked(file, text)
  if (holder.boot !== boot()) return false
  if (holder.space !== space()) return isMarked(file, text)
  if (held.has(holder.token)) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
  const started = startOf(holder.pid)
  if (started !== undefined) return started === holder.started
  // Where starts can't be told, as little may be taken for dead as can be: only ourselves.
  return holder.pid !== process.pid
}

/** Watches whether a lock is marked, replaced or gone, which all are signs of life. */
async function isMarked(file: string, text: string): Promise<boolean> {
  const before = markOf(file)
  for (let waited = 0; waited < DEAD_MS; waited += LOOK_MS) {
    await pause(LOOK_MS)
    if (markOf(file) !== before || readLock(file) !== text) return true
  }
  return false
}

function markOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs
}

/** When a process started, by the system's own word; `undefined` where it doesn't tell. */
function startOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in brackets, may hold spaces.
    return stat.slice(stat.lastIndexOf(')')).split(' ')[20]
  } catch {
    return undefined
  }
}

function boot(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return ''
  }
}

function space(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
