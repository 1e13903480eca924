/** The stores of several processes side by side, all over one node-redis, and a redis-server of their own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { RedisStore } from 'connect-redis'
import type { Store } from 'express-session'
import { Lembro } from 'lembro/redis'
import { createClient, type RedisClientOptions } from 'redis'

const opens = {
  async 'lembro/redis'(port) {
    return new Promise((resolve, reject) => {
      // Room for all sessions of the bench.
      const options = { client: createClient(at(port)), maxSize: '64M' }
      const store: Lembro = new Lembro(options, (error) =>
        error === null ? resolve(store) : reject(error),
      )
    })
  },
  async 'connect-redis'(port) {
    return new RedisStore({ client: await createClient(at(port)).connect() })
  },
  async 'connect-redis, client-side cache'(port) {
    const clientSideCache = { ttl: 0, maxEntries: 100_000, evictPolicy: 'LRU' as const }
    const client = createClient({ ...at(port), RESP: 3, clientSideCache })
    return new RedisStore({ client: await client.connect() })
  },
} satisfies Record<string, (port: number) => Promise<Store>>

export type SharedName = keyof typeof opens
export const SHARED_NAMES = Object.keys(opens) as SharedName[]

/** A store that is ready, in front of the Redis on that port. */
export function openShared(name: SharedName, port: number): Promise<Store> {
  return opens[name](port)
}

/** Whether there is a redis-server here. */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

/** A redis-server on a free port, in memory alone. */
export class RedisServer {
  readonly port: number
  readonly #process: ChildProcess
  readonly #client

  private constructor(port: number) {
    this.port = port
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', args, { stdio: 'ignore' })
    // It takes a moment until it listens.
    const reconnectStrategy = (retries: number) => retries < 250 && 20
    this.#client = createClient({ socket: { ...at(port).socket, reconnectStrategy } })
    this.#client.on('error', () => {})
  }

  /** Starts a server; {@link end} ends it. */
  static async start(): Promise<RedisServer> {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    await once(free.close(), 'close')
    const server = new RedisServer(port)
    await server.#client.connect().catch((error) => {
      server.end()
      throw error
    })
    return server
  }

  /** The commands that it has carried out so far, this one among them. */
  async commands(): Promise<number> {
    return Number(/total_commands_processed:(\d+)/.exec(await this.#client.info('stats'))?.[1])
  }

  end(): void {
    this.#client.destroy()
    this.#process.kill()
  }
}

function at(port: number) {
  return { socket: { host: '127.0.0.1', port } } satisfies RedisClientOptions
}
