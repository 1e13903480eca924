/** The settings that a store makes of its options once: checked, complete, and a copy of the caller's object. */

import { getHeapStatistics } from 'node:v8'
import type { SessionData } from 'express-session'
import { got, gotKind, toBoolean, toFunction, toNumber, warnOnce } from './check'
import type { ConflictResolver, LembroOptions, Serializer } from './options'
import { defaultOwner, type OwnerName } from './owner'
import { toBytes, toText } from './size'

export interface Settings {
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
  readonly describe: LembroOptions['describe']
  readonly maxPerOwner: number
  readonly onConflict: 'overwrite' | 'merge' | ConflictResolver
  readonly dispose: Exclude<LembroOptions['dispose'], null>
  readonly noDisposeOnSet: boolean
  readonly stale: boolean
  readonly serializer: Serializer | undefined
  readonly saveFile: string | undefined
  readonly database: string | undefined
  /** `Infinity` for no timer. */
  readonly savePeriod: number
  readonly saveKeys: readonly (string | Uint8Array)[] | undefined
  /** What was given, completed: a frozen copy for `store.options` and a `ttl` function. */
  readonly given: Readonly<LembroOptions>
}

/** Less than an empty session weighs with the id that express-session gives it: nothing could be stored. */
const LEAST_BYTES = 264
/** Less than twenty sessions of signed-in users. */
const FEW_BYTES = 8192
/** Above this, a number of bytes is hardly one of megabytes. */
const MOST_MEGABYTES = 4096
/** Beyond this share of the heap limit, sessions and the application together are likely to exceed it. */
const HEAP_SHARE_TO_WARN = 0.6
const DEFAULT_MAX_SIZE = '4M'
const DEFAULT_INTERVAL = 360_000
const DEFAULT_SAVE_PERIOD = 1000
const KEY_BYTES = 32
const LEAST_KEY_TEXT = 16
const KEYS = `saveKeys: expected an array of keys, the current first, each of ${KEY_BYTES} bytes or a text of at least ${LEAST_KEY_TEXT} characters`
const DATABASE = "the name or path of a module, such as 'better-sqlite3'"

/**
 * Settings from options. Throws a `TypeError` or `RangeError` that names the option; warns once of
 * each one that is not in `known`, for which a store with further options gives its own list.
 * `bounded`: what `maxSize` is the most of.
 */
export function parseOptions(
  options: LembroOptions,
  known: readonly string[] = OPTION_NAMES,
  bounded: 'heap' | 'file' = 'heap',
): Settings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`options: expected an object; ${got(options)}`)
  }
  warnOfUnknown(options, known)
  const maxBytes = parseMaxSize(options.maxSize, bounded)
  const interval = parseInterval(options)
  const max = options.max ?? Number.POSITIVE_INFINITY
  const { saveKeys, saveFile } = options
  if (saveKeys != null && saveFile == null) {
    const message = 'saveKeys is given without a saveFile: nothing is saved, nor encrypted'
    warnOnce('LEMBRO_UNUSED_OPTION', 'saveKeys', message)
  }
  return {
    maxBytes,
    maxEntryBytes: parseMaxEntrySize(options.maxEntrySize, maxBytes),
    maxSessions: parseMax(max),
    interval: interval === false || interval === 0 ? Number.POSITIVE_INFINITY : interval,
    ttl: parseTtl(options.ttl ?? undefined),
    absoluteTtl: parseAbsoluteTtl(options.absoluteTtl),
    disableTouch: toBoolean('disableTouch', options.disableTouch),
    owner: parseOwner(options.owner),
    client: parseClient(options.client ?? undefined),
    describe: parseDescribe(options.describe),
    maxPerOwner: parseMaxPerOwner(options.maxPerOwner),
    onConflict: parseOnConflict(options.onConflict),
    dispose: options.dispose == null ? undefined : toFunction('dispose', options.dispose),
    noDisposeOnSet: toBoolean('noDisposeOnSet', options.noDisposeOnSet ?? undefined),
    stale: toBoolean('stale', options.stale ?? undefined),
    serializer: parseSerializer(options.serializer ?? undefined),
    saveFile: toName('saveFile', saveFile ?? undefined, 'the path of a file'),
    database: toName('database', options.database ?? undefined, DATABASE),
    savePeriod: parseSavePeriod(options.savePeriod ?? undefined),
    saveKeys: parseSaveKeys(saveKeys ?? undefined),
    given: given(options, { maxSize: maxBytes, interval, max }),
  }
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

function parseAbsoluteTtl(ttl: unknown = Number.POSITIVE_INFINITY): number {
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

function parseMaxPerOwner(most: unknown = Number.POSITIVE_INFINITY): number {
  const expected = 'a whole number of at least 1, or Infinity'
  return toNumber('maxPerOwner', most, { least: 1, whole: true, expected })
}

function parseOwner(owner: unknown = defaultOwner): Settings['owner'] {
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

function parseDescribe(describe: unknown): Settings['describe'] {
  if (describe === undefined) return undefined
  return toFunction('describe', describe, 'a function (req) => object')
}

function parseOnConflict(onConflict: unknown = 'overwrite'): Settings['onConflict'] {
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

function toName(option: string, name: unknown, expected: string): string | undefined {
  if (name === undefined || (typeof name === 'string' && name !== '')) return name
  throw new TypeError(`${option}: expected ${expected}; ${got(name)}`)
}

function parseSavePeriod(period: unknown = DEFAULT_SAVE_PERIOD): number {
  if (period === false) return Number.POSITIVE_INFINITY
  return toNumber('savePeriod', period, {
    least: 0,
    expected: 'a number of ms, 0 to wait for the disk, or Infinity or false for no timer',
  })
}

// What came may be a secret: it is never shown.
function parseSaveKeys(keys: unknown): Settings['saveKeys'] {
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

// Without the keys: an application may log `store.options`, or pass it on.
function given(options: LembroOptions, completed: LembroOptions): Readonly<LembroOptions> {
  const { saveKeys, ...rest } = options
  const shown = saveKeys == null ? options : rest
  return Object.freeze({ ...shown, ...completed })
}

/** Bytes of `maxSize`. Throws for what can't be read or holds no session; warns once of a budget that is hardly meant. */
export function parseMaxSize(
  size: unknown = DEFAULT_MAX_SIZE,
  bounded: 'heap' | 'file' = 'heap',
): number {
  const heapLimit = getHeapStatistics().heap_size_limit
  const bytes = toBytes('maxSize', size, heapLimit, "V8's heap limit")
  if (bytes < LEAST_BYTES) {
    const expected = `at least ${LEAST_BYTES} bytes, what the smallest session takes`
    throw new RangeError(`maxSize: expected ${expected}; ${got(size)}${guess(size)}`)
  }
  if (bytes < FEW_BYTES) {
    const message = `maxSize is ${toText(bytes)}, room for a few sessions only${guess(size)}`
    warnOnce('LEMBRO_SMALL_BUDGET', '', message)
  }
  const isLarge = bytes !== Number.POSITIVE_INFINITY && bytes > heapLimit * HEAP_SHARE_TO_WARN
  if (isLarge && bounded === 'heap') {
    const message = `maxSize is ${toText(bytes)}, more than 60% of the heap limit of ${toText(heapLimit)}: raise it with --max-old-space-size`
    warnOnce('LEMBRO_LARGE_BUDGET', '', message)
  }
  return bytes
}

/** Bytes of `maxEntrySize`, never more than the whole budget. */
function parseMaxEntrySize(size: unknown, maxBytes: number): number {
  if (size === undefined) return maxBytes
  return Math.min(toBytes('maxEntrySize', size, maxBytes, 'maxSize'), maxBytes)
}

/** The most sessions; 0 for no limit, as in memorystore. */
function parseMax(max: unknown): number {
  const expected = 'a whole number of sessions, or Infinity'
  return toNumber('max', max, { least: 0, whole: true, expected }) || Number.POSITIVE_INFINITY
}

// A number without a unit is bytes; one as small as this was rather meant as megabytes.
function guess(size: unknown): string {
  const number = Number(size)
  return Number.isInteger(number) && number <= MOST_MEGABYTES ? `. Did you mean '${number}M'?` : ''
}

const NAMES: Readonly<Record<keyof LembroOptions, true>> = {
  maxSize: true,
  interval: true,
  checkPeriod: true,
  max: true,
  maxEntrySize: true,
  ttl: true,
  absoluteTtl: true,
  disableTouch: true,
  owner: true,
  client: true,
  describe: true,
  maxPerOwner: true,
  onConflict: true,
  dispose: true,
  noDisposeOnSet: true,
  stale: true,
  serializer: true,
  saveFile: true,
  savePeriod: true,
  saveKeys: true,
  database: true,
}

/** The options that every store has. */
export const OPTION_NAMES: readonly string[] = Object.keys(NAMES)

/** The most edits between an unknown name and the one that is suggested, and no more than a third of its letters. */
const MOST_EDITS = 3

/** Warns of the unknown options in one warning, once in a process for the same ones, with the names that were probably meant. */
export function warnOfUnknown(options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  const told = unknown.map((name) => {
    const nearest = nearestName(name, known)
    return nearest === undefined ? `'${name}'` : `'${name}' (did you mean '${nearest}'?)`
  })
  const ignored = told.length === 1 ? 'option, which is ignored' : 'options, which are ignored'
  const message = `lembro does not have the ${ignored}: ${told.join(', ')}`
  warnOnce('LEMBRO_UNKNOWN_OPTION', unknown.join(), message)
}

/** The name that differs from `name` only in case, or else in the fewest letters; `undefined` when all differ too much. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase()
  let nearest: string | undefined
  let fewest = Math.min(MOST_EDITS, Math.floor(name.length / 3)) + 1
  for (const each of known) {
    const edits = editsBetween(lower, each.toLowerCase())
    if (edits >= fewest) continue
    nearest = each
    fewest = edits
  }
  return nearest
}

/** How many letters have to be added, left out or replaced: Levenshtein's distance, row by row. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}
