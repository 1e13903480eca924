/** The metrics of stores, for `prom-client`. */

import { register as globalRegister, type Registry, type RegistryContentType } from 'prom-client'
import { got, requireStore, warnOnce } from '../settings/check'
import { warnOfUnknown } from '../settings/settings'
import { Family } from './family'
import type { MeasuredStore } from './figures'

export type { Figures, MeasuredStore } from './figures'

export interface MetricsOptions {
  /** Where the metrics are registered. @default the global register of prom-client */
  readonly register?: Registry<RegistryContentType>
  /** What the metrics' names begin with. @default 'lembro_' */
  readonly prefix?: string
  /** The store's name: the value of the label `store`. @default 'default' */
  readonly name?: string
}

const OPTIONS: readonly string[] = ['register', 'prefix', 'name']
const UNNAMED = 'default'

const families = new WeakMap<object, Map<string, Family>>()

/**
 * Exports what `store.stats()` says as metrics, read when the register is: at a cost that does not
 * depend on the number of sessions. A figure that the store does not have is not exported.
 *
 * Call it once for each store, with names of their own. A store that takes the name of another one
 * takes its place, and the counters go on from where they were. Two without a name are warned of.
 *
 * Returns a function that ends it: the gauges of the store go, its counters stay. Throws a
 * `TypeError` for a store without `stats` and for options that it can't use, and the `Error` of
 * prom-client for a prefix that no metric may have.
 */
export function collectMetrics(store: MeasuredStore, options: MetricsOptions = {}): () => void {
  warnOfUnknown(options, OPTIONS)
  const { register = globalRegister, prefix = 'lembro_', name } = options
  requireStore(store, ['stats'])
  if (typeof register?.registerMetric !== 'function') {
    throw new TypeError(`register: expected a Registry of prom-client; ${got(register)}`)
  }
  const family = familyOf(register, toText('prefix', prefix))
  if (name !== undefined) return family.add(toText('name', name), store)
  if (family.readsAnother(UNNAMED, store)) {
    const message = `collectMetrics was given a second store without a name: only that one is read from now on. Give each its name, collectMetrics(store, { name: 'shop' })`
    warnOnce('LEMBRO_SAME_NAME', '', message)
  }
  return family.add(UNNAMED, store)
}

function familyOf(register: Registry<RegistryContentType>, prefix: string): Family {
  const byPrefix = families.get(register) ?? new Map<string, Family>()
  families.set(register, byPrefix)
  const known = byPrefix.get(prefix)
  if (known?.registered) return known
  const family = new Family(register, prefix)
  byPrefix.set(prefix, family)
  return family
}

function toText(option: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`${option}: expected text; ${got(value)}`)
}
