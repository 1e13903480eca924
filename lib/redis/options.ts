/** The options of `lembro/redis`: those of any store that can be honoured there, and its own. */

import { parseTouchAfter, withoutUnfit } from '../home/options'
import { got } from '../settings/check'
import type { LembroOptions } from '../settings/options'
import { OPTION_NAMES, parseOptions, type Settings } from '../settings/settings'
import { type IoRedisClient, type NodeRedisClient, type Route, routeOf } from './client'
import { LISTS } from './commands'

type Unfit = keyof typeof UNFIT

/** Options of a store before Redis. `maxSize` and `max` limit the near cache, and no session is refused or lost for them. */
export interface LembroRedisOptions extends Omit<LembroOptions, Unfit | 'client'> {
  /**
   * The application's client, connected or not: of `redis` 5 or newer, made by `createClient` or
   * `createCluster`, or of 6 by `createSentinel`; or a `Redis` or `Cluster` of `ioredis` 5 or newer, or of
   * `iovalkey` (the option `client` of a store in memory is another, and has no place here). lembro
   * makes connections of its own with its options, and neither changes nor closes it.
   */
  client: NodeRedisClient | IoRedisClient
  /** What the keys of sessions begin with, and of nothing else. Default `'sess:'`, as connect-redis'. */
  prefix?: string | undefined
  /**
   * A touch is told to Redis only if it moves the expiry by so many ms, or brings it nearer; a session
   * may expire so much early. `0` for every touch, which makes each request of one process a miss in
   * the others. Default: a tenth of the session's ttl, at the most 60000.
   */
  touchAfter?: number | undefined
}

/** @internal */
export interface RedisSettings {
  readonly settings: Settings
  readonly route: Route
  readonly prefix: string
  readonly touchAfter: number | undefined
}

const DEFAULT_PREFIX = 'sess:'
const OWN_NAMES = ['client', 'prefix', 'touchAfter']

/** What can't be honoured here, and why. */
const UNFIT = {
  saveFile: 'sessions are saved by Redis',
  savePeriod: 'sessions are saved by Redis',
  saveKeys: "Redis holds connect-redis' text, which is not encrypted",
  absoluteTtl: "connect-redis' text does not say when a session began",
  maxPerOwner: 'no process knows of all sessions of an owner at the moment of a sign-in',
  stale: 'Redis drops what has expired',
  noDisposeOnSet: 'dispose is told of what leaves the near cache, a new version included',
} as const satisfies Partial<Record<keyof LembroOptions, string>>

/** Settings from options. Throws a `TypeError` or `RangeError` that names the option. @internal */
export function parseRedisOptions(options: LembroRedisOptions): RedisSettings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`options: expected an object with a client; ${got(options)}`)
  }
  const { client, prefix = DEFAULT_PREFIX, touchAfter, ...rest } = options
  const fit = withoutUnfit(rest, UNFIT, 'lembro/redis')
  return {
    settings: parseOptions(fit, [...OPTION_NAMES, ...OWN_NAMES]),
    route: routeOf(client),
    prefix: toPrefix(prefix),
    touchAfter: parseTouchAfter(touchAfter),
  }
}

function toPrefix(prefix: unknown): string {
  if (typeof prefix !== 'string') throw new TypeError(`prefix: expected a text; ${got(prefix)}`)
  const isAlone = prefix !== '' && !`${LISTS}${prefix}`.startsWith(prefix)
  if (isAlone) return prefix
  throw new RangeError(
    `prefix: expected a text that keys of other things do not begin with, those of lembro's own lists (${LISTS}) among them; ${got(prefix)}`,
  )
}
