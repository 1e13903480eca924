/** Owns what is said when saving fails: an Error with a code and, if the system failed, the system's error as its cause. */

import { coded } from '../settings/check'
import { reasonOf } from '../sqlite/engine'

/** Failures that no later attempt can mend: of a file that is another's, and at the start those of what was configured. */
const FINAL = new Set(['ELOCKED', 'ESAVEFOREIGN', 'ENOSQLITE'])
const FINAL_AT_START = new Set([
  ...['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS', 'ELOOP', 'ENAMETOOLONG'],
  // Of Node's permission model.
  'ERR_ACCESS_DENIED',
])

/** Whether it is of no use to try again. */
export function isFinal(error: Error, wasLoaded: boolean): boolean {
  const code = codeOf(error) ?? ''
  return FINAL.has(code) || (!wasLoaded && FINAL_AT_START.has(code))
}

/** The file can't be used at all. */
export function unusable(file: string, error: Error): Error {
  if (codeOf(error) === 'ELOCKED') {
    return coded('ELOCKED', `saveFile: another process uses '${file}'; sessions are not saved`)
  }
  if (error.message.startsWith('saveFile: ')) return error
  return wrapped(`saveFile: can't use '${file}': ${reasonOf(error)}; sessions are not saved`, error)
}

/** A write or a sync failed. */
export function notSaved(error: Error): Error {
  if (error.message.startsWith('saveFile: ')) return error
  const message = `saveFile: can't save: ${reasonOf(error)}; sessions are served from memory until it can`
  return wrapped(message, error)
}

/** More waits to be written than may wait. */
export function overloaded(pending: string): Error {
  const message = `saveFile: can't save: the disk is too slow, ${pending} wait to be written; sessions are served from memory until it catches up`
  return coded('ESAVEBUSY', message)
}

function codeOf(error: Error): string | undefined {
  return (error as { code?: string }).code
}

function wrapped(message: string, cause: Error): Error {
  return coded(codeOf(cause) ?? 'ESAVEFAILED', message, { cause })
}
