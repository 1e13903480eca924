/**
 * Touches, told to the home only when they matter: each one that is told lets every other process
 * forget the session (measured: half of all reads then miss; without, none).
 */

import type { SessionData } from 'express-session'
import { readableCookie } from '../entry/readable-cookie'
import { toSession } from '../settings/check'
import { ROUNDING } from './found'
import { NearEntry } from './near-entry'
import type { TierDependencies } from './saving'

/** The most ms by which a session expires early by default; of its ttl, the share. */
const LONGEST_DELAY = 60_000
const SHARE_OF_TTL = 1 / 10

export class Touching {
  readonly #deps: TierDependencies
  readonly #after: number | undefined
  readonly #load: (sid: string) => Promise<NearEntry | undefined>

  /** `after` in ms; `undefined` for the default. `load` gives the entry of a session. */
  constructor(
    dependencies: TierDependencies,
    after: number | undefined,
    load: (sid: string) => Promise<NearEntry | undefined>,
  ) {
    this.#deps = dependencies
    this.#after = after
    this.#load = load
  }

  /** Touches a session. Gives a promise only if the home has to be told. */
  touch(sid: string, given: SessionData): Promise<void> | undefined {
    const { near, counts, core } = this.#deps
    const { settings, intake, expiry, ledger, clock } = core
    const session = toSession(given)
    if (settings.disableTouch) return undefined
    const link = intake.linkOf(sid, session)
    const now = clock.now()
    const wanted = expiry.of(sid, session, readableCookie(session.cookie), now)
    if (link?.revoked(ledger.epoch) === true) return undefined
    const linked = link?.entry instanceof NearEntry ? link.entry : undefined
    // Most often the session of this request came from there: no need to look for it again.
    const isHeld = linked !== undefined && near.holds(linked, now)
    const entry = isHeld ? linked : near.find(sid)
    const known = entry ?? linked
    if (known === undefined || this.#isDue(known.expiry, wanted, now)) {
      return this.#tell(sid, wanted, known)
    }
    counts.touches++
    if (entry !== undefined) near.use(entry, now)
    return undefined
  }

  /** Whether an expiry has to be moved at once. */
  #isDue(from: number, to: number, now: number): boolean {
    if (from === to) return false
    const after = this.#after ?? Math.min(LONGEST_DELAY, (to - now) * SHARE_OF_TTL)
    return to - from >= after || to <= from - ROUNDING
  }

  async #tell(sid: string, wanted: number, known: NearEntry | undefined): Promise<void> {
    const { home, near, counts, core } = this.#deps
    // The owner's list lives as long as the session does: so it must be known whose it is.
    const entry = known ?? (await this.#load(sid))
    const now = core.clock.now()
    if (entry === undefined) return
    if (wanted <= now) {
      await this.#expire(entry)
      return
    }
    if (known === undefined && !this.#isDue(entry.expiry, wanted, now)) return
    const isThere = await home.touch(sid, wanted - now, entry.ownerName)
    if (!isThere) near.drop(sid)
    else {
      counts.touches++
      near.move(entry, wanted)
    }
    core.atRest()
  }

  async #expire({ sid, ownerName: owner }: NearEntry): Promise<void> {
    const { home, near, traffic } = this.#deps
    await traffic.write([sid], async () => {
      near.drop(sid, 'expire')
      await home.destroy([{ sid, owner }])
    })
  }
}
