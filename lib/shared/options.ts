/** The options of `lembro/sqlite`: those of any store that can be honoured there, and its own. */

import { parseTouchAfter, withoutUnfit } from '../home/options'
import { got, toNumber } from '../settings/check'
import type { LembroOptions } from '../settings/options'
import { OPTION_NAMES, parseOptions, type Settings } from '../settings/settings'

type Unfit = keyof typeof UNFIT

/** Options of a store in a file that several processes share. They must be the same in each. */
export interface LembroSqliteOptions extends Omit<LembroOptions, Unfit> {
  /** The file, on a disk of this machine. Beside it are `-wal` and `-shm`, while it is open, and `-lock`. */
  saveFile: string
  /** The most bytes that the sessions of all processes take in the file. Default `'256M'`. */
  maxSize?: LembroOptions['maxSize']
  /** The most ms that a change waits while another process writes; then it fails with `ESAVEBUSY`. Default 2000. */
  patience?: number | undefined
  /**
   * A touch is written only if it moves the expiry by so many ms, or brings it nearer; a session may
   * expire so much early. `0` for every touch. Default: a tenth of the session's ttl, at the most 60000.
   */
  touchAfter?: number | undefined
}

/** @internal */
export interface SqliteSettings extends Settings {
  readonly patience: number
  readonly touchAfter: number | undefined
}

const OWN_NAMES = ['patience', 'touchAfter']
const DEFAULT_MAX_SIZE = '256M'
const DEFAULT_PATIENCE = 2000

/** What can't be honoured here, and why. */
const UNFIT = {
  stale: 'any process may have removed what has expired',
  noDisposeOnSet: 'dispose is told of sessions that this process removes, not of a new version',
  client: 'strangers give way by age alone',
} as const satisfies Partial<Record<keyof LembroOptions, string>>

/** Settings from options. Throws a `TypeError` or `RangeError` that names the option. @internal */
export function parseSqliteOptions(options: LembroSqliteOptions): SqliteSettings {
  if (typeof options !== 'object' || options === null || options.saveFile == null) {
    throw new TypeError(`options: expected an object with a saveFile; ${got(options)}`)
  }
  const { patience = DEFAULT_PATIENCE, touchAfter, ...rest } = options
  const fit = { maxSize: DEFAULT_MAX_SIZE, ...withoutUnfit(rest, UNFIT, 'lembro/sqlite') }
  return {
    ...parseOptions(fit, [...OPTION_NAMES, ...OWN_NAMES], 'file'),
    patience: toNumber('patience', patience, { least: 0, expected: 'a number of ms' }),
    touchAfter: parseTouchAfter(touchAfter),
  }
}
