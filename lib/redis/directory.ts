/** Who has which sessions in a home: all of them, and those of one owner. Nothing of it goes into the near cache. */

import type { SessionData } from 'express-session'
import type { Core } from '../core'
import { ownerOfText } from './found'
import type { Home } from './home'
import type { Tier } from './tier'

/** Sessions that are read from the home at once. */
const AT_ONCE = 200

export class Directory {
  readonly #core: Core
  readonly #home: Home
  readonly #tier: Tier

  constructor(core: Core, home: Home, tier: Tier) {
    this.#core = core
    this.#home = home
    this.#tier = tier
  }

  /** The ids of all sessions. */
  async ids(): Promise<string[]> {
    const all = new Set<string>()
    for await (const sids of this.#home.ids()) for (const sid of sids) all.add(sid)
    return [...all]
  }

  /** All sessions by id, in an object without a prototype. */
  async all(): Promise<Record<string, SessionData>> {
    const all: Record<string, SessionData> = Object.create(null)
    for await (const sids of this.#home.ids()) {
      const texts = await this.#home.read(sids)
      for (const [i, sid] of sids.entries()) {
        const text = texts[i]
        if (text !== undefined) all[sid] = this.#core.codec.parse(text)
      }
    }
    return all
  }

  /** The ids of one owner's sessions, the one that expires last first. */
  async idsOf(owner: string): Promise<string[]> {
    const near = this.#core.ledger.entriesOf(owner).map((entry) => entry.sid)
    const sids = [...new Set([...(await this.#home.listed(owner)), ...near])]
    const theirs = new Set<string>()
    const others: string[] = []
    for (const sid of sids) {
      const entry = this.#tier.near.find(sid)
      if (entry === undefined) others.push(sid)
      else if (entry.isOwnedBy(owner)) theirs.add(sid)
    }
    for (let i = 0; i < others.length; i += AT_ONCE) {
      for (const sid of await this.#whose(owner, others.slice(i, i + AT_ONCE))) theirs.add(sid)
    }
    return sids.filter((sid) => theirs.has(sid))
  }

  /** Ends the sessions of one owner, except one. Gives how many it ended. */
  async destroyOwner(owner: string, except: string | undefined): Promise<number> {
    const { departed } = this.#core
    departed.destroyOwner(owner, except)
    const sids = (await this.idsOf(owner)).filter((sid) => sid !== except)
    let ended = 0
    for (let i = 0; i < sids.length; i += AT_ONCE) {
      ended += await this.#tier.destroy(sids.slice(i, i + AT_ONCE))
    }
    departed.destroyOwner(owner, except)
    return ended
  }

  /** Which of these sessions are the owner's. Takes those that have ended from the owner's list. */
  async #whose(owner: string, sids: readonly string[]): Promise<string[]> {
    const texts = await this.#home.read(sids)
    const ended = sids.filter((_, i) => texts[i] === undefined)
    if (ended.length > 0) await this.#home.unlist(owner, ended)
    return sids.filter((_, i) => {
      const text = texts[i]
      return text !== undefined && ownerOfText(this.#core, text) === owner
    })
  }
}
