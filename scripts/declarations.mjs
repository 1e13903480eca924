/** The declarations that are published: those of the public names, and those that they are made of. */

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Removes from a folder the declarations that none of these files leads to. */
export function pruneDeclarations(folder, files) {
  const needed = new Set()
  for (const file of files) addNeeded(file, needed)
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name)
    if (/\.d\.m?ts$/.test(name) && !needed.has(file)) rmSync(file)
  }
}

function addNeeded(file, needed) {
  if (needed.has(file)) return
  needed.add(file)
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)) {
    const target = resolve(dirname(file), name.replace(/\.js$/, ''))
    const found = [`${target}.d.ts`, `${target}/index.d.ts`].find((each) => existsSync(each))
    addNeeded(found, needed)
  }
}
