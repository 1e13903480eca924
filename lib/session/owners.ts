/** Asks the application whose a session is: its owner, or the client of a session without one. */

import type { SessionData } from 'express-session'
import type { Fault } from '../call/listeners'
import type { Owner } from '../entry/holder'
import { badReturn } from '../settings/check'
import { checkedOwner, isOwnerName, type OwnerName } from '../settings/default-owner'
import type { Settings } from '../settings/settings'

/** Asks an `owner` option; `undefined` for none. What that throws goes to `fault` the first time, and the session is anonymous. */
export function askOwner(owner: ((session: SessionData) => unknown) | undefined, fault: Fault) {
  return asking<OwnerName>(owner && ((session) => checkedOwner(owner(session))), fault)
}

/**
 * Asks a `client` option of the request that a live session belongs to; a plain object has none.
 * What it throws goes to `fault` the first time, and the session has no client.
 */
export function askClient(client: Settings['client'], fault: Fault) {
  return asking(client && ((session) => clientOf(client, session)), fault)
}

function asking<Answer>(
  ask: ((session: SessionData) => Answer) | undefined,
  fault: Fault,
): (session: SessionData) => Answer | undefined {
  if (ask === undefined) return () => undefined
  let told = false
  return (session) => {
    try {
      return ask(session)
    } catch (thrown) {
      if (!told) fault(thrown)
      told = true
      return undefined
    }
  }
}

type ClientOption = NonNullable<Settings['client']>

function clientOf(client: ClientOption, session: SessionData): string | undefined {
  const { req } = session as { req?: Parameters<ClientOption>[0] | null }
  return req === undefined || req === null ? undefined : checkedClient(client(req))
}

function checkedClient(returned: unknown): string | undefined {
  if (returned === undefined || returned === null || returned === '') return undefined
  if (typeof returned === 'string') return returned
  throw badReturn('client', 'a string, or nothing for one that is not known', returned)
}

/** The owner of a session as an entry has it: `undefined` for an anonymous one. */
export function ownerNamed(name: OwnerName): Owner | undefined {
  if (name === true) return true
  return isOwnerName(name) ? String(name) : undefined
}
