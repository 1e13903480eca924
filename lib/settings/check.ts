/** Checks of input, and their messages: the option, what was expected, what came. */

import { types } from 'node:util'
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

/** The id of a session. Throws a `TypeError` for anything but a text or a number. */
export function toSid(sid: unknown): string {
  if (typeof sid === 'string') return sid
  if (typeof sid === 'number') return String(sid)
  throw new TypeError(`sid: expected a string; ${gotKind(sid)}`)
}

/** A session: any object but a promise. Throws a `TypeError` for anything else. */
export function toSession(session: unknown): SessionData {
  if (typeof session === 'object' && session !== null && !isThenable(session))
    return session as SessionData
  throw new TypeError(`session: expected an object; ${gotKind(session)}`)
}

export interface Range {
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

export function toBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name}: expected true or false; ${got(value)}`)
}

export function toFunction<F>(name: string, value: unknown, expected = 'a function'): F {
  if (typeof value === 'function') return value as F
  throw new TypeError(`${name}: expected ${expected}; ${got(value)}`)
}
