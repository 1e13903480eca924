/** Several processes that serve the shop together: the primary starts them, and closes them when it is told to. */

import cluster from 'node:cluster'
import type { AddressInfo } from 'node:net'
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

/** Lets a worker end, whose channel to the primary would keep it alive. */
export function leave(): void {
  if (cluster.isWorker) process.disconnect()
}

/** Starts the workers and gives the port that all of them listen on. Rejects when one of them can't serve. */
export function startWorkers(count: number): Promise<number> {
  // One secret for all: the cookie that one has signed comes back to another.
  const env = { SESSION_SECRET: secretFor(undefined) }
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
export function workersText(count: number, redis: string | undefined): string {
  const where = redis === undefined ? 'each with sessions of its own' : 'sessions shared in Redis'
  return `${counted(count, 'worker')}, ${where}; the X-Worker header says which one answers`
}
