/**
 * Sessions that live in a home of several processes, with the near cache before it. The home is the
 * truth: the near cache never says that a session is absent, and what it has was current when it came
 * and nobody has told of a change since.
 */

import type { SessionData } from 'express-session'
import type { Core } from '../core'
import { Counts } from './counts'
import { readFound } from './found'
import type { Home, HomeListener } from './home'
import { Near } from './near'
import type { NearEntry } from './near-entry'
import { Saving, type TierDependencies } from './saving'
import { Touching } from './touching'
import { Traffic } from './traffic'

/** Hears of the home's comings and goings. */
export type Told = (event: 'connect' | 'disconnect', error?: Error) => void

export class Tier implements HomeListener {
  readonly #deps: TierDependencies
  readonly #saving: Saving
  readonly #touching: Touching
  readonly #told: Told

  /** `touchAfter` in ms; `undefined` for the default. */
  constructor(core: Core, home: Home, touchAfter: number | undefined, told: Told) {
    const deps = { core, home, near: new Near(core), traffic: new Traffic<NearEntry | undefined>() }
    this.#deps = { ...deps, counts: new Counts() }
    this.#saving = new Saving(this.#deps)
    this.#touching = new Touching(this.#deps, touchAfter, (sid) => this.#fetch(sid))
    this.#told = told
  }

  get counts(): Counts {
    return this.#deps.counts
  }

  get near(): Near {
    return this.#deps.near
  }

  /** A session that the near cache has: in this entry, which it just found. */
  open(entry: NearEntry): SessionData {
    const { counts, core } = this.#deps
    counts.hits++
    core.stats.hits++
    return core.sessions.open(entry)
  }

  /** A session that it does not have; `undefined` if there is none. */
  async load(sid: string): Promise<SessionData | undefined> {
    const { sessions, stats, clock } = this.#deps.core
    const entry = await this.#fetch(sid)
    if (entry === undefined || entry.expiry <= clock.now()) {
      stats.misses++
      return undefined
    }
    stats.hits++
    return sessions.open(entry)
  }

  /** Stores a session. One that was loaded is stored only if it is still there. */
  set(sid: string, session: SessionData): Promise<void> {
    return this.#saving.save(sid, session)
  }

  /** Moves the expiry of a session. Gives a promise only if the home has to be told now. */
  touch(sid: string, session: SessionData): Promise<void> | undefined {
    return this.#touching.touch(sid, session)
  }

  /** Ends sessions. Gives how many were there. */
  async destroy(sids: readonly string[]): Promise<number> {
    const { home, traffic, counts, core } = this.#deps
    if (sids.length === 0) return 0
    const count = await traffic.write(sids, () => {
      const ended = sids.map((sid) => ({ sid, owner: this.#forget(sid) }))
      return home.destroy(ended)
    })
    counts.destroyed += count
    core.atRest()
    return count
  }

  /** Ends all sessions. */
  async clear(): Promise<void> {
    const { home, near, traffic, counts, core } = this.#deps
    // Also what was loaded from them: see `Link`.
    core.ledger.clear(core.clock.now())
    traffic.spoilAll()
    await near.without(async () => {
      for await (const sids of home.ids()) {
        counts.destroyed += await home.destroy(sids.map((sid) => ({ sid, owner: undefined })))
      }
      // What was read while they went is not kept either.
      traffic.spoilAll()
    })
  }

  invalidated(sid: string): void {
    const { near, traffic, counts, core } = this.#deps
    const spoilt = traffic.spoil(sid)
    if (near.drop(sid) || spoilt) counts.invalidations++
    core.atRest()
  }

  invalidatedAll(): void {
    const { near, traffic, counts, core } = this.#deps
    counts.invalidations += core.ledger.size
    traffic.spoilAll()
    near.dropAll()
  }

  connected(coherent: boolean): void {
    this.#deps.near.coherent = coherent
    this.#told('connect')
  }

  lost(error: Error | undefined): void {
    const { near, traffic, counts } = this.#deps
    near.coherent = false
    counts.losses++
    traffic.spoilAll()
    near.dropAll()
    this.#told('disconnect', error)
  }

  /** The entry of a session that lives in the home. */
  #fetch(sid: string): Promise<NearEntry | undefined> {
    const { home, near, traffic, counts, core } = this.#deps
    return traffic.load(sid, async (ticket) => {
      counts.loads++
      const found = await home.load(sid)
      if (found === undefined) return undefined
      const incoming = readFound(core, sid, found)
      const entry = near.take(incoming, this.#saving.versionOf(found.text), ticket)
      // One that connect-redis wrote joins its owner's list now. If that fails, with the next load.
      const owner = entry.ownerName
      if (owner !== undefined) home.list(sid, owner).catch(() => {})
      core.atRest()
      return entry
    })
  }

  /** Lets a session go that is about to end. Gives its owner's name, if that is known. */
  #forget(sid: string): string | undefined {
    const { ledger, departed } = this.#deps.core
    departed.destroy(sid)
    const entry = ledger.find(sid)
    const owner = entry?.ownerName
    if (entry !== undefined) ledger.remove(entry, 'destroy')
    return owner
  }
}
