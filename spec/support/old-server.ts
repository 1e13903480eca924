/** A Redis behind something that speaks RESP 2 only, and knows neither HELLO nor CLIENT. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Scope } from './redis'
import { single, type Topology } from './topologies'

export async function oldServer(t: Scope): Promise<Topology> {
  const topology = await single(t)
  const proxy = createServer((near) => {
    const far = connect(topology.ports[0] as number, '127.0.0.1')
    near.on('data', (chunk) => {
      // As a proxy that passes on commands it does not know as one that does not exist.
      far.write(chunk.toString('latin1').replace(/\$5\r\nHELLO\r\n/g, '$5\r\nXELLO\r\n'), 'latin1')
    })
    far.on('data', (chunk) => near.write(chunk))
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => proxy.close())
  const { port } = proxy.address() as AddressInfo
  return { ...topology, name: 'a server of RESP 2', ports: [port] }
}
