/** Stores in a world of a spec's own. */

import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { LembroStore } from '../../lib/store'
import type { Clock } from '../../lib/clock'

/** A store in memory whose time is that of `clock`. */
export function storeAt(clock: Clock, options: LembroOptions = {}): LembroStore {
  return new LembroStore(parseOptions(options), { clock }, undefined)
}
