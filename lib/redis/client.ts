/** What the application hands over, read: where its client's servers are, and who it is there. */

import { got } from '../settings/check'
import type { Login, Place } from './line'

/** A client of `redis`: what `createClient` or `createCluster` of 5 or newer makes, or `createSentinel` of 6. */
export interface NodeRedisClient {
  duplicate(...overrides: never[]): unknown
  withCommandOptions(...options: never[]): unknown
}

/** A client of `ioredis` 5 or newer, or of `iovalkey`: a `Redis` or a `Cluster`. */
export interface IoRedisClient {
  readonly status: string
  readonly isCluster: boolean
  duplicate(...overrides: never[]): unknown
}

/** The way to the servers of a client. */
export interface Route {
  readonly kind: 'server' | 'sentinel' | 'cluster'
  /** The server itself; or those that know where it is: sentinels, or nodes of the cluster. */
  readonly places: readonly Place[]
  readonly login: Login
  /** Who one is at a sentinel; at a node of a cluster the same as everywhere. */
  readonly askingLogin: Login
  readonly database: number | undefined
  readonly name: string | undefined
  readonly keyPrefix: string
  readonly sentinelName: string | undefined
  /** The place of a server whose address another one told. */
  placeOf(host: string, port: number): Place
  /** Ms until the next attempt to connect; `undefined` for no other attempt. */
  pause(retries: number, cause: Error): number | undefined
}

/** Any options, of whatever library. */
interface Options {
  readonly [name: string]: unknown
}

const EXPECTED =
  "client: expected what createClient or createCluster of 'redis' 5 or newer makes, or createSentinel of 6, or a Redis or Cluster of 'ioredis' 5 or newer"

/** The route of a client. Throws a `TypeError` for what is none. */
export function routeOf(client: unknown): Route {
  const { duplicate, withCommandOptions, getSentinelNode, status, options } = Object(client ?? {})
  if (typeof getSentinelNode === 'function' && duplicate === undefined) {
    throw new TypeError(
      `${EXPECTED}; got a sentinel of 'redis' 5, which keeps its options to itself`,
    )
  }
  if (typeof client === 'object' && typeof duplicate === 'function') {
    if (typeof status === 'string') {
      const { isCluster, startupNodes = [] } = client as { isCluster?: unknown } & Options
      return isCluster === true
        ? ioCluster(startupNodes as unknown[], asOptions(options))
        : ioServer(asOptions(options))
    }
    const has = (name: string) => name in (client as object)
    if (typeof withCommandOptions === 'function' && !has('totalClients')) {
      if (has('socketEpoch') || has('isWatching')) return nodeServer(asOptions(options))
      const given = optionsOf(client as NodeRedisClient)
      if (Array.isArray(given.sentinelRootNodes)) return nodeSentinel(given)
      if (Array.isArray(given.rootNodes)) return nodeCluster(given)
    }
  }
  throw new TypeError(`${EXPECTED}; ${gotClient(client)}`)
}

function gotClient(client: unknown): string {
  const { totalClients, withCommandOptions, server_info } = Object(client ?? {})
  if (totalClients !== undefined)
    return 'got a pool, of which lembro has no use: it takes one connection'
  const isOld = server_info !== undefined || (client && typeof withCommandOptions !== 'function')
  const name = typeof client === 'object' ? client?.constructor?.name : undefined
  const old = isOld && typeof (client as Options).sendCommand === 'function'
  if (old) return `got a client of an older version of 'redis', or of another library`
  return name === undefined || name === 'Object' || name === 'Array' ? got(client) : `got a ${name}`
}

/** The options of a sentinel or a cluster of node-redis: private there, and handed to what `duplicate` makes. */
function optionsOf(client: NodeRedisClient): Options {
  let given: Options = {}
  class Taker {
    constructor(options: Options) {
      given = options
    }
  }
  const taker = Object.assign(Object.create(Taker.prototype), {
    _self: (client as unknown as Options)._self ?? client,
  })
  try {
    client.duplicate.call(taker)
  } catch {
    return {}
  }
  return given
}

function nodeServer(options: Options): Route {
  const socket = asOptions(options.socket)
  return {
    ...nodeRoute(options, options),
    ...{ kind: 'server', places: [nodePlace(socket)], sentinelName: undefined },
    placeOf: (host, port) => nodePlace({ ...socket, host, port }),
  }
}

function nodeSentinel(options: Options): Route {
  const node = asOptions(options.nodeClientOptions)
  const asking = asOptions(options.sentinelClientOptions)
  const roots = options.sentinelRootNodes as Options[]
  return {
    ...nodeRoute(options, node),
    ...{ kind: 'sentinel', sentinelName: String(options.name) },
    askingLogin: nodeLogin(asking),
    places: roots.map((root) => nodePlace({ ...asOptions(asking.socket), ...root })),
    placeOf: mapped(options.nodeAddressMap, (host, port) =>
      nodePlace({ ...asOptions(node.socket), host, port }),
    ),
  }
}

function nodeCluster(options: Options): Route {
  const defaults = asOptions(options.defaults)
  const roots = (options.rootNodes as Options[]).map((root) =>
    typeof root.url === 'string' ? { ...root, ...ofUrl(root.url) } : root,
  )
  const socket = { ...asOptions(roots[0]?.socket), ...asOptions(defaults.socket) } as Options
  const hasLogin = defaults.password !== undefined || defaults.credentialsProvider !== undefined
  return {
    ...nodeRoute(options, hasLogin ? defaults : { ...roots[0], ...defaults }),
    ...{ kind: 'cluster', database: undefined, sentinelName: undefined },
    places: roots.map((root) =>
      nodePlace({ ...asOptions(defaults.socket), ...asOptions(root.socket) }),
    ),
    placeOf: mapped(options.nodeAddressMap, (host, port) =>
      nodePlace({ ...socket, path: undefined, host, port }),
    ),
  }
}

/** What the routes of node-redis have in common: `options` of the whole, `node` of each server. */
function nodeRoute(options: Options, node: Options) {
  const login = nodeLogin(node)
  const strategy = asOptions(node.socket).reconnectStrategy
  return {
    ...{ login, askingLogin: login },
    database: node.database as number | undefined,
    name: node.name as string | undefined,
    keyPrefix: String(options.keyPrefix ?? node.keyPrefix ?? ''),
    pause(retries: number, cause: Error) {
      if (strategy === false) return undefined
      const asked = typeof strategy === 'function' ? strategy(retries, cause) : strategy
      if (asked === false || asked instanceof Error) return undefined
      return typeof asked === 'number' ? asked : defaultPause(retries)
    },
  }
}

function nodeLogin(options: Options): Login {
  const { username, password } = options as { username?: string; password?: string }
  const provider = asOptions(options.credentialsProvider) as {
    credentials?: Login
    subscribe?(listener: object): Promise<[Awaited<ReturnType<Login>>, { dispose(): void }]>
  }
  return async () => {
    if (provider.credentials !== undefined) return provider.credentials()
    if (provider.subscribe === undefined) return { username, password }
    const [credentials, subscription] = await provider.subscribe({ onNext() {}, onError() {} })
    subscription.dispose()
    return credentials
  }
}

function nodePlace(socket: Options): Place {
  const { host, port, path, tls, reconnectStrategy, socketTimeout, connectTimeout, ...more } =
    socket as Place & Options
  // node-redis takes the options of TLS among those of the socket.
  return { host, port: port && Number(port), path, tls: tls ? more : undefined, socket: more }
}

function ioServer(options: Options): Route {
  const { host, port, path, sentinels, sentinelTLS, enableTLSForSentinelMode } = options
  const isServer = !Array.isArray(sentinels) || sentinels.length === 0
  const place = { ...ioPlace(options, host, port), path } as Place
  if (isServer) {
    return { ...ioRoute(options, options), kind: 'server', places: [place], placeOf: () => place }
  }
  const { sentinelUsername: username, sentinelPassword: password } = options
  const tls = enableTLSForSentinelMode === true ? options.tls : undefined
  return {
    ...ioRoute(options, options),
    kind: 'sentinel',
    askingLogin: async () => ({ username, password }) as Awaited<ReturnType<Login>>,
    places: (sentinels as Options[]).map((each) =>
      ioPlace(
        { family: each.family ?? options.family, tls: sentinelTLS },
        each.host,
        each.port ?? 26379,
      ),
    ),
    placeOf: mapped(options.natMap, (to, at) => ioPlace({ ...options, tls }, to, at)),
  }
}

function ioCluster(nodes: readonly unknown[], options: Options): Route {
  const each = { ...asOptions(options.redisOptions) } as Options
  const places = nodes.map((node) => {
    if (typeof node === 'number') return { host: undefined, port: node } as Options
    if (typeof node !== 'string') return asOptions(node)
    const { socket, ...rest } = ofUrl(node.includes('://') ? node : `redis://${node}`)
    return { ...rest, ...socket, tls: socket.tls ? {} : undefined } as Options
  })
  const shared: Options = {
    username: places[0]?.username,
    password: places[0]?.password,
    tls: places[0]?.tls,
    ...each,
  }
  return {
    ...ioRoute({ ...options, retryStrategy: options.clusterRetryStrategy }, shared),
    ...{ kind: 'cluster', database: undefined },
    places: places.map(({ host, port, tls }) =>
      ioPlace({ ...shared, tls: tls ?? shared.tls }, host, port),
    ),
    placeOf: mapped(options.natMap, (host, port) => ioPlace(shared, host, port)),
  }
}

/** What the routes of ioredis have in common: `options` of the whole, `node` of each server. */
function ioRoute(options: Options, node: Options) {
  const { username, password, db, connectionName } = node
  const login = async () => ({ username, password }) as Awaited<ReturnType<Login>>
  const { retryStrategy } = options
  return {
    ...{ login, askingLogin: login, sentinelName: options.name as string | undefined },
    database: Number(db ?? 0) as number | undefined,
    name: (connectionName ?? undefined) as string | undefined,
    keyPrefix: String(options.keyPrefix ?? node.keyPrefix ?? ''),
    pause(retries: number) {
      if (typeof retryStrategy !== 'function') return defaultPause(retries)
      const asked: unknown = retryStrategy(retries + 1)
      return typeof asked === 'number' ? asked : undefined
    },
  }
}

function ioPlace({ family, tls }: Options, host: unknown, port: unknown): Place {
  return {
    host: (host ?? undefined) as string | undefined,
    port: Number(port ?? 6379),
    tls: tls ? asOptions(tls) : undefined,
    socket: family ? { family } : {},
  }
}

/** A place whose address may be another one from here: what `nodeAddressMap` of node-redis and `natMap` of ioredis say. */
function mapped(map: unknown, placeOf: Route['placeOf']): Route['placeOf'] {
  return (host, port) => {
    const address = `${host}:${port}`
    const found = typeof map === 'function' ? map(address) : asOptions(map)[address]
    const to = asOptions(found) as { host?: string; port?: number }
    return placeOf(to.host ?? host, Number(to.port ?? port))
  }
}

function ofUrl(url: string) {
  const { protocol, hostname, port, username, password } = new URL(url)
  const socket = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) }
  return {
    socket: { ...socket, tls: protocol === 'rediss:' },
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
  }
}

/** As node-redis: twice as long each time, two seconds at the most; not all processes at once. */
function defaultPause(retries: number): number {
  return Math.min(50 * 2 ** retries, 2000) + Math.floor(Math.random() * 200)
}

function asOptions(value: unknown): Options {
  return typeof value === 'object' && value !== null ? (value as Options) : {}
}
