/** A folder of a spec's own, gone when the spec is over. */

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after } from 'node:test'

const made: string[] = []

after(() => {
  for (const folder of made) fs.rmSync(folder, { recursive: true, force: true })
})

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lembro-'))
  made.push(folder)
  return folder
}

/** The path of a save file in a folder of its own. */
export function newSaveFile(): string {
  return path.join(newFolder(), 'sessions')
}

/** What the names in the folder of a save file have after its own, without that of the WAL. */
export function othersBeside(saveFile: string): string[] {
  const base = path.basename(saveFile)
  return fs
    .readdirSync(path.dirname(saveFile))
    .map((name) => name.slice(base.length))
    .filter((part) => part !== '' && part !== '-wal')
    .sort()
}
