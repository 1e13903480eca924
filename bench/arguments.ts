/** What `npm run bench` was asked for. */

import { parseArgs } from 'node:util'
import { SECTIONS, type SectionName } from './sections.js'

export interface Asked {
  readonly quick: boolean
  readonly sections: readonly SectionName[]
}

export const USAGE = `npm run bench                      everything, in about half an hour
npm run bench -- --quick           everything, smaller, in about two minutes
npm run bench -- --only SECTION    one of: ${Object.keys(SECTIONS).join(', ')}`

/** Reads the arguments; `--only` may come again. Throws an `Error` that says what is not known. */
export function parseArguments(given: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...given],
    options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true } },
  })
  const only = values.only ?? Object.keys(SECTIONS)
  const unknown = only.find((name) => !(name in SECTIONS))
  if (unknown !== undefined) throw new Error(`there is no section '${unknown}'`)
  return { quick: values.quick === true, sections: only as SectionName[] }
}
