/** The public names of `lembro/redis`, as CommonJS has them. */

import { bindClass, type SessionModule } from '../bind'
import type * as near from '../stats'
import type * as client from './client'
import type * as options from './options'
import { Lembro } from './store'

interface LembroRedisModule {
  /** The store class for an express-session, as in `require('lembro/redis')(session)`. Throws a `TypeError` for anything else. */
  (session: SessionModule): typeof Lembro
  /** A store, as `new Lembro(options, ready)` makes it. */
  new (options: options.LembroRedisOptions, ready?: (error: Error | null) => void): Lembro
  readonly Lembro: typeof Lembro
  readonly default: LembroRedisModule
}

const lembro = function (this: unknown, given: SessionModule, ready?: () => void) {
  if (new.target === undefined) return bindClass(given, Lembro)
  return new Lembro(given as unknown as options.LembroRedisOptions, ready)
} as unknown as LembroRedisModule

Object.assign(lembro, { Lembro, default: lembro })

declare namespace lembro {
  export type Lembro = import('./store').Lembro
  export type LembroRedisOptions = options.LembroRedisOptions
  export type NearStats = near.NearStats
  export type NodeRedisClient = client.NodeRedisClient
  export type IoRedisClient = client.IoRedisClient
}

export = lembro
