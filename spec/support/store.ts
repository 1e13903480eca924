/** Stores in a world of a spec's own. */

import type { Clock } from '../../lib/clock'
import type { Core } from '../../lib/core'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { LembroStore } from '../../lib/store'

/** A store in memory whose time is that of `clock`. */
export function storeAt(clock: Clock, options: LembroOptions = {}): LembroStore {
  return new LembroStore(parseOptions(options), { clock }, undefined)
}

/** The parts of a store. */
export function coreOf(store: LembroStore): Core {
  return (store as unknown as { readonly core: Core }).core
}
