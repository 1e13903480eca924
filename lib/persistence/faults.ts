/** What can be wrong with saving, said clearly: an Error with a code and, where the system failed, its word as the cause. */

import { codeOf } from './files'

const REASONS: Record<string, string> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this process has no right to',
  EPERM: 'this process has no right to',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file may not grow',
}

/** The file can't be used at all. */
export function unusable(file: string, error: Error): Error {
  if (codeOf(error) === 'ELOCKED') return error
  return fault(`saveFile: can't use '${file}': ${reason(error)}; sessions are not saved`, error)
}

/** A write or a sync failed. */
export function notSaved(error: Error): Error {
  return fault(
    `saveFile: can't save: ${reason(error)}; sessions are served from memory until it can`,
    error,
  )
}

/** A snapshot could not be written; the journal goes on. */
export function notTidied(error: Error): Error {
  const message = `saveFile: can't write a new snapshot: ${reason(error)}; the journal grows until it can`
  return fault(message, error)
}

/** A file that is to be kept could not be given another name yet. */
export function notKept(file: string, error: Error): Error {
  return fault(
    `saveFile: can't keep '${file}' aside: ${reason(error)}; it stays until it can`,
    error,
  )
}

/** A file may be readable for others. */
export function notRestricted(file: string, error: Error): Error {
  return fault(`saveFile: can't take the rights of others from '${file}': ${reason(error)}`, error)
}

/** The lock was taken away, so that another process may be writing. */
export function lockLost(): Error {
  const message =
    'saveFile: the lock is gone, another process may use the file; sessions are not saved any more'
  return Object.assign(new Error(message), { code: 'ELOCKED' })
}

function reason(error: Error): string {
  return REASONS[codeOf(error) ?? ''] ?? error.message
}

function fault(message: string, cause: Error): Error {
  return Object.assign(new Error(message, { cause }), { code: codeOf(cause) ?? 'ESAVEFAILED' })
}
