/** Who has which sessions in a home: all of them, and those of one owner. Nothing of it goes into the near cache. */

import type { SessionData } from 'express-session'
import { toError } from '../call'
import type { Core } from '../core'
import { readableCookie } from '../entry/cookie'
import { handleOf, type OwnedSession, ownedSession } from '../session/devices'
import type { Home } from './home'
import { ownerOfText } from './reading'
import type { Tier } from './tier'

/** Sessions that are read from the home at once. */
const AT_ONCE = 200

export class Directory {
  constructor(
    private readonly core: Core,
    private readonly home: Home,
    private readonly tier: Tier,
  ) {}

  /** The ids of all sessions. */
  async ids(): Promise<string[]> {
    const all = new Set<string>()
    for await (const sids of this.home.ids()) for (const sid of sids) all.add(sid)
    return [...all]
  }

  /** All sessions by id, in an object without a prototype. One that can't be read is left out and reported. */
  async all(): Promise<Record<string, SessionData>> {
    const { codec, calls } = this.core
    const all: Record<string, SessionData> = Object.create(null)
    for await (const sids of this.home.ids()) {
      const texts = await this.home.read(sids)
      for (const [i, sid] of sids.entries()) {
        const text = texts[i]
        try {
          const session = text === undefined || text === '' ? null : codec.parse(text)
          if (session !== null) all[sid] = session
        } catch (thrown) {
          calls.report(toError(thrown))
        }
      }
    }
    return all
  }

  /** The ids of one owner's sessions, the one that expires last first. */
  async idsOf(owner: string): Promise<string[]> {
    const { sids, whole } = await this.home.listed(owner)
    const near = this.core.ledger.entriesOf(owner).map((entry) => entry.sid)
    const theirs = new Set<string>()
    for (const batch of batchesOf([...new Set([...sids, ...near])])) {
      for (const sid of await this.#whose(owner, batch, true)) theirs.add(sid)
    }
    if (whole) return [...theirs]
    // Sessions may be missing in the list: so each one that there is has to say whose it is.
    for await (const found of this.home.ids()) {
      for (const batch of batchesOf(found.filter((sid) => !theirs.has(sid)))) {
        for (const sid of await this.#whose(owner, batch, false)) theirs.add(sid)
      }
    }
    return [...theirs]
  }

  /** Ends the sessions of one owner, except one. Gives how many it ended. */
  async destroyOwner(owner: string, except: string | undefined): Promise<number> {
    const sids = (await this.idsOf(owner)).filter((sid) => sid !== except)
    let ended = 0
    for (const batch of batchesOf(sids)) ended += await this.tier.destroy(batch, owner)
    return ended
  }

  /** Ends the one of an owner's sessions that has that handle. Gives 1, or 0 if there is none. */
  async destroyOne(owner: string, handle: string): Promise<number> {
    const sid = (await this.idsOf(owner)).find((each) => handleOf(each) === handle)
    return sid === undefined ? 0 : this.tier.destroy([sid], owner)
  }

  /** What is told of each of an owner's sessions. When one was last used follows from how long it still lives. */
  async sessionsOf(owner: string, current: string | undefined): Promise<OwnedSession[]> {
    const { intake, codec, clock, settings } = this.core
    const told: OwnedSession[] = []
    for (const sid of await this.idsOf(owner)) {
      const found = await this.home.load(sid, (found) => found)
      if (found === undefined || found.text === '') continue
      const session = codec.parse(found.text)
      const now = clock.now()
      const asked = readableCookie(session.cookie)?.originalMaxAge
      // A touch gives it this long again; by the `ttl`, or a day, without a maxAge.
      const isByCookie = settings.ttl === undefined && typeof asked === 'number'
      const lifetime = isByCookie ? asked : intake.expiryOf(sid, session, undefined, now) - now
      const unused = Math.max(0, lifetime - found.left) || 0
      told.push(ownedSession(sid, session, current, now - unused))
    }
    return told
  }

  /**
   * Which of these sessions are the owner's. Of those that are `listed` as theirs it takes the others
   * from the list; one that can't be read counts as theirs, since nobody knows better.
   */
  async #whose(owner: string, sids: readonly string[], listed: boolean): Promise<string[]> {
    const texts = await this.home.read(sids)
    const theirs = sids.filter((_, i) => {
      const text = texts[i]
      if (text === undefined) return false
      try {
        return ownerOfText(this.core, text) === owner
      } catch {
        return listed
      }
    })
    const others = listed ? sids.filter((sid) => !theirs.includes(sid)) : []
    if (others.length > 0) await this.home.unlist(owner, others)
    return theirs
  }
}

function batchesOf(sids: readonly string[]): string[][] {
  const count = Math.ceil(sids.length / AT_ONCE)
  return Array.from({ length: count }, (_, i) => sids.slice(i * AT_ONCE, (i + 1) * AT_ONCE))
}
