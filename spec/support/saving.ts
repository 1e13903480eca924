/** Stores that save, and what they report. */

import fs from 'node:fs'
import type { LembroOptions } from '../../lib/settings/options'
import { Lembro } from '../../lib/store'

/** Above what any system gives. */
const NOBODY = 2 ** 22 + 1

export interface Opened {
  readonly store: Lembro
  /** What `ready` got. */
  readonly error: (Error & { code?: string }) | null
  /** What the `'error'` listeners have heard so far. */
  readonly heard: (Error & { code?: string })[]
}

/** Opens a store and waits until it is ready. */
export function open(options: LembroOptions): Promise<Opened> {
  return new Promise((resolve) => {
    const heard: Error[] = []
    const store: Lembro = new Lembro(options, (error) => resolve({ store, error, heard }))
    store.on('error', (error: Error) => heard.push(error))
  })
}

/** Leaves a store as its process would be killed: what comes next finds its lock's owner dead. */
export function kill(saveFile: string): void {
  const lock = `${saveFile}.lock`
  if (!fs.existsSync(lock)) return
  const holder = JSON.parse(fs.readFileSync(lock, 'utf8'))
  fs.writeFileSync(lock, JSON.stringify({ ...holder, pid: NOBODY, token: 'killed' }))
}

/** The ids of what a file holds, oldest first, by a store that is closed again; and what it reported. */
export async function idsIn(saveFile: string, options: LembroOptions = {}) {
  const { store, error, heard } = await open({ saveFile, ...options })
  const ids = (await store.ids()).reverse()
  const stats = store.stats().save
  await store.close()
  return { ids, error, heard, stats }
}
