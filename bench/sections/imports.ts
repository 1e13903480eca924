/** How long an application waits for a store's package when it starts. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median, milliseconds, percent } from '../figures.js'
import { type Noise, type Spread, spreadOf } from '../noise.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import type { Table } from '../table.js'

/** ms, each in a process of its own. */
interface Import {
  /** To require express-session, which comes first: the floor. */
  readonly session: number
  readonly loaded: number
  /** To make the first store. */
  readonly made: number
}

type Package = (typeof PACKAGES)[number]

export interface ImportFigures extends Spread {
  readonly by: Readonly<Record<Package, Import>>
}

const PACKAGES = ['lembro', 'memorystore', 'express-lembro', 'express-memfilestore'] as const
const PROGRAM = fileURLToPath(new URL('../requiring.cjs', import.meta.url))

export async function imports(
  scale: Scale,
  progress: Progress,
  noise: Noise,
): Promise<ImportFigures> {
  const figures = await noise.quietest(['imports'], () => takeTurnsAt(scale.imports, progress))
  return figures.imports
}

async function takeTurnsAt(rounds: number, progress: Progress): Promise<ImportFigures> {
  const runs = new Map<Package, Import[]>(PACKAGES.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    progress.at(`round ${round + 1}`)
    for (const name of PACKAGES) {
      const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, name])
      runs.get(name)?.push(JSON.parse(stdout))
    }
  }
  const all = (name: Package, figure: keyof Import) =>
    (runs.get(name) ?? []).map((run) => run[figure])
  const by = PACKAGES.map((name) => [
    name,
    {
      session: median(all(name, 'session')),
      loaded: median(all(name, 'loaded')),
      made: median(all(name, 'made')),
    },
  ])
  return {
    by: Object.fromEntries(by) as ImportFigures['by'],
    spread: spreadOf(PACKAGES.flatMap((name) => all(name, 'session'))),
  }
}

export function importTables({ by, spread }: ImportFigures): Table[] {
  return [
    {
      title: 'Import: `require` in a process that has express-session already',
      note: `Fresh processes by turns. express-session itself takes ${milliseconds(by.lembro.session)} there, the floor of this section: its rounds spread by ${percent(spread)}.`,
      head: ['', '`require`', 'the first store, after that'],
      rows: PACKAGES.map((name) => [
        name,
        milliseconds(by[name].loaded),
        milliseconds(by[name].made),
      ]),
    },
  ]
}
