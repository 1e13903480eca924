/**
 * Owns the question who holds a lock and whether they live. A pid tells that only within the same
 * boot of the same machine and the same namespace, and only together with the instant the process
 * started, since a pid is used again. In all other cases the heartbeats of the lock must tell.
 */

import { randomBytes } from 'node:crypto'
import os from 'node:os'
import type { Clock } from '../../clock'
import { coded } from '../../settings/check'
import { codeOf, type Files } from './files'

/** An owner whose lock had no heartbeat for so long is taken for dead. */
export const DEAD_MS = 5000
const LOOK_MS = 250

/** Who holds a lock, as the lock says it. */
export interface LockOwner {
  readonly pid: number
  /** When the process started, in the system's own unit; empty if that is not known. */
  readonly started: string
  readonly host: string
  /** The boot of the machine and the namespace of the pid; empty if the system does not tell. */
  readonly boot: string
  readonly space: string
  readonly token: string
}

// For all copies of this file in the thread.
const HELD = Symbol.for('lembro.locks')
const everywhere = globalThis as { [HELD]?: Set<string> }
everywhere[HELD] ??= new Set()
const held = everywhere[HELD]

/** Notes whether a store of this thread holds the lock with that token. */
export function noteHeld(token: string, isHeld: boolean): void {
  if (isHeld) held.add(token)
  else held.delete(token)
}

/** This process as the owner of a lock, with a new token. */
export async function self(files: Files): Promise<LockOwner> {
  const started = await startOf(files, process.pid)
  return {
    pid: process.pid,
    started: typeof started === 'string' ? started : '',
    host: os.hostname(),
    boot: await bootOf(files),
    space: await spaceOf(files),
    token: randomBytes(8).toString('hex'),
  }
}

/** That a lock is taken, and by whom. */
export function lockedBy(file: string, text: string): Error {
  const { pid, host } = ownerIn(text) ?? {}
  const elsewhere = host === undefined || host === os.hostname() ? '' : ` on ${host}`
  const other = pid === undefined ? 'another process' : `process ${pid}${elsewhere}`
  const who = pid === process.pid ? 'another store' : other
  const message = `saveFile is in use by ${who}: each store needs one of its own (if that is not so, remove ${file})`
  return coded('ELOCKED', message)
}

/** Whether the owner that a lock names lives. Takes some seconds if only heartbeats can tell. */
export async function isAlive(
  files: Files,
  clock: Clock,
  file: string,
  text: string,
): Promise<boolean> {
  const owner = ownerIn(text)
  if (owner === undefined || !(await isOfHere(files, owner))) return beats(files, clock, file, text)
  if (held.has(owner.token)) return true
  const started = await startOf(files, owner.pid)
  if (started === 'dead' || !isRunning(owner.pid)) return false
  if (started !== undefined && started !== owner.started) return false
  // Perhaps another thread of this process, which may be over.
  if (owner.pid === process.pid) return beats(files, clock, file, text)
  return true
}

async function isOfHere(files: Files, owner: LockOwner): Promise<boolean> {
  if (owner.host !== os.hostname()) return false
  return owner.boot === (await bootOf(files)) && owner.space === (await spaceOf(files))
}

function ownerIn(text: string): LockOwner | undefined {
  try {
    const owner: unknown = JSON.parse(text)
    const isOwner = typeof owner === 'object' && owner !== null && 'pid' in owner
    return isOwner ? (owner as LockOwner) : undefined
  } catch {
    return undefined
  }
}

/** Watches whether a lock has a heartbeat, is replaced or goes, which all are signs of life. */
async function beats(files: Files, clock: Clock, file: string, text: string): Promise<boolean> {
  const before = (await files.info(file))?.changed
  for (let waited = 0; waited < DEAD_MS; waited += LOOK_MS) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve, true))
    const changed = (await files.info(file))?.changed
    if (changed !== before || (await files.text(file)) !== text) return true
  }
  return false
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process of another user.
    return codeOf(error) === 'EPERM'
  }
}

/** When a process started; `'dead'` for one that only waits to be reaped; `undefined` if the system does not tell. */
async function startOf(files: Files, pid: number): Promise<string | 'dead' | undefined> {
  const stat = await told(files.text(`/proc/${pid}/stat`))
  if (stat === undefined) return undefined
  // The name, in brackets, may hold spaces.
  const [, state = '', ...fields] = stat.slice(stat.lastIndexOf(')')).split(' ')
  return /^[ZX]/.test(state) ? 'dead' : fields[18]
}

async function bootOf(files: Files): Promise<string> {
  return (await told(files.text('/proc/sys/kernel/random/boot_id')))?.trim() ?? ''
}

async function spaceOf(files: Files): Promise<string> {
  return (await told(files.target('/proc/self/ns/pid'))) ?? ''
}

async function told<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked
  } catch {
    return undefined
  }
}
