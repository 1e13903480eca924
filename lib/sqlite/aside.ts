/** Owns what becomes of a file that can't be used as it is: it is set aside, and what can be read of it is kept. */

import fs from 'node:fs'
import path from 'node:path'
import { type Columns, codeOf, type Engine, isDamage } from './engine'
import { RESCUED, SessionFile } from './file'
import type { KeyRing } from './keys'
import { Reading } from './reading'
import { rowOf } from './rows'

const MOST_KEPT = 8
const DAY = 86_400_000
const MOST_AGE = 30 * DAY

/** What a start came upon, that the application is told. */
export interface Finding {
  readonly code: string
  readonly message: string
}

/** Gives a file, which nobody has open here, a name with that word in it, and its WAL as well. Gives the new name. */
export function setAside(file: string, word: string): string {
  removeOld(file)
  const aside = `${file}.${word}-${new Date().toISOString().replace(/[:.]/g, '-')}`
  // The WAL first: left behind, it would be taken for the next file's.
  if (fs.existsSync(`${file}-wal`)) fs.renameSync(`${file}-wal`, `${aside}-wal`)
  for (const part of ['journal', 'shm']) fs.rmSync(`${file}-${part}`, { force: true })
  fs.renameSync(file, aside)
  return aside
}

/**
 * Sets a file aside that could not be opened since a later version of lembro wrote it, and gives what to
 * tell of it; gives nothing for one that is damaged, which stays. Throws any other error again.
 */
export function setNewerAside(file: string, error: unknown): Finding | undefined {
  if (codeOf(error) === 'ESAVEVERSION') {
    const aside = setAside(file, 'newer')
    const message = `saveFile: '${file}' was written by a later version of lembro; it is kept as '${aside}'`
    return { code: 'ESAVEVERSION', message }
  }
  if (!isDamage(error)) throw error
  return undefined
}

/** What to tell of sessions that none of the keys opens: nothing if there are none. */
export function findingsOfUnread(file: string, unread: number): Finding[] {
  if (unread === 0) return []
  const message = `saveFile: none of saveKeys opens ${unread} of the sessions in '${file}'; they stay there until their key is given again`
  return [{ code: 'ESAVEKEY', message }]
}

/** The files that were set aside. */
export function asideOf(file: string): string[] {
  const folder = path.dirname(file)
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(`${path.basename(file)}.`))
  return names
    .filter((name) => /\.(damaged|newer|imported)/.test(name) && !name.endsWith('-wal'))
    .map((name) => path.join(folder, name))
}

/** Sets a damaged file aside and puts another in its place, with all rows that can be read of it. Closes `file`. Gives the name of what was set aside. */
export function rescue(
  engine: Engine,
  name: string,
  file: SessionFile,
  keys: KeyRing | undefined,
  mostBytes: number,
): string {
  const fresh = name + RESCUED
  for (const each of [fresh, `${fresh}-wal`]) fs.rmSync(each, { force: true })
  const rescued = new SessionFile(engine, fresh, keys)
  try {
    rescued.begin()
    const reading = new Reading(file.database, keys, mostBytes)
    for (const row of reading.rows()) rescued.put(row)
    rescued.commit()
    for (const columns of foreignRows(file, keys)) {
      const names = Object.keys(columns)
      const marks = names.map(() => '?').join()
      rescued.database
        .prepare(`INSERT OR REPLACE INTO sessions (${names.join()}) VALUES (${marks})`)
        .run(...Object.values(columns))
    }
    rescued.checkpoint('TRUNCATE')
  } finally {
    rescued.close()
    file.close()
  }
  const aside = setAside(name, 'damaged')
  fs.renameSync(fresh, name)
  return aside
}

/** The rows under keys that are not there. */
function foreignRows(file: SessionFile, keys: KeyRing | undefined): Columns[] {
  try {
    const rows = file.database.prepare('SELECT * FROM sessions WHERE key_id IS NOT NULL').all()
    return (rows as Columns[]).filter((columns) => rowOf(columns, keys) === 'unread')
  } catch {
    return []
  }
}

function removeOld(file: string): void {
  const old = asideOf(file)
    .filter((name) => name.includes('.damaged-'))
    .map((name) => ({ name, changed: fs.statSync(name).mtimeMs }))
    .sort((a, b) => b.changed - a.changed)
  old.forEach(({ name, changed }, nth) => {
    if (nth < MOST_KEPT - 1 && Date.now() - changed < MOST_AGE) return
    for (const each of [name, `${name}-wal`]) fs.rmSync(each, { force: true })
  })
}
