/** Which specs cover which file of lib: the one of its name, and those that name it in their first lines. */

import fs from 'node:fs'
import path from 'node:path'

const NAMED = /`([\w/-]+\.m?ts)`/g

/** The TypeScript files below a folder, from the project's root. */
export function sourcesIn(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((found) => {
    const file = path.join(folder, found.name)
    if (found.isDirectory()) return sourcesIn(file)
    return /\.m?ts$/.test(file) && !file.endsWith('.d.ts') ? [file] : []
  })
}

/**
 * The specs of a file of lib: the one of its name, and those of its room that name it in their opening
 * comment, such as: Of `lock.ts` and `claim.ts`.
 */
export function specsOf(file: string): string[] {
  const own = file.replace(/^lib/, 'spec').replace(/\.m?ts$/, '.spec.ts')
  const naming = sourcesIn('spec').filter(
    (spec) => spec !== own && roomOf(spec) === roomOf(file) && names(spec, file),
  )
  return fs.existsSync(own) ? [own, ...naming] : naming
}

/** The first folder below `lib` or `spec`; empty for a file of the top level. */
function roomOf(file: string): string {
  const [, first = '', ...rest] = file.split(path.sep)
  return rest.length === 0 ? '' : first
}

function names(spec: string, file: string): boolean {
  if (!spec.endsWith('.spec.ts')) return false
  const text = fs.readFileSync(spec, 'utf8')
  const opening = text.startsWith('/**') ? text.slice(0, text.indexOf('*/')) : ''
  return [...opening.matchAll(NAMED)].some(([, name]) => file.endsWith(`/${name}`))
}
