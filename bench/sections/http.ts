/** Requests per second of an Express application, by the store that holds its sessions. */

import autocannon from 'autocannon'
import { Child } from '../child.js'
import { digits, percent, whole } from '../figures.js'
import type { Noise } from '../noise.js'
import type { Progress } from '../progress.js'
import type { Scale } from '../scale.js'
import { COMPARED, type StoreName } from '../stores.js'
import type { Table } from '../table.js'
import { type Turns, takeTurns } from '../turns.js'

export type Server = StoreName | 'none'
type Path = (typeof PATHS)[number]
export type HttpFigures = Readonly<Record<Path, Turns<Server>>>

const SERVERS: readonly Server[] = ['none', ...COMPARED]
const PATHS = ['read', 'write'] as const
const CONNECTIONS = 20
/** ms between the looks of the load at whether it is done. */
const LOOKS = 10
const SIGNED_IN = 200

export async function http(scale: Scale, progress: Progress, noise: Noise): Promise<HttpFigures> {
  const children: Child[] = []
  const requests = new Map<Server, (path: string) => Promise<number>>()
  try {
    for (const store of SERVERS) {
      progress.at(`starting ${store}`)
      const child = new Child()
      children.push(child)
      const url = `http://127.0.0.1:${await child.ask('serve', { store })}`
      const cookies = store === 'none' ? [''] : await signIn(url)
      requests.set(store, (path) => sendLoad(`${url}/${path}`, cookies, scale.http.requests))
      for (const path of PATHS) await requests.get(store)?.(path)
    }
    return await noise.quietest(PATHS, (path) => {
      progress.at(path)
      const load = (store: Server) => requests.get(store)?.(path) as Promise<number>
      return takeTurns(SERVERS, 'floor', scale.http.rounds, load)
    })
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

/** Cookies of as many browsers. */
export async function signIn(url: string): Promise<string[]> {
  const cookies: string[] = []
  for (let i = 0; i < SIGNED_IN; i++) {
    const { headers } = await fetch(`${url}/sign-in`)
    cookies.push(headers.get('set-cookie')?.split(';')[0] ?? '')
  }
  return cookies
}

/** Requests per second, each by the next of the browsers. */
export async function sendLoad(
  url: string,
  cookies: readonly string[],
  amount: number,
): Promise<number> {
  const requests = cookies.map((cookie) => ({ headers: { cookie } }))
  const began = performance.now()
  const { non2xx, errors } = await autocannon({
    url,
    connections: CONNECTIONS,
    amount,
    requests,
    sampleInt: LOOKS,
  })
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx + errors} requests failed`)
  return (amount * 1000) / (performance.now() - began)
}

export function httpTables({ read, write }: HttpFigures): Table[] {
  return [
    {
      title: 'Over HTTP: requests per second of an Express application',
      note: "Each has one process, the load another. A request takes hundreds of µs, of which the store takes a few: what is not far above the spread is no difference. memorystore and express-memfilestore, its fork, do the same, and so show what the machine adds. In brackets: the share of what the same application answers without sessions. The spread is that of the floor's rounds.",
      head: ['', 'read', 'write'],
      rows: [
        ...SERVERS.map((server) => [
          server === 'none' ? 'no sessions' : server,
          ...[read, write].map(
            ({ medians: of }) => `${whole(of[server])} (${digits(of[server] / of.none)})`,
          ),
        ]),
        ['spread', percent(read.spread), percent(write.spread)],
      ],
    },
  ]
}
