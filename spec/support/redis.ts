/** Redis for specs: a server of its own on a free port, if redis-server is installed. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import type { LembroRedisOptions } from '../../lib/redis/options'
import { Lembro } from '../../lib/redis/store'

/** Far more than anything takes on a slow and busy machine. */
const PATIENCE_MS = 120_000

/** Whether there is a redis-server here. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** Skips a spec that needs redis-server if there is none, and says so. */
export const needsRedis = hasRedis
  ? {}
  : { skip: 'redis-server is not installed (Debian: apt-get install redis-server)' }

/** A spec, or a file of them: what ends with it. */
export interface Scope {
  after(clean: () => unknown): void
}

export type Client = ReturnType<typeof createClient>

export class RedisServer {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'lembro-redis-'))
  readonly #args: readonly string[]
  readonly #file: string | undefined
  #process: ChildProcess | undefined

  private constructor(port: number, args: readonly string[], file: string | undefined) {
    this.port = port
    this.#args = args
    this.#file = file
  }

  /** Starts a server that ends with the spec; a sentinel has a file of its configuration. */
  static async start(
    t: Scope,
    args: readonly string[] = [],
    file?: string,
    port?: number,
  ): Promise<RedisServer> {
    const server = new RedisServer(port ?? (await freePort()), args, file)
    t.after(() => server.remove())
    await server.start()
    return server
  }

  /** Starts it, for the first time or again, and waits until it answers. */
  async start(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder]
    const plain = ['--save', '', '--daemonize', 'no']
    const file = this.#file === undefined ? [] : [this.#file]
    const rest = this.#file === undefined ? plain : []
    const given = [...file, ...own, ...rest, ...this.#args]
    this.#process = spawn('redis-server', given, { stdio: 'ignore' })
    const began = Date.now()
    while (Date.now() - began < PATIENCE_MS) {
      if (await answers(this.port)) return
      await pause(20)
    }
    throw new Error('redis-server does not answer')
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const process = this.#process
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return
    const ended = once(process, 'exit')
    process.kill('SIGKILL')
    await ended
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** A client of the application's, not connected. */
  client(options: object = {}): Client {
    const client = createClient({ socket: { host: '127.0.0.1', port: this.port }, ...options })
    client.on('error', () => {})
    return client as unknown as Client
  }

  /** A client that is connected for as long as the spec runs. */
  async connected(t: Scope, options: object = {}): Promise<Client> {
    const client = this.client(options)
    t.after(() => client.destroy())
    await client.connect()
    return client
  }

  /** A store that is ready, closed with the spec. */
  async store(t: Scope, options: Partial<LembroRedisOptions> = {}): Promise<Lembro> {
    return open(t, { client: this.client(), ...options })
  }
}

/** A store that is ready, closed with the spec. */
export function open(t: Scope, options: LembroRedisOptions): Promise<Lembro> {
  return new Promise((resolve, reject) => {
    const store: Lembro = new Lembro(options, (error) => {
      if (error === null) resolve(store)
      else reject(error)
    })
    // A server that ends with the spec is no news.
    store.on('error', () => {})
    t.after(() => store.close())
  })
}

/** Waits until something is so; fails when that takes too long. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`it never came: ${what}`)
    await pause(10)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Whether a server is there, with its data loaded. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (data) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(String(data)))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
  })
}
