/** The options, their defaults, and the settings that a store makes of them once. */

import v8 from 'node:v8'
import type { SessionData } from 'express-session'
import { got, toBoolean, toFunction, toNumber } from './check'
import { defaultOwner, type OwnerName } from './default-owner'
import { toBytes, toText } from './size'
import { warnOnce } from './warn'

/** Decides what becomes of a session that two requests changed. Returns the session to store. */
export type ConflictResolver = (
  base: SessionData,
  stored: SessionData,
  incoming: SessionData,
) => SessionData

/** What turns sessions into text and back; JSON by default. */
export interface Serializer {
  stringify(session: SessionData): string
  parse(text: string): SessionData
}

/**
 * Why an entry left: `evict` to make room; `expire` its time passed; `destroy` the application
 * asked; `clear` with all the others; `replace` a newer version took its place (told to `dispose` only);
 * `invalidate` the near cache of `lembro/redis` let it go, since Redis holds another, or may hold one.
 */
export type RemovalCause = 'evict' | 'expire' | 'destroy' | 'clear' | 'replace' | 'invalidate'

/** Options of a store. memorystore's own count `null` as not given, as memorystore does. */
export interface LembroOptions {
  /**
   * The most bytes of heap that sessions may hold: a number, a size such as `'512K'`, `'4M'` or
   * `'1G'`, a share of V8's heap limit such as `'25%'`, or `Infinity`. Default `'4M'`. Beyond it,
   * sessions are evicted down to 75%. Throws for 0, negatives and what can't be read.
   */
  maxSize?: number | string | undefined
  /** Ms between purges of the expired. Default 360000; `0` or `false` turns the timer off. */
  interval?: number | false | undefined
  /** memorystore's name for `interval`. */
  checkPeriod?: number | false | null | undefined
  /** The most sessions. Default `Infinity`; so does `0`, as in memorystore. */
  max?: number | null | undefined
  /** The most bytes of one session, a share meaning one of `maxSize`. A larger one is refused with `ESESSIONTOOBIG`. Default `maxSize`. */
  maxEntrySize?: number | string | undefined
  /**
   * Ms that a session lives after it was set or touched, whatever its cookie says; a function that
   * gives nothing leaves it to the cookie. Default: the cookie's, else one day.
   */
  ttl?:
    | number
    | ((
        options: Readonly<LembroOptions>,
        session: SessionData,
        sid: string,
      ) => number | null | undefined)
    | null
    | undefined
  /** Ms that a session may live from its creation, however active. Default `Infinity`. */
  absoluteTtl?: number | undefined
  /** Whether the expiry stays as it was when the session was set. Default `false`. */
  disableTouch?: boolean | undefined
  /** Who a session belongs to; `false` for nobody, and eviction is plain oldest first. Default {@link defaultOwner}. */
  owner?: ((session: SessionData) => OwnerName) | false | undefined
  /** The most sessions of one owner; a further sign-in evicts that owner's oldest. Default `Infinity`. */
  maxPerOwner?: number | undefined
  /** What becomes of parallel writes of one session. Default `'overwrite'`: the last one wins. */
  onConflict?: 'overwrite' | 'merge' | ConflictResolver | undefined
  /** Called after a session is gone, never on touch, with its text and why. A throwing one goes to `'error'`. */
  dispose?: ((sid: string, serialized: string, cause: RemovalCause) => void) | null | undefined
  /** Whether `dispose` is not called for a session that a newer version replaces. Default `false`. */
  noDisposeOnSet?: boolean | null | undefined
  /** Whether a `get` may give an expired session once, before it goes. Default `false`. */
  stale?: boolean | null | undefined
  /** What turns sessions into text and back. Default `JSON`. */
  serializer?: Serializer | null | undefined
  /**
   * The file that sessions survive in; others beside it have names that begin with its own. One
   * process at a time. An express-memfilestore's file is imported. Default: none, nothing is saved.
   */
  saveFile?: string | null | undefined
  /**
   * The most ms of writes that a power cut may lose; a killed process loses nothing that was
   * acknowledged. `0`: acknowledged once on the disk. `false` or `Infinity`: when the system likes.
   * Default 1000.
   */
  savePeriod?: number | false | null | undefined
  /**
   * Encrypts what is saved: the current key, then older ones that still open what they sealed. Each
   * 32 bytes, or a text of at least 16 characters that a key is derived from. Default: none.
   */
  saveKeys?: readonly (string | Uint8Array)[] | null | undefined
}

/** The options as the parts of a store use them: complete, checked, and never the caller's object. */
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
  readonly maxPerOwner: number
  readonly onConflict: 'overwrite' | 'merge' | ConflictResolver
  readonly dispose: Exclude<LembroOptions['dispose'], null>
  readonly noDisposeOnSet: boolean
  readonly stale: boolean
  readonly serializer: Serializer | undefined
  readonly saveFile: string | undefined
  /** `Infinity` for no timer. */
  readonly savePeriod: number
  readonly saveKeys: readonly (string | Uint8Array)[] | undefined
  /** What was given, completed: a frozen copy for `store.options` and a `ttl` function. */
  readonly given: Readonly<LembroOptions>
}

const DEFAULT_MAX_SIZE = '4M'
const DEFAULT_INTERVAL = 360_000
const DEFAULT_SAVE_PERIOD = 1000
const KEY_BYTES = 32
const LEAST_KEY_TEXT = 16
/** Beyond this share of the heap limit, sessions and the application together are likely to exceed it. */
const HEAP_SHARE_TO_WARN = 0.6

/** The options that every store has. */
export const OPTION_NAMES: readonly string[] = [
  'maxSize',
  'interval',
  'checkPeriod',
  'max',
  'maxEntrySize',
  'ttl',
  'absoluteTtl',
  'disableTouch',
  'owner',
  'maxPerOwner',
  'onConflict',
  'dispose',
  'noDisposeOnSet',
  'stale',
  'serializer',
  'saveFile',
  'savePeriod',
  'saveKeys',
]

/**
 * Settings from options. Throws a `TypeError` or `RangeError` that names the option; warns once of
 * each one that is not in `known`, for which a store with further options gives its own list.
 */
export function parseOptions(
  options: LembroOptions,
  known: readonly string[] = OPTION_NAMES,
): Settings {
  if (!isObject(options)) throw new TypeError(`options: expected an object; ${got(options)}`)
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      warnOnce('LEMBRO_UNKNOWN_OPTION', name, `lembro has no option '${name}': it is ignored`)
    }
  }
  if (options.saveKeys != null && options.saveFile == null) {
    const message = 'saveKeys is given without a saveFile: nothing is saved, nor encrypted'
    warnOnce('LEMBRO_UNUSED_OPTION', 'saveKeys', message)
  }
  const maxBytes = parseMaxSize(withDefault(options.maxSize, DEFAULT_MAX_SIZE))
  const interval = parseInterval(options)
  const max = options.max ?? Number.POSITIVE_INFINITY
  return {
    maxBytes,
    maxEntryBytes: parseMaxEntrySize(withDefault(options.maxEntrySize, maxBytes), maxBytes),
    maxSessions: parseMax(max),
    interval: interval === false || interval === 0 ? Number.POSITIVE_INFINITY : interval,
    ttl: parseTtl(options.ttl ?? undefined),
    absoluteTtl: toNumber(
      'absoluteTtl',
      withDefault(options.absoluteTtl, Number.POSITIVE_INFINITY),
      {
        least: 1,
        expected: 'a number of ms above 0, or Infinity',
      },
    ),
    disableTouch: toBoolean('disableTouch', withDefault(options.disableTouch, false)),
    owner: parseOwner(withDefault(options.owner, defaultOwner)),
    maxPerOwner: toNumber(
      'maxPerOwner',
      withDefault(options.maxPerOwner, Number.POSITIVE_INFINITY),
      {
        least: 1,
        whole: true,
        expected: 'a whole number of at least 1, or Infinity',
      },
    ),
    onConflict: parseOnConflict(withDefault(options.onConflict, 'overwrite')),
    dispose: options.dispose == null ? undefined : toFunction('dispose', options.dispose),
    noDisposeOnSet: toBoolean('noDisposeOnSet', options.noDisposeOnSet ?? false),
    stale: toBoolean('stale', options.stale ?? false),
    serializer: parseSerializer(options.serializer ?? undefined),
    saveFile: parseSaveFile(options.saveFile ?? undefined),
    savePeriod: parseSavePeriod(options.savePeriod ?? DEFAULT_SAVE_PERIOD),
    saveKeys: parseSaveKeys(options.saveKeys ?? undefined),
    given: given(options, { maxSize: maxBytes, interval, max }),
  }
}

// Unlike `??`, lets null through to be refused.
function withDefault(value: unknown, fallback: unknown): unknown {
  return value === undefined ? fallback : value
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parseMaxSize(size: unknown): number {
  const heapLimit = v8.getHeapStatistics().heap_size_limit
  const bytes = toBytes('maxSize', size, heapLimit, "V8's heap limit")
  if (bytes !== Number.POSITIVE_INFINITY && bytes > heapLimit * HEAP_SHARE_TO_WARN) {
    const message = `maxSize is ${toText(bytes)}, more than 60% of the heap limit of ${toText(heapLimit)}: raise it with --max-old-space-size`
    warnOnce('LEMBRO_LARGE_BUDGET', '', message)
  }
  return bytes
}

function parseMaxEntrySize(size: unknown, maxBytes: number): number {
  return Math.min(toBytes('maxEntrySize', size, maxBytes, 'maxSize'), maxBytes)
}

function parseInterval({ interval, checkPeriod }: LembroOptions): number | false {
  const name = interval === undefined && checkPeriod != null ? 'checkPeriod' : 'interval'
  const value = withDefault(interval, checkPeriod ?? DEFAULT_INTERVAL)
  if (value === false) return false
  return toNumber(name, value, {
    least: 0,
    expected: 'a number of ms, or 0 or false for no timer',
  })
}

function parseMax(max: unknown): number {
  const expected = 'a whole number of sessions, or Infinity'
  return toNumber('max', max, { least: 0, whole: true, expected }) || Number.POSITIVE_INFINITY
}

function parseTtl(ttl: unknown): Settings['ttl'] {
  if (ttl === undefined) return undefined
  if (typeof ttl === 'function') return ttl as Settings['ttl']
  const expected = 'a number of ms above 0, Infinity, or a function (options, session, sid) => ms'
  return toNumber('ttl', ttl, { least: 1, expected })
}

function parseOwner(owner: unknown): Settings['owner'] {
  if (owner === false) return undefined
  return toFunction('owner', owner, 'a function (session) => id, true or nothing; or false')
}

function parseOnConflict(onConflict: unknown): Settings['onConflict'] {
  if (onConflict === 'overwrite' || onConflict === 'merge') return onConflict
  const expected = "'overwrite', 'merge', or a function (base, stored, incoming) => session"
  return toFunction('onConflict', onConflict, expected)
}

function parseSerializer(serializer: unknown): Serializer | undefined {
  if (serializer === undefined) return undefined
  const { stringify, parse } = Object(serializer) as Partial<Serializer>
  if (typeof stringify === 'function' && typeof parse === 'function')
    return serializer as Serializer
  throw new TypeError(
    `serializer: expected an object with the functions stringify and parse; ${got(serializer)}`,
  )
}

function parseSaveFile(file: unknown): string | undefined {
  if (file === undefined || (typeof file === 'string' && file !== '')) return file
  throw new TypeError(`saveFile: expected the path of a file; ${got(file)}`)
}

function parseSavePeriod(period: unknown): number {
  if (period === false) return Number.POSITIVE_INFINITY
  return toNumber('savePeriod', period, {
    least: 0,
    expected: 'a number of ms, 0 to wait for the disk, or Infinity or false for no timer',
  })
}

function parseSaveKeys(keys: unknown): Settings['saveKeys'] {
  if (keys === undefined) return undefined
  const expected = `saveKeys: expected an array of keys, the current first, each of ${KEY_BYTES} bytes or a text of at least ${LEAST_KEY_TEXT} characters`
  if (!Array.isArray(keys)) throw new TypeError(`${expected}; ${got(keys)}`)
  if (keys.length === 0) throw new RangeError(`${expected}; got none`)
  for (const key of keys) {
    const isText = typeof key === 'string'
    // What came may be a secret: it is not shown.
    if (!isText && !(key instanceof Uint8Array)) {
      throw new TypeError(`${expected}; got one that is neither bytes nor text`)
    }
    const fits = isText ? key.length >= LEAST_KEY_TEXT : key.length === KEY_BYTES
    if (!fits) throw new RangeError(`${expected}; got one of ${key.length}`)
  }
  return [...keys]
}

// The keys are nobody's business but the file's: `store.options` is logged and passed around.
function given(options: LembroOptions, completed: LembroOptions): Readonly<LembroOptions> {
  const { saveKeys, ...rest } = options
  const shown = saveKeys == null ? options : rest
  return Object.freeze({ ...shown, ...completed })
}
