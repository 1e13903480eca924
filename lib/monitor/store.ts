/** A store as far as the monitor needs one. */

import type { MeasuredStore } from '../metrics/figures'

export interface MonitoredStore extends MeasuredStore {
  prune(): Promise<unknown>
  reduce(): Promise<object>
}
