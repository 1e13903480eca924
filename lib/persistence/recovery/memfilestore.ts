/** Owns the import of an express-memfilestore's file: one JSON object, the sessions by their ids, the newest first. */

import { type Files, type OpenFile, readAll } from '../disk/files'

const FIRST_BYTES = 64
/** Something that only a session has, in a file that was cut. */
const COOKIE = /"cookie"\s*:\s*\{/

/** Whether a file begins like a JSON object. */
export async function isMemfile(files: Files, name: string): Promise<boolean> {
  return withFile(files, name, async (file) => {
    const bytes = Buffer.alloc(FIRST_BYTES)
    const read = await readAll(file, bytes, 0, FIRST_BYTES, 0)
    return /^\ufeff?\s*\{/.test(bytes.toString('utf8', 0, read))
  })
}

/**
 * The sessions in a file; `undefined` if it can't be parsed, as after its writer was killed;
 * `'foreign'` if it holds something other than sessions, such as a package.json.
 */
export async function readMemfile(
  files: Files,
  name: string,
  size: number,
): Promise<[string, unknown][] | 'foreign' | undefined> {
  const bytes = Buffer.allocUnsafe(size)
  const read = await withFile(files, name, (file) => readAll(file, bytes, 0, size, 0))
  const text = bytes.toString('utf8', 0, read).replace(/^\ufeff/, '')
  let sessions: [string, unknown][]
  try {
    sessions = Object.entries(JSON.parse(text))
  } catch {
    return COOKIE.test(text) ? undefined : 'foreign'
  }
  const isOne = sessions.length === 0 || sessions.some(([, session]) => hasCookie(session))
  return isOne ? sessions : 'foreign'
}

function hasCookie(session: unknown): boolean {
  if (typeof session !== 'object' || session === null || !('cookie' in session)) return false
  return typeof session.cookie === 'object' && session.cookie !== null
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
