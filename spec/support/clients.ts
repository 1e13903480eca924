/** Clients of the libraries that people have, from a description that another process can have too. */

import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis'
import { Cluster as IoCluster5, Redis as IoRedis5 } from 'ioredis5'
import { Redis as IoValkey, Cluster as IoValkeyCluster } from 'iovalkey'
import * as redis6 from 'redis'
import * as redis5 from 'redis5'
import type { LembroRedisOptions } from '../../lib/redis/options'

/** Which client: of which library, for what kind of servers, and where these are. */
export interface ClientKind {
  readonly library: keyof typeof LIBRARIES
  readonly kind: 'server' | 'sentinel' | 'cluster'
  readonly ports: readonly number[]
}

type AnyClient = LembroRedisOptions['client']

/** What is used of node-redis 5 and 6; their types differ from each other in much else. */
interface NodeRedis {
  createClient(options: object): unknown
  createSentinel(options: object): unknown
  createCluster(options: object): unknown
}
type Io = new (...args: never[]) => unknown

const NAME = 'main'

function node(library: unknown) {
  const { createClient, createSentinel, createCluster } = library as NodeRedis
  return ({ kind, ports }: ClientKind) => {
    const places = ports.map((port) => ({ host: '127.0.0.1', port }))
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }))
    if (kind === 'sentinel') return createSentinel({ name: NAME, sentinelRootNodes: places })
    if (kind === 'cluster') return createCluster({ rootNodes })
    return createClient({ socket: places[0] })
  }
}

function io(One: Io, Many: Io) {
  return ({ kind, ports }: ClientKind) => {
    const places = ports.map((port) => ({ host: '127.0.0.1', port }))
    const lazyConnect = true
    const [Any, More] = [One, Many] as unknown as [
      new (o: object) => unknown,
      new (n: object, o: object) => unknown,
    ]
    if (kind === 'sentinel') return new Any({ sentinels: places, name: NAME, lazyConnect })
    if (kind === 'cluster') return new More(places, { lazyConnect })
    return new Any({ ...places[0], lazyConnect })
  }
}

const LIBRARIES = {
  'redis 6': node(redis6),
  'redis 5': node(redis5),
  'ioredis 6': io(IoRedis, IoCluster),
  'ioredis 5': io(IoRedis5, IoCluster5),
  iovalkey: io(IoValkey, IoValkeyCluster),
}

/** A client as an application has it, not connected. */
export function clientOf(kind: ClientKind): AnyClient {
  const client = LIBRARIES[kind.library](kind) as AnyClient & {
    on(name: string, hear: () => void): void
  }
  client.on('error', () => {})
  return client
}
