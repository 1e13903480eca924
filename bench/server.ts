/** A redis-server for the bench: on a free port, in memory alone, for as long as it is used. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createClient } from 'redis'

const PATIENCE_MS = 5000
const LOOKS_MS = 20

/** Whether there is a redis-server here. */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

export class RedisServer {
  readonly port: number
  readonly #process: ChildProcess
  readonly #client: ReturnType<typeof clientOf>

  private constructor(port: number) {
    this.port = port
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', args, { stdio: 'ignore' })
    this.#client = clientOf(port)
  }

  /** Starts a server; {@link end} ends it. */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort())
    try {
      await server.#client.connect()
    } catch (error) {
      server.end()
      throw error
    }
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

function clientOf(port: number) {
  // It takes a moment until it listens.
  const reconnectStrategy = (retries: number) => retries * LOOKS_MS < PATIENCE_MS && LOOKS_MS
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy } })
  client.on('error', () => {})
  return client
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
