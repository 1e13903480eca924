/** The files of the page. */

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

/** The page as the build has written it beside this code: a module, so that it goes into an application's bundle. */
export function builtAssets(): Assets {
  built ??= assetsOf(require('./page.js'))
  return built
}

/** Files, their texts by their names, as they are served below the mount point; `index.html` is `/`. */
export function assetsOf(texts: Readonly<Record<string, string>>): Assets {
  const files = new Map<string, Asset>()
  for (const [name, text] of Object.entries(texts)) {
    const type = TYPES[path.extname(name)] ?? 'text/plain; charset=utf-8'
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, body: Buffer.from(text) })
  }
  return files
}
