/** Stores for hosts other than express-session. */

export { type FastifyStore, fastifyStore } from './fastify'
export type { HostedStore } from './hosted'
export { type KoaStore, koaStore } from './koa'
export { type OpenidStore, openidStore } from './openid'
