/** Signing an owner out: all of its sessions, or all but one, a few ms at a time. */

import type { Ledger } from '../ledger/ledger'
import { got, gotKind } from '../settings/check'
import { isOwnerName } from '../settings/default-owner'
import type { Clock } from '../time/clock'
import { inSlices } from '../time/slices'
import type { Departed } from './departed'

export interface SignOutDependencies {
  readonly ledger: Ledger
  readonly departed: Departed
  readonly clock: Clock
  /** Called whenever the ledger is at rest. */
  readonly atRest: () => void
}

/** The owner's name as text. Throws a `TypeError` for what can't name one. */
export function ownerText(owner: unknown): string {
  if (isOwnerName(owner)) return String(owner)
  throw new TypeError(`owner: expected a string or a number; ${got(owner)}`)
}

/** The `except` of `destroyOwner`'s options. Throws a `TypeError` for options that it can't read, since they would sign everyone out. */
export function exceptOf(options: unknown): string | undefined {
  if (options === undefined || options === null) return undefined
  // No message shows what came: it may be the id of a session.
  if (!isPlain(options)) {
    throw new TypeError(`options: expected an object such as { except: sid }; ${gotKind(options)}`)
  }
  const unknown = Object.keys(options).find((name) => name !== 'except')
  if (unknown !== undefined) {
    throw new TypeError(`options: destroyOwner has no option '${unknown}', only 'except'`)
  }
  const { except } = options as { except?: unknown }
  if (except === undefined || (typeof except === 'string' && except !== '')) return except
  const came = except === '' ? 'got an empty one' : gotKind(except)
  throw new TypeError(`except: expected the id of a session, a string; ${came}`)
}

// A Set, a Map or a Date says nothing that can be read here.
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/**
 * Ends the sessions that an owner has now. One slice is done before this returns; sessions that the
 * owner opens meanwhile stay. Then calls `done` with the number of live sessions that it ended.
 */
export function signOut(
  { ledger, departed, clock, atRest }: SignOutDependencies,
  name: string,
  except: string | undefined,
  done: (ended: number) => void,
): void {
  departed.destroyOwner(name, except)
  // Expired ones too: a slow request must not bring them back.
  const entries = ledger.entriesOf(name)
  const now = clock.now()
  let next = 0
  let ended = 0
  const step = () => {
    const entry = entries[next++]
    if (entry === undefined) return false
    const isTheirs = ledger.find(entry.sid) === entry && entry.isOwnedBy(name)
    if (entry.sid === except || !isTheirs) return true
    if (entry.expiry > now) ended++
    ledger.remove(entry, 'destroy')
    atRest()
    return true
  }
  inSlices(clock, step, () => {
    // Those that were evicted while the slices ran.
    departed.destroyOwner(name, except)
    done(ended)
  })
}
