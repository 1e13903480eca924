/** The names of the options, and the nearest of them to an unknown one. */

import type { LembroOptions } from './options'
import { warnOnce } from './warn'

const NAMES: Readonly<Record<keyof LembroOptions, true>> = {
  maxSize: true,
  interval: true,
  checkPeriod: true,
  max: true,
  maxEntrySize: true,
  ttl: true,
  absoluteTtl: true,
  disableTouch: true,
  owner: true,
  client: true,
  maxPerOwner: true,
  onConflict: true,
  dispose: true,
  noDisposeOnSet: true,
  stale: true,
  serializer: true,
  saveFile: true,
  savePeriod: true,
  saveKeys: true,
  database: true,
}

/** The options that every store has. */
export const OPTION_NAMES: readonly string[] = Object.keys(NAMES)

/** The most edits between an unknown name and the one that is suggested, and no more than a third of its letters. */
const MOST_EDITS = 3

/** Warns of the unknown options in one warning, once in a process for the same ones, with the names that were probably meant. */
export function warnOfUnknown(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  const told = unknown.map((name) => {
    const nearest = nearestName(name, known)
    return nearest === undefined ? `'${name}'` : `'${name}' (did you mean '${nearest}'?)`
  })
  const ignored = told.length === 1 ? 'option, which is ignored' : 'options, which are ignored'
  const message = `lembro does not have the ${ignored}: ${told.join(', ')}`
  warnOnce('LEMBRO_UNKNOWN_OPTION', unknown.join(), message)
}

/** The name that differs from `name` only in case, or else in the fewest letters; `undefined` when all differ too much. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  let nearest: string | undefined
  let fewest = Math.min(MOST_EDITS, Math.floor(name.length / 3)) + 1
  for (const each of known) {
    const edits = editsBetween(lower, each.toLowerCase())
    if (edits >= fewest) continue
    nearest = each
    fewest = edits
  }
  return nearest
}

/** How many letters have to be added, left out or replaced: Levenshtein's distance, row by row. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}
