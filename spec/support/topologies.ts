/** Several servers of Redis for specs: a primary that sentinels watch, and a cluster of three primaries and three replicas. */

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import Redis from 'ioredis'
import type { ClientKind } from './clients'
import { newFolder } from './folder'
import { RedisServer, type Scope, until } from './redis'

/** Servers, and how a client finds them. */
export interface Topology {
  readonly name: string
  readonly kind: ClientKind['kind']
  readonly ports: readonly number[]
  /** Runs a command on each primary. */
  onPrimaries(args: readonly string[]): Promise<unknown[]>
  /** Kills the primary of a key, and gives once another one is there. */
  failOver(key: string): Promise<void>
  /** Moves the slot of a key to another primary, while it is used. */
  moveSlot?(key: string): Promise<void>
  /** Writes as any client does. */
  write(key: string, text: string): Promise<void>
}

async function command(port: number, args: readonly string[]): Promise<unknown> {
  // Of ioredis, since each client of node-redis makes a class of its own with all commands.
  const client = new Redis({ port, lazyConnect: true, retryStrategy: null })
  client.on('error', () => {})
  try {
    await client.connect()
    const [name = '', ...rest] = args
    return await client.call(name, rest)
  } finally {
    client.disconnect()
  }
}

/** One server. */
export async function single(t: Scope, args: readonly string[] = []): Promise<Topology> {
  const server = await RedisServer.start(t, args)
  const { port } = server
  return {
    ...{ name: 'one server', kind: 'server', ports: [port] },
    onPrimaries: async (args) => [await command(port, args)],
    failOver: async () => {
      await server.kill()
      await server.start()
    },
    write: async (key, text) => void (await command(port, ['SET', key, text])),
  }
}

/** A primary with a replica, and three sentinels. */
export async function sentinels(t: Scope): Promise<Topology> {
  const primary = await RedisServer.start(t)
  const replica = await RedisServer.start(t, ['--replicaof', '127.0.0.1', String(primary.port)])
  const linked = async () =>
    /master_link_status:up/.test(String(await command(replica.port, ['INFO', 'replication'])))
  await until(linked, 'the replica follows')
  const watching: RedisServer[] = []
  for (let i = 0; i < 3; i++) {
    const file = join(newFolder(), 'sentinel.conf')
    writeFileSync(
      file,
      `sentinel monitor main 127.0.0.1 ${primary.port} 2\nsentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n`,
    )
    watching.push(await RedisServer.start(t, ['--sentinel'], file))
  }
  const ports = watching.map(({ port }) => port)
  const knowing = async () => {
    const answers = await Promise.all(
      ports.map((port) => command(port, ['SENTINEL', 'CKQUORUM', 'main']).catch(String)),
    )
    const replicas = await Promise.all(
      ports.map((port) => command(port, ['SENTINEL', 'REPLICAS', 'main'])),
    )
    return (
      answers.every((answer) => /^OK 3/.test(String(answer))) &&
      replicas.every((each) => (each as unknown[]).length === 1)
    )
  }
  await until(knowing, 'the sentinels know each other')
  const current = async () => {
    const [, port] = (await command(ports[0] as number, [
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      'main',
    ])) as string[]
    return Number(port)
  }
  return {
    ...{ name: 'sentinels', kind: 'sentinel', ports },
    onPrimaries: async (args) => [await command(await current(), args)],
    failOver: async () => {
      const old = await current()
      await (old === primary.port ? primary : replica).kill()
      await until(async () => (await current()) !== old, 'another primary is named')
    },
    write: async (key, text) => void (await command(await current(), ['SET', key, text])),
  }
}

/** Three primaries, each with a replica. */
export async function cluster(t: Scope): Promise<Topology> {
  const args = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-replica-validity-factor',
    '0',
  ]
  const nodes: RedisServer[] = []
  for (let i = 0; i < 6; i++) {
    const port = await clusterPort()
    nodes.push(
      await RedisServer.start(
        t,
        [...args, '--cluster-config-file', `nodes-${port}.conf`],
        undefined,
        port,
      ),
    )
  }
  const [first] = nodes as [RedisServer]
  const each = <Value>(run: (port: number, i: number) => Promise<Value>) =>
    Promise.all(nodes.map(({ port }, i) => run(port, i)))
  await each((port, i) => command(port, ['CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1)]))
  for (const { port } of nodes.slice(1))
    await command(first.port, ['CLUSTER', 'MEET', '127.0.0.1', String(port)])
  const ranges = [
    ['0', '5460'],
    ['5461', '10922'],
    ['10923', '16383'],
  ] as const
  for (const [i, range] of ranges.entries()) {
    await command((nodes[i] as RedisServer).port, ['CLUSTER', 'ADDSLOTSRANGE', ...range])
  }
  const ids = (await each((port) => command(port, ['CLUSTER', 'MYID']))) as string[]
  const known = async () =>
    (await each((port) => command(port, ['CLUSTER', 'NODES']))).every((text) =>
      ids.every((id) => String(text).includes(id)),
    )
  await until(known, 'the nodes know each other')
  for (let i = 3; i < 6; i++) {
    await until(
      async () =>
        (await command((nodes[i] as RedisServer).port, [
          'CLUSTER',
          'REPLICATE',
          String(ids[i - 3]),
        ]).catch(() => '')) === 'OK',
      'a replica follows',
    )
  }
  const isOk = async (port: number) =>
    /cluster_state:ok/.test(String(await command(port, ['CLUSTER', 'INFO']).catch(() => '')))
  await until(async () => (await each(isOk)).every(Boolean), 'the cluster is up')
  const alive = new Set(nodes)
  /** The port of the primary of a slot, as a node says that is alive. */
  const primaries = async () => {
    const [node] = [...alive] as [RedisServer]
    const slots = (await command(node.port, ['CLUSTER', 'SLOTS'])) as [
      number,
      number,
      [string, number],
    ][]
    return slots.map(([from, to, [, port]]) => ({ from, to, port }))
  }
  const primaryOf = async (key: string) => {
    const [node] = [...alive] as [RedisServer]
    const slot = Number(await command(node.port, ['CLUSTER', 'KEYSLOT', key]))
    return (await primaries()).find(({ from, to }) => from <= slot && slot <= to)?.port as number
  }
  await until(async () => {
    const counts = await Promise.all(
      nodes.slice(0, 3).map(({ port }) => command(port, ['INFO', 'replication'])),
    )
    return counts.every(
      (info) => /connected_slaves:1/.test(String(info)) && /state=online/.test(String(info)),
    )
  }, 'each primary has a replica')
  return {
    ...{ name: 'a cluster', kind: 'cluster', ports: nodes.map(({ port }) => port) },
    onPrimaries: async (args) =>
      Promise.all((await primaries()).map(({ port }) => command(port, args))),
    failOver: async (key) => {
      const old = await primaryOf(key)
      const node = nodes.find(({ port }) => port === old) as RedisServer
      alive.delete(node)
      await node.kill()
      await until(
        async () =>
          (await primaryOf(key)) !== old &&
          (await Promise.all([...alive].map(({ port }) => isOk(port)))).every(Boolean),
        'a replica takes over',
      )
    },
    moveSlot: async (key) => {
      const from = await primaryOf(key)
      const to = (await primaries()).map(({ port }) => port).find((port) => port !== from) as number
      const slot = String(await command(from, ['CLUSTER', 'KEYSLOT', key]))
      const [source, target] = await Promise.all(
        [from, to].map((port) => command(port, ['CLUSTER', 'MYID'])),
      )
      await command(to, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(source)])
      await command(from, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(target)])
      for (;;) {
        const keys = (await command(from, ['CLUSTER', 'GETKEYSINSLOT', slot, '10'])) as string[]
        if (keys.length === 0) break
        await command(from, ['MIGRATE', '127.0.0.1', String(to), '', '0', '5000', 'KEYS', ...keys])
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const port of [to, from])
        await command(port, ['CLUSTER', 'SETSLOT', slot, 'NODE', String(target)])
    },
    write: async (key, text) => void (await command(await primaryOf(key), ['SET', key, text])),
  }
}

/** A port whose bus, 10,000 above it, is free as well. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
