/** The conditions of a run: what the figures were measured on. */

import os from 'node:os'

/** One sentence for the head of a report. */
export function conditions(quick: boolean): string {
  const cpus = os.cpus()
  const date = new Date().toISOString().slice(0, 10)
  const hasty = quick ? ' This was a quick run: its figures are a first look.' : ''
  return `Node ${process.versions.node} (V8 ${process.versions.v8}) on ${process.platform} ${process.arch}, ${cpus.length} CPUs, ${date}.${hasty}`
}
