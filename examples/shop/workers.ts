/** Several processes that serve the shop together: the primary starts them, and closes them when it is told to. */

import cluster from 'node:cluster'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ShopArguments } from './arguments'
import { counted } from './figures'
import { secretFor } from './secret'

/** Whether this process is the one that starts the others. */
export function isPrimary(workers: number): boolean {
  return workers > 0 && cluster.isPrimary
}

/** The number of this process among the workers; `undefined` if it serves the shop alone. */
export function workerNumber(): number | undefined {
  return cluster.worker?.id
}

/** The file that this process shares with the other workers, if it does. */
export function sharedFile(): string | undefined {
  return process.env.SHARED_FILE
}

/** A file for the workers to share: the one that was given, or one that is gone with the shop. `undefined` where they have Redis, or no SQLite. */
export function newSharedFile({ redis, save }: ShopArguments): string | undefined {
  if (redis !== undefined || !hasSqlite()) return undefined
  return save ?? join(mkdtempSync(join(tmpdir(), 'lembro-shop-')), 'sessions.db')
}

/** Removes a file that is gone with the shop. */
export function removeSharedFile(file: string | undefined, { save }: ShopArguments): void {
  if (file !== undefined && save === undefined) rmSync(dirname(file), { recursive: true })
}

function hasSqlite(): boolean {
  if (isBuiltin('node:sqlite')) return true
  try {
    createRequire(__filename).resolve('@photostructure/sqlite')
    return true
  } catch {
    return false
  }
}

/** Lets a worker end, whose channel to the primary would keep it alive. */
export function leave(): void {
  if (cluster.isWorker) process.disconnect()
}

/** Starts the workers, with a file to share if there is one, and gives the port that all of them listen on. Rejects when one of them can't serve. */
export function startWorkers(count: number, file: string | undefined): Promise<number> {
  // One secret for all: the cookie that one has signed comes back to another.
  const secret = { SESSION_SECRET: secretFor(undefined) }
  const env = file === undefined ? secret : { ...secret, SHARED_FILE: file }
  return new Promise((resolve, reject) => {
    let listening = 0
    cluster.on('listening', (_worker, { port }: AddressInfo) => {
      if (++listening === count) resolve(port)
    })
    cluster.on('exit', (worker, code) => {
      if (code !== 0) reject(new Error(`worker ${worker.id} ended with ${code}`))
    })
    for (let i = 0; i < count; i++) cluster.fork(env)
  })
}

/** Lets the workers end what they are at, and end. */
export async function stopWorkers(): Promise<void> {
  const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve) => {
          worker.once('exit', () => resolve())
          worker.process.kill('SIGTERM')
        }),
    ),
  )
}

/** What the primary says once they serve. */
export function workersText(
  count: number,
  { redis, save }: ShopArguments,
  file: string | undefined,
): string {
  const inFile = save === undefined ? 'sessions shared in a file' : `sessions shared in ${save}`
  const alone = 'each with sessions of its own, since this Node has no SQLite'
  const where = redis !== undefined ? 'sessions shared in Redis' : file ? inFile : alone
  return `${counted(count, 'worker')}, ${where}; the X-Worker header says which one answers`
}
