/** The sections of the bench, in their order: how each is run, and the tables of what came of it. */

import { Noise } from './noise.js'
import type { Progress } from './progress.js'
import type { Scale } from './scale.js'
import { floods, floodTables } from './sections/floods.js'
import { growth, growthTables } from './sections/growth.js'
import { http, httpTables } from './sections/http.js'
import { imports, importTables } from './sections/imports.js'
import { memory, memoryTables } from './sections/memory.js'
import { operations, operationTables } from './sections/operations.js'
import { persistence } from './sections/persistence.js'
import { persistenceTables } from './sections/persistence-tables.js'
import { races, raceTables } from './sections/races.js'
import { redis, redisTables } from './sections/redis.js'
import { restarts, restartTables } from './sections/restarts.js'
import { stalls, stallTables } from './sections/stalls.js'
import type { Table } from './table.js'

interface Section<Figures> {
  run(scale: Scale, progress: Progress, noise: Noise): Promise<Figures>
  tables(figures: Figures): Table[]
}

export const SECTIONS = {
  operations: section(operations, operationTables),
  growth: section(growth, growthTables),
  memory: section(memory, memoryTables),
  stalls: section(stalls, stallTables),
  floods: section(floods, floodTables),
  races: section(races, raceTables),
  persistence: section(persistence, persistenceTables),
  restarts: section(restarts, restartTables),
  imports: section(imports, importTables),
  http: section(http, httpTables),
  redis: section(redis, redisTables),
}

type Sections = typeof SECTIONS
export type SectionName = keyof Sections
/** What came of each section that was run. */
export type Results = { [Name in SectionName]?: Awaited<ReturnType<Sections[Name]['run']>> }

/** Runs a section into the results. Gives its tables, and how noisy it was. */
export async function runSection<Name extends SectionName>(
  name: Name,
  results: Results,
  scale: Scale,
  progress: Progress,
): Promise<{ tables: Table[]; noise: Noise }> {
  const { run, tables } = SECTIONS[name] as unknown as Section<Results[Name]>
  const noise = new Noise(scale.timesAgain)
  progress.begin(name)
  const figures = await run(scale, progress, noise)
  progress.clear()
  results[name] = figures
  return { tables: tables(figures), noise }
}

function section<Figures>(
  run: Section<Figures>['run'],
  tables: Section<Figures>['tables'],
): Section<Figures> {
  return { run, tables }
}
