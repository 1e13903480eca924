/** A folder for the files of stores that save, for as long as they are used. */

import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** Gives the path of a file in a new folder of its own, and removes the folder afterwards, whatever happens. */
export async function withFile<Result>(use: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lembro-bench-'))
  try {
    return await use(path.join(folder, 'sessions'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
