/** A SQLite of another version, as an older Node or package has it. */

import fs from 'node:fs'
import { newSaveFile } from './folder'

/** A module that says it is that SQLite. Nothing else can be asked of it. */
export function sqliteOf(version: string): string {
  const file = `${newSaveFile()}.cjs`
  const source = `module.exports = class {
    prepare = () => ({ get: () => ({ version: '${version}' }) })
    close() {}
  }`
  fs.writeFileSync(file, source)
  return file
}

/** The error that says so. */
export function tooOld(file: string, version: string) {
  const message = `saveFile: the SQLite of '${file}' is ${version}; 3.51.3 or later is needed, such as in the package @photostructure/sqlite; sessions are not saved`
  return { code: 'ENOSQLITE', message }
}
