/** Owns the import of an express-memfilestore's file: one JSON object, the sessions by their ids, the newest first. */

import fs from 'node:fs'

const FIRST_BYTES = 64
/** A text in V8 is no longer. */
const MOST_BYTES = 512 * 1024 * 1024
/** Something that only a session has, in a file that was cut. */
const COOKIE = /"cookie"\s*:\s*\{/

/** Whether a file begins like a JSON object. It must not be open as a database. */
export function isMemfile(name: string): boolean {
  const file = fs.openSync(name, 'r')
  try {
    const bytes = Buffer.alloc(FIRST_BYTES)
    const read = fs.readSync(file, bytes, 0, FIRST_BYTES, 0)
    return /^\ufeff?\s*\{/.test(bytes.toString('utf8', 0, read))
  } finally {
    fs.closeSync(file)
  }
}

/**
 * The sessions in a file, the oldest first; `undefined` if it can't be parsed, as after its writer was
 * killed, or is too long; `'foreign'` if it holds something other than sessions, such as a package.json.
 */
export function readMemfile(name: string): [string, unknown][] | 'foreign' | undefined {
  if (fs.statSync(name).size > MOST_BYTES) return undefined
  const text = fs.readFileSync(name, 'utf8').replace(/^\ufeff/, '')
  let sessions: [string, unknown][]
  try {
    sessions = Object.entries(JSON.parse(text))
  } catch {
    return COOKIE.test(text) ? undefined : 'foreign'
  }
  const isOne = sessions.length === 0 || sessions.some(([, session]) => hasCookie(session))
  return isOne ? sessions.reverse() : 'foreign'
}

function hasCookie(session: unknown): boolean {
  if (typeof session !== 'object' || session === null || !('cookie' in session)) return false
  return typeof session.cookie === 'object' && session.cookie !== null
}
