/** The ways of saving side by side, and how a store that saves is opened. */

import bindMemFileStore from 'express-memfilestore'
import session, { type Store } from 'express-session'
import { Lembro } from 'lembro'

const MemFileStore = bindMemFileStore(session)

/** What lembro's ways to save add to its options. */
export const SAVINGS = {
  'without `saveFile`': { saveFile: null },
  '`saveFile`': {},
  '`savePeriod: 0`': { savePeriod: 0 },
  'with `saveKeys`': { saveKeys: ['a key that is known to everybody'] },
} as const

export type Saving = keyof typeof SAVINGS
/** The stores that save. */
export const SAVERS = ['lembro', 'express-memfilestore'] as const
export type Saver = (typeof SAVERS)[number]

/** Opens lembro on a file. Rejects if the file can't be used. */
export function openLembro(saving: Saving, saveFile: string): Promise<Lembro> {
  return new Promise((resolve, reject) => {
    const options = { interval: 0, maxSize: Infinity, saveFile, ...SAVINGS[saving] }
    const store = new Lembro(options, (error) => (error === null ? resolve(store) : reject(error)))
  })
}

/** Opens one of the stores on a file. `period` is how often express-memfilestore saves: it has no default. */
export async function open(saver: Saver, saveFile: string, period = 0): Promise<Store> {
  if (saver === 'lembro') return openLembro('`saveFile`', saveFile)
  return new MemFileStore({ checkPeriod: 0, savePeriod: period, saveFile })
}
