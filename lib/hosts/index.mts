/** Stores for hosts other than express-session, as ES modules have them. */

export type { FastifyStore, HostedStore, KoaStore, OpenidStore } from './index.js'
export { fastifyStore, koaStore, openidStore } from './index.js'
