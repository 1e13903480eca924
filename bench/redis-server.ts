/** A redis-server of the bench's own, in memory alone. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createClient } from 'redis'

/** Whether there is a redis-server here. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

export type RedisServer = Awaited<ReturnType<typeof startRedis>>

/** Starts a server on a free port. */
export async function startRedis() {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  await once(free.close(), 'close')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', args, { stdio: 'ignore' })
  // It takes a moment until it listens.
  const reconnectStrategy = (retries: number) => retries < 250 && 20
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy } })
  client.on('error', () => {})
  const end = () => {
    client.destroy()
    server.kill()
  }
  await client.connect().catch((error) => {
    end()
    throw error
  })
  /** The commands that it has carried out so far, this one among them. */
  const commands = async () =>
    Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1])
  return { port, commands, end }
}
