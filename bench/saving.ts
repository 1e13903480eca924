/** The ways of saving side by side, and how a store that saves is opened. */

import { DatabaseSync } from '@photostructure/sqlite'
import bindSqliteStore from 'better-sqlite3-session-store'
import bindMemFileStore from 'express-memfilestore'
import session, { type Store } from 'express-session'
import { Lembro } from 'lembro'
import bindFileStore from 'session-file-store'

const MemFileStore = bindMemFileStore(session)

/** What lembro's ways to save add to its options. */
export const SAVINGS = {
  'without `saveFile`': { saveFile: null },
  '`saveFile`': {},
  '`savePeriod: 0`': { savePeriod: 0 },
  'with `saveKeys`': { saveKeys: ['a key that is known to everybody'] },
} as const

export type Saving = keyof typeof SAVINGS
/** The stores that save all sessions of their memory, and those that have them on the disk alone. */
export const SAVERS = ['lembro', 'express-memfilestore'] as const
export const DISK_STORES = ['better-sqlite3-session-store', 'session-file-store'] as const
export type Saver = (typeof SAVERS)[number]
export type Rated = Saver | (typeof DISK_STORES)[number]

/** Opens lembro on a file. Rejects if the file can't be used. */
export function openLembro(saving: Saving, saveFile: string): Promise<Lembro> {
  return new Promise((resolve, reject) => {
    const options = { interval: 0, maxSize: Infinity, saveFile, ...SAVINGS[saving] }
    const store = new Lembro(options, (error) => (error === null ? resolve(store) : reject(error)))
  })
}

/** Opens one of the stores on a file. `period` is how often express-memfilestore saves: it has no default. */
export async function open(saver: Rated, saveFile: string, period = 0): Promise<Store> {
  if (saver === 'lembro') return openLembro('`saveFile`', saveFile)
  if (saver === 'session-file-store') {
    const FileStore = bindFileStore(session)
    return new FileStore({ path: saveFile, retries: 0, reapInterval: -1, logFn: () => {} })
  }
  if (saver === 'better-sqlite3-session-store') {
    const SqliteStore = bindSqliteStore(session)
    const client = new DatabaseSync(saveFile)
    // As the page of better-sqlite3 has it.
    client.exec('PRAGMA journal_mode = WAL')
    return new SqliteStore({ client })
  }
  return new MemFileStore({ checkPeriod: 0, savePeriod: period, saveFile })
}
