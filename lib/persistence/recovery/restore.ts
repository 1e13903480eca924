/** Owns what a saved session comes back as: its owner, its expiry and its weight may be others by now. */

import type { SessionData } from 'express-session'
import type { Clock } from '../../clock'
import { expiryOf, readableCookie } from '../../entry/cookie'
import type { Ledger } from '../../ledger/ledger'
import type { Intake } from '../../session/incoming'
import type { Sessions } from '../../session/sessions'
import type { Owner } from '../../settings/owner'
import { ownerNamed } from '../../settings/owner'
import type { Settings } from '../../settings/settings'
import type { Saved } from './replay'

/** Ms for which a known member's session had been its owner's, as far as is known. */
const KNOWN = 60_000

export interface RestoreDependencies {
  readonly settings: Settings
  readonly clock: Clock
  readonly ledger: Ledger
  readonly intake: Intake
  readonly sessions: Sessions
}

export class Restore {
  /** Whether a session counts from now on, which the files don't say yet. */
  isChanged = false
  readonly #needs: RestoreDependencies

  constructor(needs: RestoreDependencies) {
    this.#needs = needs
  }

  /** A session from elsewhere as if it had been saved; `undefined` for what is no session, or has expired. */
  adopt(sid: string, session: unknown): Saved | undefined {
    if (typeof session !== 'object' || session === null) return undefined
    const { clock, intake } = this.#needs
    const data = session as SessionData
    const now = clock.now()
    const cookie = readableCookie(data.cookie)
    if ((expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now) return undefined
    const body = intake.codec.encode(data, cookie)
    const expiry = intake.withinLife(now, intake.expiryOf(sid, data, cookie, now))
    const kept = cookie === undefined ? undefined : intake.jar.keep(cookie, expiry)
    return {
      ...{ sid, body, cookie: kept, expiry, created: now },
      ...{ owner: null, known: true, length: body.length },
    }
  }

  /** Brings a saved session into the ledger. Returns whether it did: not if it has expired by now, or is too large by now. */
  restore({ sid, body, cookie, expiry, created, known, owner }: Saved): boolean {
    const { clock, intake, sessions } = this.#needs
    const now = clock.now()
    const entry = sessions.newEntry(sid, created === 0 ? now : created)
    if (entry.created !== 0 && created === 0) this.isChanged = true
    const kept = intake.withinLife(entry.created, expiry)
    if (kept <= now) return false
    const content = {
      body,
      // A cookie that goes by the entry's expiry keeps the one it was saved with.
      cookie: kept === expiry ? cookie : cookie?.at(expiry),
      expiry: kept,
      owner: this.#ownerOf(owner, () => {
        entry.body = body
        entry.cookie = cookie
        entry.expiry = expiry
        return intake.codec.decode(entry)
      }),
    }
    return sessions.restore(entry, content, 0, known && content.owner !== undefined ? KNOWN : 0)
  }

  #ownerOf(saved: Saved['owner'], decode: () => SessionData): Owner | undefined {
    const { settings, intake } = this.#needs
    if (saved !== null) return settings.owner === undefined ? undefined : saved
    try {
      return ownerNamed(intake.ownerOf(decode()))
    } catch {
      // A `get` of this session fails with the same error.
      return ownerNamed(intake.ownerOf({} as SessionData))
    }
  }
}
