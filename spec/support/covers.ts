/** Which specs cover which file of lib: the one of its name, and those that name it in their first lines. */

import fs from 'node:fs'
import path from 'node:path'

const COVERS = /\blib\/[\w./-]+\.ts\b/g

/** The TypeScript files below a folder, from the project's root. */
export function sourcesIn(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((found) => {
    const file = path.join(folder, found.name)
    if (found.isDirectory()) return sourcesIn(file)
    return /\.m?ts$/.test(file) && !file.endsWith('.d.ts') ? [file] : []
  })
}

/** The specs of a file of lib. A spec that covers other files than its namesake says so in its opening comment: `/** Covers lib/…`. */
export function specsOf(file: string, root = '.'): string[] {
  const own = file.replace(/^lib/, 'spec').replace(/\.m?ts$/, '.spec.ts')
  const naming = sourcesIn(path.join(root, 'spec'))
    .filter((spec) => spec.endsWith('.spec.ts'))
    .map((spec) => path.relative(root, spec))
    .filter((spec) => spec !== own && coveredBy(path.join(root, spec)).includes(file))
  return fs.existsSync(path.join(root, own)) ? [own, ...naming] : naming
}

function coveredBy(spec: string): string[] {
  const text = fs.readFileSync(spec, 'utf8')
  const opening = text.startsWith('/**') ? text.slice(0, text.indexOf('*/')) : ''
  return opening.match(COVERS) ?? []
}
