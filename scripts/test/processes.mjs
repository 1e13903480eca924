/** The processes that a spec started, found on Linux by a mark in their environment. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'

const PROC = '/proc'

export function processesWith(mark) {
  if (!existsSync(`${PROC}/self/environ`)) return []
  const variable = `LEMBRO_SPEC=${mark}`
  return readdirSync(PROC)
    .filter((name) => /^\d+$/.test(name) && read(name, 'environ').split('\0').includes(variable))
    .map((name) => ({ pid: Number(name), command: read(name, 'cmdline').replaceAll('\0', ' ') }))
}

/** Ends them, and gives their commands. */
export function endAll(mark) {
  const found = processesWith(mark)
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
  return found.map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`)
}

function read(pid, name) {
  try {
    return readFileSync(`${PROC}/${pid}/${name}`, 'latin1')
  } catch {
    return ''
  }
}
