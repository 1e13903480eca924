/** As much of node-redis (5 and 6) as is used: what the application hands over, and the connection that is made of it. */

import { got } from '../settings/check'

/** A client that `createClient` of `redis` 5 or 6 made, connected or not. */
export interface NodeRedisClient {
  readonly isReady: boolean
  duplicate(...overrides: never[]): unknown
  withCommandOptions(...options: never[]): unknown
}

/** A client of lembro's own. */
export interface Line {
  readonly isOpen: boolean
  /** Present since a client-side cache is asked for. */
  readonly clientSideCache: object | undefined
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(args: readonly string[]): Promise<unknown>
  on(event: string, listener: (error?: unknown) => void): unknown
}

/** What node-redis calls on the client-side cache of a connection. */
export interface Hook {
  /** The command that turns tracking on, sent in every handshake. */
  trackingOn(): string[]
  /** Of `null`: every key. */
  invalidate(key: { toString(): string } | null): void
  clear(): void
  onError(): void
  onClose(): void
}

interface Duplicable {
  readonly options?: { readonly socket?: object; readonly keyPrefix?: string }
  duplicate(overrides: object): Line
}

/** A client option. Throws a `TypeError` for what is no node-redis client of one server. */
export function toClient(client: unknown): NodeRedisClient {
  const expected = "client: expected what createClient of 'redis' 5 or 6 makes, for one server"
  const { duplicate, withCommandOptions } = Object(client ?? {}) as Partial<NodeRedisClient>
  if (typeof duplicate !== 'function' || typeof withCommandOptions !== 'function') {
    throw new TypeError(`${expected}; ${got(client)}`)
  }
  // Only a client of one server has it: invalidations come from the server that a key is read from.
  if (!('socketEpoch' in (client as object) || 'isWatching' in (client as object))) {
    throw new TypeError(`${expected}; got a cluster, a sentinel or a pool`)
  }
  return client as NodeRedisClient
}

/** What node-redis puts before every key that goes through the client's own commands. */
export function keyPrefixOf(client: NodeRedisClient): string {
  return (client as unknown as Duplicable).options?.keyPrefix ?? ''
}

/**
 * A connection as the application's client has one, with a hook in the place of the client-side
 * cache. node-redis' own cache would serve stale sessions after a flush; its place in the handshake,
 * before which nothing is sent, is what is needed. The hook is put on the cache that the client made
 * itself, so that it is of the same copy of node-redis.
 */
export function newLine(client: NodeRedisClient, hook: Hook): Line {
  const { options, duplicate } = client as unknown as Duplicable
  const line = duplicate.call(client, {
    RESP: 3,
    clientSideCache: {},
    emitInvalidate: false,
    // A request must not wait for Redis to come back.
    disableOfflineQueue: true,
    pingInterval: undefined,
    // The application's may turn texts into buffers; and a timer for each command is not needed.
    commandOptions: { timeout: undefined },
    // A copy: node-redis completes what it is given.
    ...(options?.socket === undefined ? undefined : { socket: { ...options.socket } }),
  })
  const cache = line.clientSideCache
  if (cache === undefined || !('trackingOn' in cache)) {
    throw new TypeError("client: expected one of 'redis' 5 or 6, which has a client-side cache")
  }
  Object.assign(cache, hook)
  return line
}
