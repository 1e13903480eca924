/**
 * Pages that send two requests at a time, to two processes over HTTP: one saves the session, the other
 * only reads it, and touches it. What is stale after that, or lost, is what the near cache did wrong.
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import type { ClientKind } from './clients'
import { TYPESCRIPT } from './process'
import { pause, type Scope } from './redis'

/** Visitors whose pages are sent at once. */
const AT_ONCE = 25

export interface Pages {
  /** Pages after which the reader still saw what was there before, half a second later. */
  readonly stale: number
  /** Times that the reader saw it late, for less than half a second. */
  readonly late: number
  /** Pages of a visitor whose session had expired. */
  readonly expired: number
}

interface Options {
  readonly pages: number
  /** Of visitors there are so many, who come in turn. */
  readonly visitors?: number
  readonly maxAge?: number
  readonly options?: object
}

export async function sendPages(
  t: Scope,
  client: ClientKind,
  { pages, visitors = 200, maxAge = 60_000, options = {} }: Options,
): Promise<Pages> {
  const [writer, reader] = await Promise.all([1, 2].map(() => open(t, client, options, maxAge)))
  const ask = asking(t)
  const begin = async () => (await ask(writer as number, '/write/0', '')).cookie
  const cookies = await Promise.all(Array.from({ length: visitors }, begin))
  let [stale, late, expired] = [0, 0, 0]
  for (let from = 0; from < pages; from += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, pages - from) }, async (_, i) => {
        const n = from + i + 1
        const visitor = (from + i) % visitors
        const cookie = cookies[visitor] as string
        if ((await ask(reader as number, '/read', cookie)).text === 'undefined') {
          expired++
          cookies[visitor] = await begin()
          return
        }
        await Promise.all([
          ask(reader as number, '/read', cookie),
          ask(writer as number, `/write/${n}`, cookie),
        ])
        const seen = async () => (await ask(reader as number, '/read', cookie)).text
        if ((await seen()) === String(n)) return
        late++
        // A server that is put to sleep by a busy machine may have told the writer, and not yet the reader.
        let text = ''
        for (let i = 0; i < 10 && text !== String(n) && text !== 'undefined'; i++) {
          await pause(50)
          text = await seen()
        }
        // It may have expired in the middle of the page, on a machine that is busy.
        if (text === 'undefined') expired++
        else if (text !== String(n)) stale++
      }),
    )
  }
  return { stale, late, expired }
}

async function open(t: Scope, client: ClientKind, options: object, maxAge: number) {
  const child = fork(join(__dirname, 'redis-site.ts'), {
    execArgv: TYPESCRIPT,
    env: { ...process.env, SITE: JSON.stringify({ client, options, maxAge }) },
  })
  t.after(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  const [{ port, error }] = await once(child, 'message')
  if (error !== undefined) throw new Error(error)
  return port as number
}

function asking(t: Scope) {
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  return (port: number, path: string, cookie: string) =>
    new Promise<{ text: string; cookie: string }>((resolve, reject) => {
      const headers = cookie === '' ? {} : { cookie }
      const request = get({ port, path, agent, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          text += chunk
        })
        response.on('end', () => {
          const [set = ''] = response.headers['set-cookie'] ?? []
          if (response.statusCode === 200) resolve({ text, cookie: set.split(';', 1)[0] as string })
          else reject(new Error(`${path}: ${response.statusCode} ${text.slice(0, 200)}`))
        })
      })
      request.on('error', reject)
    })
}
