/** Parallel writes of one session: what becomes of one that another request changed meanwhile. */

import { isDeepStrictEqual } from 'node:util'
import type { SessionData } from 'express-session'
import type { Codec, Entry } from '../entry/entry'
import { badReturn, isThenable } from '../settings/check'
import type { ConflictResolver } from '../settings/options'
import type { Link } from './link'

type Keys = Record<string, unknown>

/** The session to store instead of an incoming one. Throws what the user's function throws, and a `TypeError` if it gives no session. */
export function resolveConflict(
  onConflict: 'merge' | ConflictResolver,
  codec: Codec,
  link: Link,
  stored: Entry,
  { session: incoming, base: body }: { readonly session: SessionData; readonly base: string },
): SessionData {
  const base = codec.decode(stored, link.base)
  const theirs = codec.decode(stored)
  if (typeof onConflict === 'function') {
    const resolved = checked(onConflict(base, theirs, incoming))
    return resolved.cookie === undefined ? { ...resolved, cookie: incoming.cookie } : resolved
  }
  const ours = codec.decode(stored, body)
  return { ...mergeKeys({ ...base }, { ...theirs }, { ...ours }), cookie: incoming.cookie }
}

/**
 * What two requests make of one session together: each key as the side that changed it left it.
 * A key that either side deleted stays deleted; if both changed one, the incoming wins.
 */
export function mergeKeys(base: Keys, stored: Keys, incoming: Keys): Keys {
  const merged: [string, unknown][] = []
  for (const key of new Set([...Object.keys(stored), ...Object.keys(incoming)])) {
    const wasThere = Object.hasOwn(base, key)
    const isTheirs = Object.hasOwn(stored, key)
    const isOurs = Object.hasOwn(incoming, key)
    const deleted = wasThere && !(isTheirs && isOurs)
    if (deleted) continue
    const unchangedByUs = !isOurs || (wasThere && same(base[key], incoming[key]))
    merged.push([key, unchangedByUs ? stored[key] : incoming[key]])
  }
  return Object.fromEntries(merged)
}

function same(a: unknown, b: unknown): boolean {
  try {
    return a === b || isDeepStrictEqual(a, b)
  } catch (error) {
    // Some 1,500 levels are too deep for Node's comparison, but not for JSON.
    if (error instanceof RangeError) return JSON.stringify(a) === JSON.stringify(b)
    throw error
  }
}

function checked(session: unknown): SessionData {
  const isSession = typeof session === 'object' && session !== null && !isThenable(session)
  if (isSession) return session as SessionData
  throw badReturn('onConflict', 'a session', session)
}
