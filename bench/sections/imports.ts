/** How long an application waits for a store's package when it starts. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { byTurns } from '../child.js'
import { mapValues, medians, milliseconds, spreadOf, type Table } from '../figures.js'

const PACKAGES = ['lembro', 'memorystore', 'express-lembro', 'express-memfilestore'] as const
const PROGRAM = fileURLToPath(new URL('../requiring.cjs', import.meta.url))

/** ms: to require express-session, which comes first and is the floor; then the package; then to make a store. */
async function required(name: string): Promise<{ session: number; loaded: number; made: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, name])
  return JSON.parse(stdout)
}

export async function run(quick: boolean) {
  const runs = await byTurns(PACKAGES, quick ? 3 : 21, required)
  const sessions = Object.values(runs).flatMap((of) => of.map(({ session }) => session))
  return { by: mapValues(runs, medians), spread: spreadOf(sessions) }
}

export function show({ by, spread }: Awaited<ReturnType<typeof run>>): Table {
  return {
    title: 'Import: `require` in a process that has express-session already',
    note: `Fresh processes by turns. express-session itself takes ${milliseconds(by.lembro.session)} there, the floor of this section.`,
    head: ['', '`require`', 'the first store, after that'],
    rows: PACKAGES.map((name) => [
      ...[name, milliseconds(by[name].loaded), milliseconds(by[name].made)],
    ]),
    spreads: [spread],
  }
}
