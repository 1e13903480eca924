/** The warning of a store in memory whose process is one of several: each has its own sessions, and any of them may get a visitor's next request. */

import type * as Cluster from 'node:cluster'
import { warnOnce } from './warn'

/** Warns once if this process is one of several that serve the same site. */
export function warnOfWorker(env: NodeJS.ProcessEnv = process.env): void {
  if (!isOneOfSeveral(env)) return
  const message =
    "sessions are in this process' memory, and it is one of several (node:cluster, or pm2): visitors are signed in with one and unknown to the others. Share the sessions through Redis, with Lembro from 'lembro/redis', or run one process"
  warnOnce('LEMBRO_WORKER', '', message)
}

function isOneOfSeveral({ NODE_APP_INSTANCE: instance }: NodeJS.ProcessEnv): boolean {
  // pm2 numbers the processes of an application from 0.
  if (Number(instance) > 0) return true
  // A worker has a channel to its primary: without one there is no need to load node:cluster.
  if (process.send === undefined) return false
  return (require('node:cluster') as typeof Cluster.default).isWorker
}
