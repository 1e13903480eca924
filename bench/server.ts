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

  private constructor(port: number) {
    this.port = port
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', args, { stdio: 'ignore' })
  }

  /** Starts a server, uses it and ends it, whatever happens. */
  static async with<Result>(use: (server: RedisServer) => Promise<Result>): Promise<Result> {
    const server = new RedisServer(await freePort())
    try {
      await server.#ready()
      return await use(server)
    } finally {
      server.#process.kill()
    }
  }

  /** The commands that it has carried out so far. */
  async commands(): Promise<number> {
    const client = clientOf(this.port)
    await client.connect()
    const stats = await client.info('stats')
    client.destroy()
    return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1])
  }

  async #ready(): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (performance.now() < end) {
      const known = await this.commands().catch(() => undefined)
      if (known !== undefined) return
      await new Promise((resolve) => setTimeout(resolve, LOOKS_MS))
    }
    throw new Error('redis-server does not answer')
  }
}

function clientOf(port: number) {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false } })
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
