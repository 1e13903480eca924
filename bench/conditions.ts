/** The conditions of a run: what the figures were measured on. */

import os from 'node:os'

/** Some sentences for the head of a report. */
export function conditions(quick: boolean): string {
  const cpus = os.cpus().length
  const date = new Date().toISOString().slice(0, 10)
  const [load = 0] = os.loadavg()
  const hasty = quick ? ' This was a quick run: its figures are a first look.' : ''
  return `Node ${process.versions.node} (V8 ${process.versions.v8}) on ${process.platform} ${process.arch}, ${cpus} CPUs, ${date}; ${load.toFixed(1)} processes were busy in the minute before it began.${hasty}`
}
