/** The public names of `lembro/sqlite`, as CommonJS has them. */

import { bindClass, type SessionModule } from '../bind'
import type * as options from './options'
import { Lembro } from './store'

interface LembroSqliteModule {
  /** The store class for an express-session, as in `require('lembro/sqlite')(session)`. Throws a `TypeError` for anything else. */
  (session: SessionModule): typeof Lembro
  /** A store, as `new Lembro(options, ready)` makes it. */
  new (options: options.LembroSqliteOptions, ready?: (error: Error | null) => void): Lembro
  readonly Lembro: typeof Lembro
  readonly default: LembroSqliteModule
}

const lembro = function (this: unknown, given: SessionModule, ready?: () => void) {
  if (new.target === undefined) return bindClass(given, Lembro)
  return new Lembro(given as unknown as options.LembroSqliteOptions, ready)
} as unknown as LembroSqliteModule

Object.assign(lembro, { Lembro, default: lembro })

declare namespace lembro {
  export type Lembro = import('./store').Lembro
  export type LembroSqliteOptions = options.LembroSqliteOptions
}

export = lembro
