/** How long an application waits for a store's package when it starts. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { byTurns } from '../child.js'
import { median, milliseconds, spreadOf, type Table } from '../figures.js'

/** ms, each in a process of its own. */
interface Import {
  /** To require express-session, which comes first: the floor. */
  readonly session: number
  readonly loaded: number
  /** To make the first store. */
  readonly made: number
}

export interface ImportFigures {
  readonly by: Readonly<Record<(typeof PACKAGES)[number], Import>>
  readonly spread: number
}

const PACKAGES = ['lembro', 'memorystore', 'express-lembro', 'express-memfilestore'] as const
const PROGRAM = fileURLToPath(new URL('../requiring.cjs', import.meta.url))

export async function run(quick: boolean): Promise<ImportFigures> {
  const runs = await byTurns(PACKAGES, quick ? 5 : 21, async (name): Promise<Import> => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, name])
    return JSON.parse(stdout)
  })
  const middle = (name: (typeof PACKAGES)[number], figure: keyof Import) =>
    median(runs[name].map((run) => run[figure]))
  const by = PACKAGES.map((name) => [
    name,
    {
      session: middle(name, 'session'),
      loaded: middle(name, 'loaded'),
      made: middle(name, 'made'),
    },
  ])
  return {
    by: Object.fromEntries(by),
    spread: spreadOf(Object.values(runs).flatMap((of) => of.map(({ session }) => session))),
  }
}

export function tables({ by, spread }: ImportFigures): Table[] {
  return [
    {
      title: 'Import: `require` in a process that has express-session already',
      note: `Fresh processes by turns. express-session itself takes ${milliseconds(by.lembro.session)} there, the floor of this section.`,
      head: ['', '`require`', 'the first store, after that'],
      rows: PACKAGES.map((name) => [
        ...[name, milliseconds(by[name].loaded), milliseconds(by[name].made)],
      ]),
      spreads: [spread],
    },
  ]
}
