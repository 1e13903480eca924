/**
 * Who holds a lock, and whether they live. A pid alone does not tell: it may be in use again, as after
 * a restart of a container, where all have the same, and it means something else in another
 * container or on another machine. There, only the marks that a living owner makes can tell.
 */

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { codeOf } from './files'

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

/** Notes whether a lock is held within this thread. */
export function hold(token: string, isHeld: boolean): void {
  if (isHeld) held.add(token)
  else held.delete(token)
}

/** What a lock says; `undefined` where there is none. */
export function readLock(file: string): string | undefined {
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

/** That a lock is taken, and by whom. */
export function lockedBy(file: string, text: string): Error {
  const { pid, host } = holderOf(text) ?? {}
  const who =
    pid === process.pid
      ? 'another store'
      : `process ${pid}${host === os.hostname() ? '' : ` on ${host}`}`
  const message = `saveFile is in use by ${who}: each store needs one of its own (if that is not so, remove ${file})`
  return Object.assign(new Error(message), { code: 'ELOCKED' })
}

/** This process as a holder, anew for each lock. */
export function self(): Holder {
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
export async function isAlive(file: string, text: string): Promise<boolean> {
  const holder = holderOf(text)
  if (holder === undefined || holder.host !== os.hostname()) return isMarked(file, text)
  if (holder.boot !== boot()) return false
  if (holder.space !== space()) return isMarked(file, text)
  if (held.has(holder.token)) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // Another user's: its start can be told all the same.
    if (codeOf(error) !== 'EPERM') return false
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
