/** Checks of input with their messages (the option, what was expected, what came), coded errors, and what the process is warned of. */

import type * as Cluster from 'node:cluster'
import { types } from 'node:util'
import type { Debugger } from 'debug'
import type { SessionData } from 'express-session'

/** `"got 'abc' (a string)"`, for the end of a message. */
export function got(value: unknown): string {
  if (value === null || value === undefined) return `got ${value}`
  if (typeof value === 'string') return `got '${value.slice(0, 50)}' (a string)`
  if (typeof value === 'function') return 'got a function'
  if (typeof value === 'object') return `got ${Array.isArray(value) ? 'an array' : 'an object'}`
  return `got ${String(value)} (a ${typeof value})`
}

/** `"got a string"`: of what may be a secret or session content only the kind is told. */
export function gotKind(value: unknown): string {
  if (value === null || value === undefined) return `got ${value}`
  if (Number.isNaN(value)) return 'got NaN'
  if (Array.isArray(value)) return 'got an array'
  if (isThenable(value)) return 'got a promise'
  return `got ${typeof value === 'object' ? 'an object' : `a ${typeof value}`}`
}

/** Throws a `TypeError` for what lacks one of those methods. `kind`: what is expected of it. */
export function requireStore(store: unknown, methods: readonly string[], kind = 'a store'): void {
  for (const name of methods) {
    if (typeof Object(store)[name] === 'function') continue
    throw new TypeError(`store: expected ${kind} with ${name}(); ${got(store)}`)
  }
}

/**
 * The error for what a function of the application returned. It does not show what was returned. If
 * that is a promise, its rejection is caught, which would end the process otherwise.
 */
export function badReturn(name: string, expected: string, returned: unknown): TypeError {
  if (types.isPromise(returned)) returned.catch(() => {})
  return new TypeError(`${name}: expected the function to return ${expected}; ${gotKind(returned)}`)
}

/** Whether a value is a promise, or is used as one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const { then } = Object(value ?? {}) as { then?: unknown }
  return typeof then === 'function'
}

/** A session: any object but a promise. Throws a `TypeError` for anything else. */
export function toSession(session: unknown): SessionData {
  if (typeof session === 'object' && session !== null && !isThenable(session))
    return session as SessionData
  throw new TypeError(`session: expected an object; ${gotKind(session)}`)
}

interface Range {
  readonly least: number
  readonly whole?: boolean
  readonly expected: string
}

/** A number within a range. Throws a `TypeError` for no number or NaN, a `RangeError` for one outside. */
export function toNumber(name: string, value: unknown, range: Range): number {
  const message = `${name}: expected ${range.expected}; ${got(value)}`
  if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(message)
  const isWhole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY
  if (value < range.least || (range.whole === true && !isWhole)) throw new RangeError(message)
  return value
}

export function toBoolean(name: string, value: unknown = false): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name}: expected true or false; ${got(value)}`)
}

export function toFunction<F>(name: string, value: unknown, expected = 'a function'): F {
  if (typeof value === 'function') return value as F
  throw new TypeError(`${name}: expected ${expected}; ${got(value)}`)
}

/** What JSON threw, without what is in the session: V8 quotes a text that it can't parse, and names the keys of a circle. */
export function quieted(thrown: unknown): unknown {
  if (thrown instanceof SyntaxError) return new SyntaxError('session: its text can not be parsed')
  if (thrown instanceof TypeError && /^Converting circular/.test(thrown.message)) {
    return new TypeError('session: expected what JSON can hold; got a circular structure')
  }
  return thrown
}

interface Fields {
  readonly cause?: unknown
  readonly [name: string]: unknown
}

/** An error with a `code`, and with what else is known of it. `Kind`: which sort of error it is. */
export function coded<Sort extends Error = Error>(
  code: string,
  message: string,
  fields: Fields = {},
  Kind: new (message: string, options?: ErrorOptions) => Sort = Error as never,
): Sort & { readonly code: string } {
  const { cause, ...rest } = fields
  const error = cause === undefined ? new Kind(message) : new Kind(message, { cause })
  return Object.assign(error, rest, { code })
}

const said = new Set<string>()

/** Warns through `process.emitWarning`, once for each code and subject in a process. */
export function warnOnce(code: string, subject: string, message: string): void {
  const key = `${code} ${subject}`
  if (said.has(key)) return
  said.add(key)
  process.emitWarning(message, { type: 'LembroWarning', code })
}

/**
 * Warns once if this process is one of several that serve the same site: each has its own sessions,
 * and any of them may get a visitor's next request.
 */
export function warnOfWorker(env: NodeJS.ProcessEnv = process.env): void {
  if (!isOneOfSeveral(env)) return
  const message =
    "sessions are in this process' memory, and it is one of several (node:cluster, or pm2): visitors are signed in with one and unknown to the others. Share them in a file, with Lembro from 'lembro/sqlite', or through Redis, with 'lembro/redis', or run one process"
  warnOnce('LEMBRO_WORKER', '', message)
}

function isOneOfSeveral({ NODE_APP_INSTANCE: instance }: NodeJS.ProcessEnv): boolean {
  // pm2 numbers the processes of an application from 0.
  if (Number(instance) > 0) return true
  // A worker has a channel to its primary: without one there is no need to load node:cluster.
  if (process.send === undefined) return false
  return (require('node:cluster') as typeof Cluster.default).isWorker
}

let print: Debugger | undefined

/** Prints a line for developers, as printf does, if the environment variable `DEBUG` asks for it. */
export function debug(format: string, ...values: readonly unknown[]): void {
  // `debug.enable()` sets the variable too. Loading debug takes as long as loading half of lembro.
  if (!process.env.DEBUG) return
  print ??= (require('debug') as typeof import('debug'))('lembro')
  print(format, ...values)
}
