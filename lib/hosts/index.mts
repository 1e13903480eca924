/** Stores for hosts other than express-session, as ES modules have them. */

export type { FastifyStore, HostedStore, KoaStore } from './index.js'
export { fastifyStore, koaStore } from './index.js'
