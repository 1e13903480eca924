/** A redis-server of the bench's own, in memory alone. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createClient } from 'redis'

/** Whether there is a redis-server here. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

export class RedisServer {
  readonly #process: ChildProcess
  readonly #client

  private constructor(readonly port: number) {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', args, { stdio: 'ignore' })
    // It takes a moment until it listens.
    const reconnectStrategy = (retries: number) => retries < 250 && 20
    this.#client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy } })
    this.#client.on('error', () => {})
  }

  /** Starts a server on a free port; {@link end} ends it. */
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
