/** The questions that the bench answers, each with a file of its own, in the order of the report. */

import * as floods from './sections/floods.js'
import * as growth from './sections/growth.js'
import * as http from './sections/http.js'
import * as imports from './sections/imports.js'
import * as memory from './sections/memory.js'
import * as operations from './sections/operations.js'
import * as processes from './sections/processes.js'
import * as races from './sections/races.js'
import * as saving from './sections/saving.js'
import * as stalls from './sections/stalls.js'

/** Each has `run`, which measures, and `show`, which makes a table or several of what was measured. */
export const SECTIONS = {
  operations,
  growth,
  memory,
  stalls,
  floods,
  races,
  saving,
  imports,
  http,
  processes,
}

export type SectionName = keyof typeof SECTIONS
export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[]

/** What came of the sections that were run. */
export type Results = {
  readonly [Name in SectionName]?: Awaited<ReturnType<(typeof SECTIONS)[Name]['run']>>
}
