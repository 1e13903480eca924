/** The files of the page. */

import fs from 'node:fs'
import path from 'node:path'

export interface Asset {
  readonly type: string
  readonly body: Buffer
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

export type Assets = ReadonlyMap<string, Asset>

let built: Assets | undefined

/** The files of the page as the build has laid them beside the code, read once. */
export function builtAssets(): Assets {
  built ??= assetsIn(path.join(__dirname, 'page'))
  return built
}

/** The files of a folder by their path below the mount point; `index.html` is `/`. */
export function assetsIn(folder: string): Assets {
  const files = new Map<string, Asset>()
  for (const name of fs.readdirSync(folder)) {
    const type = TYPES[path.extname(name)]
    if (type === undefined) continue
    const body = fs.readFileSync(path.join(folder, name))
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, body })
  }
  return files
}
