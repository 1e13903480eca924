/** The sections of the bench, in their order: how each is run, and the tables of what came of it. */

import type { Progress } from './progress.js'
import type { Scale } from './scale.js'
import { floods, floodTables } from './sections/floods.js'
import { growth, growthTables } from './sections/growth.js'
import { http, httpTables } from './sections/http.js'
import { memory, memoryTables } from './sections/memory.js'
import { operations, operationTables } from './sections/operations.js'
import { persistence } from './sections/persistence.js'
import { persistenceTables } from './sections/persistence-tables.js'
import { races, raceTables } from './sections/races.js'
import { redis, redisTables } from './sections/redis.js'
import { stalls, stallTables } from './sections/stalls.js'
import type { Table } from './table.js'

interface Section<Figures> {
  run(scale: Scale, progress: Progress): Promise<Figures>
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
  http: section(http, httpTables),
  redis: section(redis, redisTables),
}

type Sections = typeof SECTIONS
export type SectionName = keyof Sections
/** What came of each section that was run. */
export type Results = { [Name in SectionName]?: Awaited<ReturnType<Sections[Name]['run']>> }

/** Runs a section into the results and gives its tables. */
export async function runSection<Name extends SectionName>(
  name: Name,
  results: Results,
  scale: Scale,
  progress: Progress,
): Promise<Table[]> {
  const { run, tables } = SECTIONS[name] as unknown as Section<Results[Name]>
  progress.begin(name)
  const figures = await run(scale, progress)
  progress.clear()
  results[name] = figures
  return tables(figures)
}

function section<Figures>(
  run: Section<Figures>['run'],
  tables: Section<Figures>['tables'],
): Section<Figures> {
  return { run, tables }
}
