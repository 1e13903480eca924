/** The metrics of stores, as ES modules have them. */

export type { Figures, MeasuredStore, MetricsOptions } from './index.js'
export { collectMetrics } from './index.js'
