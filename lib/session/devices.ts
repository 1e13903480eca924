/** Where a user is signed in: what is told of each of an owner's sessions, and the handle that stands for its id. */

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { SessionData } from 'express-session'
import { badReturn, gotKind, isThenable } from '../settings/check'
import type { LembroOptions } from '../settings/options'

/** The key of a session under which its description is kept, counted in bytes as all of it. */
const KEY = 'lembro:device'

/** One of an owner's sessions, for the owner to see. */
export interface OwnedSession {
  /** Stands for the session in `destroyOwner(owner, { only })`. It does not lead to the id: it may go to a browser. */
  readonly handle: string
  /** When it was signed in, in ms; `undefined` if that is not known: in `lembro/redis` without `describe`. */
  readonly created: number | undefined
  /** When it was last set or touched, in ms; with `touchAfter` up to so much later. */
  readonly lastUsed: number
  /** Whether it has the id that was given as `current`. */
  readonly current: boolean
  /** What the option `describe` gave at the sign-in. */
  readonly device: unknown
}

interface Described {
  readonly created: number
  readonly device: unknown
}

/** Describes a live session, once; again if it has another owner than before (`isNew`). */
export function describeSession(
  describe: NonNullable<LembroOptions['describe']>,
  session: SessionData,
  isNew: boolean,
  now: number,
): void {
  const { req } = session as { req?: IncomingMessage | null }
  if (req === undefined || req === null || (!isNew && KEY in session)) return
  const device: unknown = describe(req)
  const isNothing = device === undefined || device === null
  const isKept = typeof device === 'string' || (typeof device === 'object' && !isThenable(device))
  if (!isNothing && !isKept) throw badReturn('describe', 'an object, a string, or nothing', device)
  Object.assign(session, { [KEY]: { created: now, device } satisfies Described })
}

/** What is told of a session. `lastUsed` and `created` are as the store knows them. */
export function ownedSession(
  sid: string,
  session: SessionData,
  current: string | undefined,
  lastUsed: number,
  created?: number,
): OwnedSession {
  const described = (session as Partial<Record<typeof KEY, Partial<Described>>>)[KEY]
  return {
    handle: handleOf(sid),
    created: described?.created ?? created,
    lastUsed,
    current: sid === current,
    device: described?.device,
  }
}

/** The handle of a session: the same in every process. An id can't be found from it, as long as ids are random. */
export function handleOf(sid: string): string {
  return createHash('sha256').update(`lembro handle\n${sid}`).digest('base64url').slice(0, 24)
}

/** Which of an owner's sessions are to end. */
export interface OwnerTarget {
  readonly except?: string | undefined
  readonly only?: string | undefined
}

export interface OwnerOptions {
  /** The id of the session that asks: it is told as `current`. */
  readonly current?: string | undefined
}

/** The options of `destroyOwner`. Throws a `TypeError` for what it can't read, since it would sign everyone out. */
export function targetOf(options: unknown): OwnerTarget {
  const { except, only } = read(options, ['except', 'only'], 'destroyOwner', '{ except: sid }')
  if (except === undefined || only === undefined) return { except, only }
  throw new TypeError('options: expected except or only, not both')
}

/** The option of `sessionsOf`. Throws a `TypeError` for what it can't read. */
export function currentOf(options: unknown): string | undefined {
  return read(options, ['current'], 'sessionsOf', '{ current: sid }').current
}

function read<Name extends string>(
  options: unknown,
  known: readonly Name[],
  method: string,
  example: string,
): Partial<Record<Name, string>> {
  if (options === undefined || options === null) return {}
  // No message shows what came: it may be the id of a session.
  if (!isPlain(options)) {
    throw new TypeError(`options: expected an object such as ${example}; ${gotKind(options)}`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name as Name))
  if (unknown !== undefined) {
    const names = known.map((name) => `'${name}'`).join(' and ')
    throw new TypeError(`options: ${method} has no option '${unknown}', only ${names}`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (typeof value === 'string' && value !== '')) continue
    const came = value === '' ? 'got an empty one' : gotKind(value)
    const what = name === 'only' ? 'the handle' : 'the id'
    throw new TypeError(`${name}: expected ${what} of a session, a string; ${came}`)
  }
  return options
}

// A Set, a Map or a Date says nothing that can be read here.
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
