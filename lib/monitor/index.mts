/** The monitor, as ES modules have it. */

export type { Figures, Middleware, MonitoredStore, MonitorOptions } from './index.js'
export { monitor } from './index.js'
