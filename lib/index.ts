/** The public names, as CommonJS has them. */

import { bindClass, type SessionModule } from './bind'
import type * as call from './call'
import type * as told from './session/told'
import type * as options from './settings/options'
import { clientOf, defaultOwner } from './settings/owner'
import type * as stats from './stats'
import { Lembro } from './store'

interface LembroModule {
  /** The store class for an express-session, as in `require('lembro')(session)`. Throws a `TypeError` for anything else. */
  (session: SessionModule): typeof Lembro
  /** A store, as `new Lembro(options, ready)` makes it. */
  new (options?: options.LembroOptions | null, ready?: (error: Error | null) => void): Lembro
  readonly Lembro: typeof Lembro
  readonly clientOf: typeof clientOf
  readonly defaultOwner: typeof defaultOwner
  readonly default: LembroModule
}

const lembro = function (this: unknown, session: SessionModule, ready?: () => void) {
  if (new.target === undefined) return bindClass(session, Lembro)
  return new Lembro(session as object, ready)
} as unknown as LembroModule

Object.assign(lembro, { Lembro, clientOf, defaultOwner, default: lembro })

declare namespace lembro {
  export type Callback<Value = void> = call.Callback<Value>
  export type CompactionReport = stats.CompactionReport
  export type ConflictResolver = options.ConflictResolver
  export type Departure = told.Departure
  export type Lembro = import('./store').Lembro
  export type LembroOptions = options.LembroOptions
  export type LembroStats = stats.LembroStats
  export type OwnedSession = import('./session/devices').OwnedSession
  export type OwnerName = import('./settings/owner').OwnerName
  export type PurgeReport = stats.PurgeReport
  export type ReduceReport = stats.ReduceReport
  export type RemovalCause = options.RemovalCause
  export type SaveStats = stats.SaveStats
  export type Serializer = options.Serializer
}

export = lembro
