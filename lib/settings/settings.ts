/** The settings that a store makes of its options once: checked, complete, and a copy of the caller's object. */

import type { SessionData } from 'express-session'
import { parseMax, parseMaxEntrySize, parseMaxSize } from './budget'
import { got, toBoolean, toFunction, toNumber } from './check'
import { defaultOwner, type OwnerName } from './default-owner'
import { OPTION_NAMES, warnOfUnknown } from './names'
import type { ConflictResolver, LembroOptions, Serializer } from './options'
import { parseSaving, type SaveSettings } from './saving'
import { warnOnce } from './warn'

export interface Settings extends SaveSettings {
  readonly maxBytes: number
  readonly maxEntryBytes: number
  readonly maxSessions: number
  /** `Infinity` for no timer. */
  readonly interval: number
  readonly ttl: Exclude<LembroOptions['ttl'], null>
  readonly absoluteTtl: number
  readonly disableTouch: boolean
  readonly owner: ((session: SessionData) => OwnerName) | undefined
  readonly client: Exclude<LembroOptions['client'], null>
  readonly maxPerOwner: number
  readonly onConflict: 'overwrite' | 'merge' | ConflictResolver
  readonly dispose: Exclude<LembroOptions['dispose'], null>
  readonly noDisposeOnSet: boolean
  readonly stale: boolean
  readonly serializer: Serializer | undefined
  /** Whether sessions live elsewhere too, so that an eviction ends none. */
  readonly isCache?: boolean
  /** What was given, completed: a frozen copy for `store.options` and a `ttl` function. */
  readonly given: Readonly<LembroOptions>
}

const DEFAULT_MAX_SIZE = '4M'
const DEFAULT_INTERVAL = 360_000

/**
 * Settings from options. Throws a `TypeError` or `RangeError` that names the option; warns once of
 * each one that is not in `known`, for which a store with further options gives its own list.
 */
export function parseOptions(
  options: LembroOptions,
  known: readonly string[] = OPTION_NAMES,
): Settings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`options: expected an object; ${got(options)}`)
  }
  warnOfUnknown(options, known)
  const maxBytes = parseMaxSize(withDefault(options.maxSize, DEFAULT_MAX_SIZE))
  const interval = parseInterval(options)
  const max = options.max ?? Number.POSITIVE_INFINITY
  return {
    maxBytes,
    maxEntryBytes: parseMaxEntrySize(withDefault(options.maxEntrySize, maxBytes), maxBytes),
    maxSessions: parseMax(max),
    interval: interval === false || interval === 0 ? Number.POSITIVE_INFINITY : interval,
    ttl: parseTtl(options.ttl ?? undefined),
    absoluteTtl: parseAbsoluteTtl(withDefault(options.absoluteTtl, Number.POSITIVE_INFINITY)),
    disableTouch: toBoolean('disableTouch', withDefault(options.disableTouch, false)),
    owner: parseOwner(withDefault(options.owner, defaultOwner)),
    client: parseClient(options.client ?? undefined),
    maxPerOwner: parseMaxPerOwner(withDefault(options.maxPerOwner, Number.POSITIVE_INFINITY)),
    onConflict: parseOnConflict(withDefault(options.onConflict, 'overwrite')),
    dispose: options.dispose == null ? undefined : toFunction('dispose', options.dispose),
    noDisposeOnSet: toBoolean('noDisposeOnSet', options.noDisposeOnSet ?? false),
    stale: toBoolean('stale', options.stale ?? false),
    serializer: parseSerializer(options.serializer ?? undefined),
    ...parseSaving(options),
    given: given(options, { maxSize: maxBytes, interval, max }),
  }
}

// Unlike `??`, lets null through to be refused.
function withDefault(value: unknown, fallback: unknown): unknown {
  return value === undefined ? fallback : value
}

function parseInterval({ interval, checkPeriod }: LembroOptions): number | false {
  if (interval === undefined) return toInterval('checkPeriod', checkPeriod ?? DEFAULT_INTERVAL)
  const period = toInterval('interval', interval)
  if (checkPeriod != null && (toInterval('checkPeriod', checkPeriod) || 0) !== (period || 0)) {
    const message = `interval is ${period}, and checkPeriod, another name for it, is ${checkPeriod}: ${period} is used`
    warnOnce('LEMBRO_UNUSED_OPTION', 'checkPeriod', message)
  }
  return period
}

function toInterval(name: string, value: unknown): number | false {
  const expected = 'a number of ms, or 0 or false for no timer'
  return value === false ? false : toNumber(name, value, { least: 0, expected })
}

function parseTtl(ttl: unknown): Settings['ttl'] {
  if (ttl === undefined) return undefined
  if (typeof ttl === 'function') return ttl as Settings['ttl']
  const expected = 'a number of ms above 0, Infinity, or a function (options, session, sid) => ms'
  return toDuration('ttl', ttl, expected)
}

function parseAbsoluteTtl(ttl: unknown): number {
  return toDuration('absoluteTtl', ttl, 'a number of ms above 0, or Infinity')
}

// connect-redis counts a ttl in seconds: 86400 there is a day, and here less than two minutes.
function toDuration(name: string, value: unknown, expected: string): number {
  const ms = toNumber(name, value, { least: 1, expected })
  const isHours = ms % 1800 === 0 && ms % 1000 !== 0
  const isDays = ms % 86_400 === 0 && ms % 60_000 !== 0
  if (isHours || isDays) {
    const message = `${name} is ${ms}, in ms: ${ms / 1000} s. Did you mean ${ms} s, which is ${ms * 1000}?`
    warnOnce('LEMBRO_SECONDS', name, message)
  }
  return ms
}

function parseMaxPerOwner(most: unknown): number {
  const expected = 'a whole number of at least 1, or Infinity'
  return toNumber('maxPerOwner', most, { least: 1, whole: true, expected })
}

function parseOwner(owner: unknown): Settings['owner'] {
  if (owner === false) return undefined
  return toFunction('owner', owner, 'a function (session) => id, true or nothing; or false')
}

function parseClient(client: unknown): Settings['client'] {
  if (client === undefined) return undefined
  const expected = 'a function (req) => string, or nothing'
  if (typeof client === 'function') return client as Settings['client']
  const { sendCommand } = Object(client) as { sendCommand?: unknown }
  const isRedis = typeof sendCommand === 'function'
  const hint = isRedis ? ". For sessions in Redis, take Lembro from 'lembro/redis'" : ''
  throw new TypeError(`client: expected ${expected}; ${got(client)}${hint}`)
}

function parseOnConflict(onConflict: unknown): Settings['onConflict'] {
  if (onConflict === 'overwrite' || onConflict === 'merge') return onConflict
  const expected = "'overwrite', 'merge', or a function (base, stored, incoming) => session"
  return toFunction('onConflict', onConflict, expected)
}

function parseSerializer(serializer: unknown): Serializer | undefined {
  if (serializer === undefined) return undefined
  const { stringify, parse } = Object(serializer) as Partial<Serializer>
  const isOne = typeof stringify === 'function' && typeof parse === 'function'
  if (isOne) return serializer as Serializer
  const expected = 'an object with the functions stringify and parse'
  throw new TypeError(`serializer: expected ${expected}; ${got(serializer)}`)
}

// Without the keys: an application may log `store.options`, or pass it on.
function given(options: LembroOptions, completed: LembroOptions): Readonly<LembroOptions> {
  const { saveKeys, ...rest } = options
  const shown = saveKeys == null ? options : rest
  return Object.freeze({ ...shown, ...completed })
}
