/**
 * Owns how a file is opened in a worker: one that can't be used makes way for another, what can be read of a
 * damaged one is kept, and what was found is told.
 */

import fs from 'node:fs'
import path from 'node:path'
import { type Columns, codeOf, type Database, type Engine, isDamage } from './engine'
import { RESCUED, SessionFile } from './file'
import { KeyRing } from './keys'
import type { FileTask } from './link'
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

/** What is known once a file is open. */
export interface Found {
  readonly findings: Finding[]
  /** Places in a file that could not be read. */
  damaged: number
  /** Sessions that none of the keys opens. */
  unread: number
}

export class Opening {
  found: Found = { findings: [], damaged: 0, unread: 0 }
  readonly keys: KeyRing | undefined
  readonly #engine: Engine
  readonly #file: string
  readonly #mostBytes: number
  readonly #isShared: boolean

  /** `isShared`: by several processes. */
  constructor(engine: Engine, { file, keys, mostBytes }: FileTask, isShared = false) {
    this.#engine = engine
    this.#file = file
    this.#mostBytes = mostBytes
    this.#isShared = isShared
    this.keys = keys === undefined ? undefined : new KeyRing(keys)
  }

  /**
   * Opens the file. One that SQLite can't read, or of a later version, is set aside first, unless `takes` takes it
   * away for what it is. Throws if it is another's, in use, or the disk fails.
   */
  open(takes = () => false): SessionFile {
    try {
      return this.#open()
    } catch (error) {
      if (codeOf(error) === 'ESAVEVERSION') {
        const aside = setAside(this.#file, 'newer')
        const message = `saveFile: '${this.#file}' was written by a later version of lembro; it is kept as '${aside}'`
        this.tell('ESAVEVERSION', message)
      } else if (!isDamage(error)) throw error
      else if (!takes()) this.#tellDamage(1, setAside(this.#file, 'damaged'))
      return this.#open()
    }
  }

  /** Reads the sessions of the file. */
  read({ database }: { database: Database }): Reading {
    return new Reading(database, this.keys, this.#mostBytes)
  }

  /** To be called with what was read of all the file; gives the file as it is from then on: another one if that was damaged. */
  hasRead(file: SessionFile, { damaged, unread }: Reading): SessionFile {
    this.found.unread = unread
    const message = `saveFile: none of saveKeys opens ${unread} of the sessions in '${this.#file}'; they stay there until their key is given again`
    if (unread > 0) this.tell('ESAVEKEY', message)
    if (damaged === 0) return file
    this.mend(file, damaged)
    return this.#open()
  }

  /** Closes a file in which so many places are damaged, sets it aside, and puts another in its place, with all that can be read of it. */
  mend(file: SessionFile, damaged: number): void {
    const fresh = this.#file + RESCUED
    for (const each of [fresh, `${fresh}-wal`]) fs.rmSync(each, { force: true })
    const rescued = new SessionFile(this.#engine, fresh, this.keys)
    try {
      rescued.write(() => {
        for (const row of this.read(file).rows()) rescued.put(row)
      })
      for (const columns of this.#foreignRows(file)) rescued.copy(columns)
      rescued.checkpoint('TRUNCATE')
    } finally {
      rescued.close()
      file.close()
    }
    this.#tellDamage(damaged, setAside(this.#file, 'damaged'))
    fs.renameSync(fresh, this.#file)
  }

  /** Has something told to the application. */
  tell(code: string, message: string): void {
    this.found.findings.push({ code, message })
  }

  #open(): SessionFile {
    return new SessionFile(this.#engine, this.#file, this.keys, this.#isShared)
  }

  /** The rows under keys that are not there. */
  #foreignRows({ database }: SessionFile): Columns[] {
    try {
      const rows = database.prepare('SELECT * FROM sessions WHERE key_id IS NOT NULL').all()
      return (rows as Columns[]).filter((columns) => rowOf(columns, this.keys) === 'unread')
    } catch {
      return []
    }
  }

  #tellDamage(damaged: number, aside: string): void {
    const message = `saveFile: '${this.#file}' is damaged, in ${damaged} ${damaged === 1 ? 'place' : 'places'}: what can be read of it is kept, and it is set aside as '${aside}'`
    this.tell('ESAVEDAMAGED', message)
    this.found.damaged += damaged
  }
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

/** The files that were set aside. */
export function asideOf(file: string): string[] {
  const folder = path.dirname(file)
  const names = fs.readdirSync(folder).filter((name) => name.startsWith(`${path.basename(file)}.`))
  return names
    .filter((name) => /\.(damaged|newer|imported)/.test(name) && !name.endsWith('-wal'))
    .map((name) => path.join(folder, name))
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
