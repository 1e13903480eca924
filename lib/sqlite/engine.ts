/** Owns which SQLite is used, and how it is called: that of Node, or one of two packages. Runs in a worker, except for `findEngine`. */

import { createRequire, isBuiltin } from 'node:module'
import path from 'node:path'
import { coded } from '../settings/check'

export type Value = number | string | Uint8Array | null
export type Columns = Record<string, Value>

export interface Statement {
  run(...values: Value[]): unknown
  get(...values: Value[]): unknown
  all(...values: Value[]): unknown[]
}

export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

/** Opens a database, without waiting for the lock of another process. */
export type Engine = (file: string) => Database

const BUILT_IN = 'node:sqlite'
const PACKAGES = ['@photostructure/sqlite', 'better-sqlite3']
/** Older ones can corrupt a WAL when two connections reset it, as several processes have them. */
const LEAST_SHARED_VERSION = [3, 51, 3] as const

/**
 * What `loadEngine` is to load: the option `database`, else Node's own, else a package that is
 * installed where the application or lembro is. Throws with the code `ENOSQLITE` if there is none.
 */
export function findEngine(database: string | undefined): string {
  if (database === undefined && isBuiltin(BUILT_IN)) return BUILT_IN
  if (database === BUILT_IN) return BUILT_IN
  const names = database === undefined ? PACKAGES : [database]
  const places = [path.join(process.cwd(), 'package.json')]
  // A bundle of ES modules has no such name.
  if (typeof __filename === 'string') places.push(__filename)
  for (const name of names) {
    for (const place of places) {
      try {
        return createRequire(place).resolve(name)
      } catch {
        // Not there: the next place may have it.
      }
    }
  }
  const missing = database === undefined ? '' : `database: '${database}' can't be found. `
  const message = `saveFile: ${missing}A saveFile needs Node 22.13 or later, or one of the packages ${PACKAGES.join(' and ')}: npm install ${PACKAGES[0]}. Sessions are not saved`
  throw coded('ENOSQLITE', message)
}

/** The engine of what `findEngine` found. Throws with the code `ENOSQLITE` if it can't be loaded, or is too old for a file that `isShared` by several processes. */
export function loadEngine(found: string, isShared = true): Engine {
  let loaded: Record<string, unknown>
  try {
    loaded = quietly(() => createRequire(path.join(process.cwd(), 'package.json'))(found))
  } catch (cause) {
    const message = `saveFile: '${found}' can't be loaded: ${(cause as Error).message}; sessions are not saved`
    throw coded('ENOSQLITE', message, { cause })
  }
  type Maker = new (file: string, options: object) => Database
  const Maker = (loaded.DatabaseSync ?? loaded.default ?? loaded) as Maker
  const engine = (file: string) => new Maker(file, { timeout: 0 })
  if (isShared) requireVersion(engine, found)
  return engine
}

function requireVersion(engine: Engine, found: string): void {
  const database = engine(':memory:')
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as {
    version: string
  }
  database.close()
  const parts = version.split('.').map(Number)
  const at = LEAST_SHARED_VERSION.findIndex((least, nth) => parts[nth] !== least)
  if (at < 0 || (parts[at] ?? 0) > (LEAST_SHARED_VERSION[at] ?? 0)) return
  const message = `saveFile: the SQLite of '${found}' is ${version}; ${LEAST_SHARED_VERSION.join('.')} or later is needed, such as in the package ${PACKAGES[0]}; sessions are not saved`
  throw coded('ENOSQLITE', message)
}

/** Runs without the warning that Node 22 prints for its SQLite. */
function quietly<Result>(run: () => Result): Result {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return run()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Of Node's permission model. */
const DENIED = 'ERR_ACCESS_DENIED'
/** What SQLite's primary result codes mean to an application. */
const MEANINGS: Record<number, string> = {
  5: 'ELOCKED',
  6: 'ELOCKED',
  8: 'EROFS',
  10: 'EIO',
  11: 'ESAVEDAMAGED',
  13: 'ENOSPC',
  14: 'EACCES',
  26: 'ESAVEDAMAGED',
}
// better-sqlite3 has names only.
const NAMES: Record<string, number> = {
  ...{ SQLITE_BUSY: 5, SQLITE_LOCKED: 6, SQLITE_READONLY: 8, SQLITE_IOERR: 10 },
  ...{ SQLITE_CORRUPT: 11, SQLITE_FULL: 13, SQLITE_CANTOPEN: 14, SQLITE_NOTADB: 26 },
}

/** The code of what went wrong: lembro's, the system's, or what SQLite's means; `undefined` if there is none. */
export function codeOf(error: unknown): string | undefined {
  const { code, errcode } = Object(error) as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return MEANINGS[errcode & 255]
  if (typeof code !== 'string') return undefined
  const name = /^SQLITE_[A-Z]+/.exec(code)?.[0]
  if (name !== undefined) return MEANINGS[NAMES[name] ?? 0]
  return code.startsWith('ERR_') && code !== DENIED ? undefined : code
}

/** Whether an error says that the file is damaged, rather than that the disk fails. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error)
  return (
    code === 'ESAVEDAMAGED' ||
    (code === undefined &&
      /malformed|too large|not a database|file format/i.test(String((error as Error).message)))
  )
}

const REASONS: Record<string, string> = {
  ELOCKED: 'another process or store uses it',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this process has no right to',
  EPERM: 'this process has no right to',
  EROFS: 'the disk is read-only',
  ELOOP: 'its symbolic links go round in a circle',
  ENOSPC: 'the disk is full',
  EIO: 'the disk fails',
  ESAVEDAMAGED: 'it is damaged',
}

/** An error in words for the application, unless it is: `saveFile: ` and what `tell` makes of the reason. */
export function inWords(cause: Error, tell: (reason: string) => string): Error {
  if (cause.message.startsWith('saveFile: ')) return cause
  const code = codeOf(cause) ?? 'ESAVEFAILED'
  return coded(code, `saveFile: ${tell(REASONS[code] ?? cause.message)}`, { cause })
}

/** Failures that no later attempt can mend: of a file that is another's, and at the start those of what was configured. */
const FINAL = ['ELOCKED', 'ESAVEFOREIGN', 'ENOSQLITE']
const FINAL_AT_START = [
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'ELOOP',
  'ENAMETOOLONG',
  DENIED,
]

/** Whether it is of no use to try again. */
export function isFinal(error: Error, isStart: boolean): boolean {
  const code = codeOf(error) ?? ''
  return FINAL.includes(code) || (isStart && FINAL_AT_START.includes(code))
}
