/** Stores in a file that is shared, with the worker that the sources make. */

import path from 'node:path'
import { type Clock, systemClock } from '../../lib/clock'
import type { LembroSqliteOptions } from '../../lib/shared/options'
import { SharedStore } from '../../lib/shared/store'
import { newSaveFile } from './folder'
import { USED, workerCode } from './saving'

export const WORKER = path.resolve('lib/shared/worker.ts')

interface Opened {
  readonly store: SharedStore
  readonly saveFile: string
  readonly error: Error | null
  /** What its `'error'` listeners heard. */
  readonly heard: Error[]
}

/** Opens a store, in a new file unless one is given. */
export async function openShared(
  options: Omit<LembroSqliteOptions, 'saveFile'> & { saveFile?: string | null | undefined } = {},
  clock: Clock = systemClock,
): Promise<Opened> {
  const saveFile = options.saveFile ?? newSaveFile()
  const heard: Error[] = []
  let store: SharedStore | undefined
  const error = await new Promise<Error | null>((resolve) => {
    const world = { clock, worker: workerCode(WORKER) }
    store = new SharedStore({ ...USED, ...options, saveFile }, world, resolve)
    store.on('error', (fault) => heard.push(fault))
  })
  return { store: store as SharedStore, saveFile, error, heard }
}

/** Asks again and again, for a minute at the most, until it is so. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries === 1200) throw new Error(`it never came: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
