/** A way to a server that can be cut, or fall silent as a half-open connection does. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { pause, type Scope } from './redis'

export class Way {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #silent = false
  #reached = 0

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /** Forwards to a port of this computer; speaks TLS with those who come if it is told how. */
  static async open(t: Scope, target: number, tls?: TlsOptions): Promise<Way> {
    const forward = (near: Socket) => proxy.#forward(near, target)
    const server = tls === undefined ? createServer(forward) : createTlsServer(tls, forward)
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new Way(server)
    t.after(() => proxy.close())
    return proxy
  }

  /** From now on nothing comes through, in either direction, and nobody is told. */
  fallSilent(): void {
    this.#silent = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** New connections come through again. */
  recover(): void {
    this.#silent = false
  }

  /** Waits until so many connections have been accepted, and what was sent on them has had time to arrive. */
  async reached(count: number): Promise<void> {
    while (this.#reached < count) await pause(5)
    await pause(50)
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #forward(near: Socket, target: number): void {
    this.#reached++
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.on('data', (chunk) => to.write(chunk))
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
    if (this.#silent) {
      near.pause()
      far.pause()
    }
  }
}
