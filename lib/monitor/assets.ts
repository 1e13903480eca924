/** The files of the page, as the build has laid them beside this one. */

import fs from 'node:fs'
import path from 'node:path'

export interface Asset {
  readonly type: string
  readonly body: Buffer
}

const FOLDER = path.join(__dirname, 'page')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

let loaded: ReadonlyMap<string, Asset> | undefined

/** The files by their path below the mount point; the page itself is `/`. */
export function assets(): ReadonlyMap<string, Asset> {
  loaded ??= load()
  return loaded
}

function load(): ReadonlyMap<string, Asset> {
  const files = new Map<string, Asset>()
  for (const name of fs.readdirSync(FOLDER)) {
    const type = TYPES[path.extname(name)]
    if (type === undefined) continue
    const body = fs.readFileSync(path.join(FOLDER, name))
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, body })
  }
  return files
}
