/** A process with a lembro in front of Redis, that does what its parent says: run by `forkStore`. */

import { createClient } from 'redis'
import { Lembro } from '../../lib/redis/store'
import { type Data, load } from './sessions'

interface Ask {
  readonly id: number
  readonly act: 'watch' | 'write'
  readonly sid: string
  readonly count: number
  readonly name: string
}

const store = new Lembro(
  {
    client: createClient({ socket: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT) } }),
    onConflict: 'merge',
  },
  (error) => process.send?.({ ready: error === null, error: String(error) }),
)

store.on('error', () => {})
process.on('message', async (ask: Ask) => {
  const value = ask.act === 'watch' ? await watch(ask) : await write(ask)
  process.send?.({ id: ask.id, value })
})
process.on('disconnect', () => process.exit())

/** Reads a session again and again until it is gone; gives when that was, on the clock that all processes of a computer share. */
async function watch({ sid }: Ask): Promise<number> {
  while ((await store.get(sid)) !== undefined) await new Promise((resolve) => setImmediate(resolve))
  return performance.timeOrigin + performance.now()
}

/** Saves a session so many times, each time with a key of its own, as requests do. */
async function write({ sid, count, name }: Ask): Promise<number> {
  for (let n = 0; n < count; n++) {
    const live: Data = await load(store, sid)
    live[`${name}-${n}`] = n
    await store.set(sid, live)
  }
  return store.stats().conflicts
}
