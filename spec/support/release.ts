/** What a release has stored, as fixtures: written by `spec/fixtures/write.ts`, read by `spec/upgrade.spec.ts`. */

import { createClient } from 'redis'
import { systemClock } from '../../lib/clock'
import { HomeStore } from '../../lib/home/home-store'
import { routeOf } from '../../lib/redis/client'
import { namesOf } from '../../lib/redis/commands'
import { Connection } from '../../lib/redis/connection'
import { RedisHome } from '../../lib/redis/redis-home'
import { parseOptions } from '../../lib/settings/settings'
import type { LembroStore } from '../../lib/store'

export const KEYS = ['the key of the fixtures']
export const PREFIX = 'sess:'

/** What a key of Redis holds: a text, or the ids of a list by the instant at which they are over; and the ms that it lives. */
export interface RedisKey {
  readonly text?: string
  readonly ids?: readonly { readonly value: string; readonly score: number }[]
  readonly ms: number
}

/** A clock that stands where it is put, for files and keys that are older than the specs. */
export class Standing {
  at: number
  readonly #from: number
  readonly after = systemClock.after
  readonly globalAfter = systemClock.globalAfter
  readonly breathe = systemClock.breathe

  constructor(at: number) {
    this.at = at
    this.#from = at
  }

  now(): number {
    return this.at
  }

  elapsed(): number {
    return this.at - this.#from
  }
}

/** What a store says of all that it holds. */
export async function toldBy(store: LembroStore) {
  const devices = await store.sessionsOf('ann')
  return {
    sessions: JSON.parse(JSON.stringify(await store.all())) as Record<string, object>,
    owned: (await store.idsOf('ann')).sort(),
    devices: devices.map(({ handle, created, device }) => ({ handle, created, device })),
  }
}

export type Told = Awaited<ReturnType<typeof toldBy>>

/** The store before Redis, by a clock of its own. */
export function redisStore(port: number, clock: Standing): Promise<HomeStore> {
  const route = routeOf(createClient({ socket: { host: '127.0.0.1', port } }))
  const names = namesOf('', PREFIX)
  const home = new RedisHome(new Connection(route, names, systemClock), names, clock)
  return new Promise((resolve, reject) => {
    const settings = parseOptions({ describe: deviceOf })
    const store = new HomeStore(home, settings, undefined, { clock }, (error) => {
      if (error === null) resolve(store)
      else reject(error)
    })
    store.on('error', () => {})
  })
}

export function deviceOf({ headers }: { headers: { 'user-agent'?: string | undefined } }): string {
  return String(headers['user-agent'])
}
