/** Owns what is said when saving fails: an Error with a code and, if the system failed, the system's error as its cause. */

import { coded } from '../../settings/check'
import { codeOf } from './files'

const REASONS: Record<string, string> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this process has no right to',
  EPERM: 'this process has no right to',
  EROFS: 'the disk is read-only',
  ELOOP: 'its symbolic links go round in a circle',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file may not grow',
  EIO: 'the disk fails',
}

/** Failures that no later attempt can mend as long as the process runs. */
const FINAL = new Set([
  'ELOCKED',
  'ESAVEFOREIGN',
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'ELOOP',
  'ENAMETOOLONG',
])

/** Whether it is of no use to try again. */
export function isFinal(error: Error): boolean {
  return FINAL.has(codeOf(error) ?? '')
}

/** The file can't be used at all. */
export function unusable(file: string, error: Error): Error {
  const code = codeOf(error)
  if (code === 'ELOCKED' || code === 'ESAVEFOREIGN') return error
  return wrapped(`saveFile: can't use '${file}': ${reason(error)}; sessions are not saved`, error)
}

/** A write or a sync failed. */
export function notSaved(error: Error): Error {
  if (codeOf(error) === 'ELOCKED' || error.message.startsWith('saveFile: ')) return error
  return wrapped(
    `saveFile: can't save: ${reason(error)}; sessions are served from memory until it can`,
    error,
  )
}

/** A checkpoint failed while the journal goes on. */
export function notCheckpointed(error: Error): Error {
  const message = `saveFile: can't write a new snapshot: ${reason(error)}; the journal grows until it can`
  return wrapped(message, error)
}

/** More waits to be written than may wait. */
export function overloaded(pending: string): Error {
  const message = `saveFile: can't save: the disk is too slow, ${pending} wait to be written; sessions are served from memory until it catches up`
  return coded('ESAVEBUSY', message)
}

/** The file holds JSON that is not sessions by their ids. */
export function foreign(file: string): Error {
  const message = `saveFile: '${file}' is JSON but no file of express-memfilestore; it is left alone and sessions are not saved`
  return coded('ESAVEFOREIGN', message)
}

/** A file that is to be kept could not be given another name yet. */
export function notKept(file: string, error: Error): Error {
  const message = `saveFile: can't keep '${file}' aside: ${reason(error)}; it stays until it can`
  return wrapped(message, error)
}

/** Other users may be able to read a file. */
export function notRestricted(file: string, error: Error): Error {
  const message = `saveFile: can't take the permissions of others from '${file}': ${reason(error)}`
  return wrapped(message, error)
}

/** The lock was taken away, so that another process may be writing. */
export function lockLost(): Error {
  const message =
    'saveFile: the lock is gone, another process may use the file; sessions are not saved any more'
  return coded('ELOCKED', message)
}

function reason(error: Error): string {
  return REASONS[codeOf(error) ?? ''] ?? error.message
}

function wrapped(message: string, cause: Error): Error {
  return coded(codeOf(cause) ?? 'ESAVEFAILED', message, { cause })
}
