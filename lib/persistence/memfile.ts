/** Reads the file of an express-memfilestore: one JSON object, the sessions by their ids, the newest first. */

import { type Files, type OpenFile, readAll } from './files'

const FIRST_BYTES = 64

/** Whether a file is JSON. */
export async function isMemfile(files: Files, name: string): Promise<boolean> {
  return withFile(files, name, async (file) => {
    const bytes = Buffer.alloc(FIRST_BYTES)
    const read = await readAll(file, bytes, 0, FIRST_BYTES, 0)
    return /^\ufeff?\s*\{/.test(bytes.toString('utf8', 0, read))
  })
}

/** The sessions in a file; `undefined` where it can't be parsed, as after its writer was killed. */
export async function readMemfile(
  files: Files,
  name: string,
  size: number,
): Promise<[string, unknown][] | undefined> {
  const bytes = Buffer.allocUnsafe(size)
  const read = await withFile(files, name, (file) => readAll(file, bytes, 0, size, 0))
  try {
    const text = bytes.toString('utf8', 0, read)
    return Object.entries(JSON.parse(text.replace(/^\ufeff/, '')))
  } catch {
    return undefined
  }
}

async function withFile<Value>(
  files: Files,
  name: string,
  use: (file: OpenFile) => Promise<Value>,
): Promise<Value> {
  const file = await files.open(name, 'r')
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}
