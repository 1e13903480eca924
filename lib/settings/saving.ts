/** What is saved, when and under which keys: `saveFile`, `savePeriod` and `saveKeys`. */

import { got, gotKind, toNumber, warnOnce } from './check'
import type { LembroOptions } from './options'

const DEFAULT_SAVE_PERIOD = 1000
const KEY_BYTES = 32
const LEAST_KEY_TEXT = 16
const KEYS = `saveKeys: expected an array of keys, the current first, each of ${KEY_BYTES} bytes or a text of at least ${LEAST_KEY_TEXT} characters`

export interface SaveSettings {
  readonly saveFile: string | undefined
  /** `Infinity` for no timer. */
  readonly savePeriod: number
  readonly saveKeys: readonly (string | Uint8Array)[] | undefined
  readonly database: string | undefined
}

/** The settings of saving. Throws a `TypeError` or `RangeError` that names the option and shows no key. Warns once of keys without a file. */
export function parseSaving(options: LembroOptions): SaveSettings {
  if (options.saveKeys != null && options.saveFile == null) {
    const message = 'saveKeys is given without a saveFile: nothing is saved, nor encrypted'
    warnOnce('LEMBRO_UNUSED_OPTION', 'saveKeys', message)
  }
  return {
    saveFile: parseSaveFile(options.saveFile ?? undefined),
    savePeriod: parseSavePeriod(options.savePeriod ?? DEFAULT_SAVE_PERIOD),
    saveKeys: parseSaveKeys(options.saveKeys ?? undefined),
    database: parseDatabase(options.database ?? undefined),
  }
}

function parseSaveFile(file: unknown): string | undefined {
  if (file === undefined || (typeof file === 'string' && file !== '')) return file
  throw new TypeError(`saveFile: expected the path of a file; ${got(file)}`)
}

function parseDatabase(database: unknown): string | undefined {
  if (database === undefined || (typeof database === 'string' && database !== '')) return database
  const expected = "the name or path of a module, such as 'better-sqlite3'"
  throw new TypeError(`database: expected ${expected}; ${got(database)}`)
}

function parseSavePeriod(period: unknown): number {
  if (period === false) return Number.POSITIVE_INFINITY
  return toNumber('savePeriod', period, {
    least: 0,
    expected: 'a number of ms, 0 to wait for the disk, or Infinity or false for no timer',
  })
}

// What came may be a secret: it is never shown.
function parseSaveKeys(keys: unknown): SaveSettings['saveKeys'] {
  if (keys === undefined) return undefined
  if (!Array.isArray(keys)) throw new TypeError(`${KEYS}; ${gotKind(keys)}`)
  if (keys.length === 0) throw new RangeError(`${KEYS}; got none`)
  for (const key of keys) {
    const isText = typeof key === 'string'
    if (!isText && !(key instanceof Uint8Array)) {
      throw new TypeError(`${KEYS}; got one that is neither bytes nor text`)
    }
    const fits = isText ? key.length >= LEAST_KEY_TEXT : key.length === KEY_BYTES
    if (!fits) throw new RangeError(`${KEYS}; got one of ${key.length}`)
  }
  return [...keys]
}
