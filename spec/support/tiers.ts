/** Stores of several processes in front of one scripted server, under one clock. */

import { HomeStore } from '../../lib/home/home-store'
import type { LembroOptions } from '../../lib/settings/options'
import { parseOptions } from '../../lib/settings/settings'
import { FakeClock } from './clock'
import { type ScriptedHome, ScriptedServer } from './scripted-home'
import { type Data, plainSession } from './sessions'
import { coreOf } from './store'
import { nextTurn } from './time'

export interface Process {
  readonly store: HomeStore
  readonly home: ScriptedHome
}

export class Tiers {
  readonly clock = new FakeClock()
  readonly server = new ScriptedServer(this.clock)

  /** A process with a store of its own. */
  process(options: LembroOptions = {}, touchAfter?: number): Process {
    const home = this.server.home()
    const world = { clock: this.clock }
    const store = new HomeStore(home, parseOptions(options), touchAfter, world, undefined)
    store.on('error', () => {})
    return { store, home }
  }

  /** What a process that is no lembro writes: known to all the others. */
  write(sid: string, data: object, ttl = 60_000): void {
    this.server.put(sid, JSON.stringify(this.session(data, ttl)), ttl)
  }

  /** The same, and everybody has heard of it. */
  seed(sid: string, data: object, ttl?: number): void {
    this.write(sid, data, ttl)
    for (const home of this.server.homes) home.settle()
  }

  /** A session whose cookie expires so many ms from now. */
  session(data: object = {}, ttl = 60_000): Data {
    return plainSession(data, { expires: new Date(this.clock.now() + ttl), originalMaxAge: ttl })
  }
}

/** The session that the near cache of a process has; `undefined` if it has none. */
export function near({ store }: Process, sid: string): Data | undefined {
  const { ledger, codec } = coreOf(store)
  const entry = ledger.find(sid)
  return entry && (codec.decode(entry) as Data)
}

/** Lets answers that have arrived reach those who await them. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await nextTurn()
}
