/**
 * Owns a file of sessions while it is open: how it is made, locked, checked, written and brought to
 * the disk. Synchronous, so it belongs into a worker.
 *
 * The lock is SQLite's own, held as long as the connection, unless several processes share the file: the
 * system takes it back from a process that dies. It is lost if anything in this process opens and closes the file or its `-shm` by `fs`;
 * the `-wal` is harmless.
 */

import fs from 'node:fs'
import path from 'node:path'
import { coded } from '../settings/check'
import { type Columns, codeOf, type Database, type Engine, type Statement } from './engine'
import type { KeyRing } from './keys'
import { type Row, SCHEMA, type Times, touchValuesOf, valuesOf } from './rows'

/** "lmbr", in the header of the file. */
const APPLICATION = 0x6c6d6272
/** In the header: rows may be plain; or all of them are sealed. A later number is a later version's. */
const PLAIN = 1
const SEALED = 2
/** 64 sessions at random are on 64 pages: small ones make the WAL a quarter as long. */
const PAGE_BYTES = 512
/** Added to the name of a file while what can be read of it is gathered. */
export const RESCUED = '.rescued'
const CACHE_KIB = 16 * 1024

export class SessionFile {
  readonly database: Database
  readonly #file: string
  readonly #keys: KeyRing | undefined
  readonly #isShared: boolean
  readonly #put: Statement
  readonly #touch: Statement
  readonly #removeTouch: Statement
  readonly #remove: Statement
  #inode = 0
  #wal: number | undefined

  /**
   * Opens a file, which is made if there is none. Throws with the code `ELOCKED` if another process
   * has it, `ESAVEDAMAGED` if it is none that SQLite can read, `ESAVEVERSION` or `ESAVEFOREIGN` if it is
   * another's, and the system's code if the disk fails. `isShared`: others may have it open as well, and
   * only what is begun locks it.
   */
  constructor(engine: Engine, file: string, keys: KeyRing | undefined, isShared = false) {
    this.#file = file
    this.#keys = keys
    this.#isShared = isShared
    make(file)
    this.database = engine(file)
    try {
      this.#begin()
      this.#put = this.database.prepare(
        `INSERT OR REPLACE INTO sessions VALUES (${Array(14).fill('?').join()})`,
      )
      this.#touch = this.database.prepare('INSERT OR REPLACE INTO touches VALUES (?,?,?,?,?,?,?,?)')
      this.#remove = this.database.prepare('DELETE FROM sessions WHERE key = ?')
      this.#removeTouch = this.database.prepare('DELETE FROM touches WHERE key = ?')
      // Only the WAL: see above.
      this.#wal = fs.openSync(`${file}-wal`, 'r+')
      this.#inode = fs.statSync(file).ino
    } catch (error) {
      // A failed open keeps its lock until it is closed.
      this.close()
      throw isReadOnlyByDamage(file, error) ? coded('ESAVEDAMAGED', 'its header is wrong') : error
    }
  }

  put(row: Row): void {
    this.#put.run(...valuesOf(row, this.#keys))
  }

  /** Puts a row of another file. */
  copy(columns: Columns): void {
    this.#put.run(...Object.values(columns))
  }

  touch(times: Times): void {
    this.#touch.run(...touchValuesOf(times, this.#keys))
  }

  remove(key: number): void {
    this.#remove.run(key)
    this.#removeTouch.run(key)
  }

  clear(): void {
    this.database.exec('DELETE FROM sessions; DELETE FROM touches')
  }

  /** Removes the sessions that were not put since that number was given, except those under keys that are not there. */
  removeOlder(seq: number): void {
    const known = this.#keys?.ids.join() ?? ''
    for (const table of ['sessions', 'touches']) {
      const isOlder = `seq < ${seq} AND (key_id IS NULL OR key_id IN (${known}))`
      this.database.exec(`DELETE FROM ${table} WHERE ${isOlder}`)
    }
  }

  /** What is done until `commit` is there after a kill as a whole, or not at all. Throws with the code of a lock if another process writes. */
  begin(): void {
    this.database.exec('BEGIN IMMEDIATE')
  }

  commit(): void {
    this.database.exec('COMMIT')
  }

  /** Does all of that, or nothing. */
  write(change: () => void): void {
    this.begin()
    try {
      change()
      this.commit()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** Undoes what was done since `begin`; whatever went wrong, nothing is begun afterwards. */
  rollback(): void {
    try {
      this.database.exec('ROLLBACK')
    } catch {
      // The failure has rolled back already.
    }
  }

  /** Brings what was committed to the disk, and calls back; meanwhile more can be committed. */
  sync(done: (error: Error | null) => void): void {
    fs.fdatasync(this.#wal as number, done)
  }

  syncNow(): void {
    fs.fdatasyncSync(this.#wal as number)
  }

  /** Moves what was committed from the WAL into the file, so that the WAL begins anew; both are on the disk then. Returns whether others have kept it from that. */
  checkpoint(mode: 'PASSIVE' | 'RESTART' | 'TRUNCATE' = 'RESTART'): boolean {
    const result = this.database.prepare(`PRAGMA wal_checkpoint(${mode})`).get()
    return (result as { busy: number }).busy === 1
  }

  /** Writes down that all rows are sealed, and leaves no trace of plain ones in the file. */
  sealed(): void {
    this.database.exec(`PRAGMA user_version = ${SEALED}; VACUUM`)
    this.checkpoint('TRUNCATE')
    if (this.#keys !== undefined) this.#keys.isStrict = true
  }

  /** Throws with the code `ESAVEMOVED` if another file has the name by now, or none: nobody would find what is written. */
  requireThere(): void {
    if (!this.#isThere) throw coded('ESAVEMOVED', 'it was deleted or replaced')
  }

  get #isThere(): boolean {
    return inodeOf(this.#file) === this.#inode
  }

  /** Bytes of the file and its WAL. */
  get bytes(): number {
    return sizeOf(this.#file) + sizeOf(`${this.#file}-wal`)
  }

  /** Brings everything to the disk and into the one file, as far as that works, and gives the lock back. */
  close(): void {
    const isMoved = this.#wal !== undefined && !this.#isThere
    if (isMoved) this.#removeWal()
    if (this.#wal !== undefined) fs.closeSync(this.#wal)
    this.#wal = undefined
    try {
      // By its name the WAL of another file would go.
      if (isMoved) throw new Error('it is another file')
      // @photostructure/sqlite finalizes its statements late, and they keep the lock: it is given back before.
      this.database.exec(
        'PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT * FROM sessions LIMIT 1',
      )
    } catch {
      // Then it is held until the worker ends.
    }
    try {
      this.database.close()
    } catch {
      // What SQLite can't close is not open.
    }
  }

  /** Removes a WAL that has stayed behind: it would be taken for that of the file that has the name now. */
  #removeWal(): void {
    const wal = `${this.#file}-wal`
    if (inodeOf(wal) !== fs.fstatSync(this.#wal as number).ino) return
    for (const name of [wal, `${this.#file}-shm`]) fs.rmSync(name, { force: true })
  }

  #begin(): void {
    const { database } = this
    const [locking, begin] = this.#isShared
      ? ['locking_mode = NORMAL', 'BEGIN']
      : ['locking_mode = EXCLUSIVE', 'BEGIN IMMEDIATE']
    database.exec(
      `PRAGMA ${locking}; PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL;
       PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${CACHE_KIB};
       PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; ${begin}`,
    )
    try {
      this.#check()
      database.exec('COMMIT')
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  #check(): void {
    const { database } = this
    const found = database.prepare('SELECT name, sql FROM sqlite_master').all() as Columns[]
    const application = this.#pragma('application_id')
    const version = this.#pragma('user_version')
    const isOurs = SCHEMA.every((sql) => found.some((each) => each.sql === sql))
    if (isOurs) {
      if (this.#keys !== undefined) this.#keys.isStrict = version === SEALED
      if (!this.#isShared && found.some(({ name }) => name === 'shared')) this.#dropIndex()
      return
    }
    if (found.length > 0 && application !== APPLICATION) {
      const message = `saveFile: '${this.#file}' is a database of another program; it is left alone and sessions are not saved`
      throw coded('ESAVEFOREIGN', message)
    }
    if (found.length > 0) {
      throw coded(
        version > SEALED && version < 1000 ? 'ESAVEVERSION' : 'ESAVEDAMAGED',
        'other tables',
      )
    }
    const sealed = this.#keys === undefined ? PLAIN : SEALED
    for (const sql of SCHEMA) database.exec(sql)
    database.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${sealed}`)
  }

  /** Drops the index of `lembro/sqlite`, or at least what says that it is one: it would not be kept up. */
  #dropIndex(): void {
    this.database.exec('DELETE FROM shared')
    try {
      this.database.exec('DROP TABLE places; DROP TABLE shared')
    } catch {
      // Damaged: without its one row nobody uses it.
    }
  }

  #pragma(name: string): number {
    const row = this.database.prepare(`PRAGMA ${name}`).get() as Record<string, number>
    return row[name] ?? 0
  }
}

function openNew(file: string): number {
  try {
    return fs.openSync(file, 'wx', 0o600)
  } catch (thrown) {
    // Linux says of /proc, too, that there is no such folder.
    const { code } = thrown as { code?: string }
    if (code !== 'ENOENT' || !fs.existsSync(path.dirname(file))) throw thrown
    throw coded('EACCES', 'its folder takes no files')
  }
}

/** Makes a file that only its owner can read, if there is none; takes the rights of others from one that is there. */
function make(file: string): void {
  const info = fs.statSync(file, { throwIfNoEntry: false })
  if (info?.isDirectory()) throw coded('EISDIR', 'it is a folder')
  if (info !== undefined && !info.isFile()) {
    const message = `saveFile: '${file}' is no file that can hold sessions; it is left alone and sessions are not saved`
    throw coded('ESAVEFOREIGN', message)
  }
  if (info === undefined && fs.existsSync(`${file}${RESCUED}`)) {
    // Killed between the two steps that put a rescued file in the place of a damaged one.
    fs.renameSync(`${file}${RESCUED}`, file)
  } else if (info === undefined) {
    fs.closeSync(openNew(file))
    const folder = fs.openSync(path.dirname(file), 'r')
    try {
      fs.fsyncSync(folder)
    } finally {
      fs.closeSync(folder)
    }
    return
  }
  for (const name of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = fs.statSync(name, { throwIfNoEntry: false })?.mode ?? 0
    if (mode & 0o077) fs.chmodSync(name, 0o600)
  }
}

/** SQLite takes a file whose header names a later format for one that it must not write. */
function isReadOnlyByDamage(file: string, error: unknown): boolean {
  if (codeOf(error) !== 'EROFS') return false
  try {
    fs.accessSync(file, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

function inodeOf(name: string): number | undefined {
  return fs.statSync(name, { throwIfNoEntry: false })?.ino
}

function sizeOf(name: string): number {
  return fs.statSync(name, { throwIfNoEntry: false })?.size ?? 0
}
