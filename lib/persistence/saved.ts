/** Owns what a session of the ledger is as a row, and what a row comes back as: its owner, its expiry and its weight may be others by now. */

import type { SessionData } from 'express-session'
import { type Clock, inSlices } from '../clock'
import { expiryOf, type KeptCookie, readableCookie } from '../entry/cookie'
import type { Entry, LastingEntry } from '../entry/entry'
import { flat } from '../entry/weigh'
import type { Ledger } from '../ledger/ledger'
import type { Intake } from '../session/incoming'
import type { Sessions } from '../session/sessions'
import { type Owner, ownerNamed } from '../settings/owner'
import type { Settings } from '../settings/settings'
import type { Row, Times } from '../sqlite/rows'
import type { Part } from './worker'

export interface SavedDependencies {
  readonly settings: Settings
  readonly clock: Clock
  readonly ledger: Ledger
  readonly intake: Intake
  readonly sessions: Sessions
}

type Admitted = Pick<Row, 'key' | 'sid' | 'body' | 'expires' | 'owner' | 'held' | 'created'>

/** Saved sessions that are brought back without a look at the clock. */
const AT_ONCE = 64
/** Longer than any tenure: what was imported belongs to known members. */
const LONG = 86_400_000

export class Saved {
  /** The last number that was given to a row or a state of one. */
  last = 0
  /** Whether a session counts from now on, which the file doesn't say yet. */
  isChanged = false
  readonly #needs: SavedDependencies

  constructor(needs: SavedDependencies) {
    this.#needs = needs
  }

  /** The row of an entry as it is now, with a key of its own from now on. */
  rowOf(entry: Entry): Row {
    const { sid, body, cookie, created } = entry
    if (entry.row === 0) (entry as LastingEntry).row = ++this.last
    return {
      ...this.timesOf(entry),
      ...{ sid, body, created, owner: this.#ownerOf(entry) },
      cookie: cookie === undefined ? null : cookie.attributes.text,
      dated: cookie?.attributes.dated === true ? 1 : 0,
    }
  }

  timesOf(entry: Entry): Times {
    const { unused, held } = this.#needs.ledger.timesOf(entry)
    return {
      ...{ key: entry.row, seq: ++this.last, expires: entry.expiry, held },
      used: this.#needs.clock.now() - unused,
      cookieExpires: entry.cookie?.expires ?? Number.NaN,
    }
  }

  /** Brings a part of what was saved back, in slices; `drop` hears of each row whose session is not there. */
  bringBack(part: Part, drop: (row: number) => void): Promise<void> {
    const each = this.#bringEach(part, drop)
    const step = () => {
      for (let n = 0; n < AT_ONCE; n++) if (each.next().done) return false
      return true
    }
    return new Promise((resolve) => inSlices(this.#needs.clock, step, resolve))
  }

  *#bringEach({ rows, imported }: Part, drop: (row: number) => void): Generator<void> {
    for (const row of rows) {
      this.last = Math.max(this.last, row.key, row.seq)
      if (!this.#restore(row)) drop(row.key)
      yield
    }
    for (const [sid, session] of imported) {
      this.#adopt(sid, session)
      yield
    }
  }

  /** Brings a saved session back. Returns whether it is there: not if it has expired, is too large by now, or is older than one of the same id. */
  #restore(row: Row): boolean {
    const { clock, intake, ledger } = this.#needs
    const { sid, cookie: attributes, dated, cookieExpires } = row
    const former = ledger.find(sid)
    // It came, or was there already, while the file could not be read.
    if (former?.row === 0) return false
    if (former?.row === row.key) return true
    if (former !== undefined) ledger.remove(former, 'invalidate')
    const cookie =
      attributes === null ? undefined : intake.jar.restore(attributes, dated === 1, cookieExpires)
    return this.#admit(row, cookie, clock.now() - row.used)
  }

  /** Brings a session in that comes from elsewhere. */
  #adopt(sid: string, session: unknown): void {
    if (typeof session !== 'object' || session === null) return
    const { clock, intake, ledger } = this.#needs
    if (ledger.find(sid) !== undefined) return
    const data = session as SessionData
    const now = clock.now()
    const cookie = readableCookie(data.cookie)
    if ((expiryOf(cookie, now) ?? Number.POSITIVE_INFINITY) <= now) return
    const body = intake.codec.encode(data, cookie)
    const expires = intake.withinLife(now, intake.expiryOf(sid, data, cookie, now))
    const kept = cookie === undefined ? undefined : intake.jar.keep(cookie, expires)
    this.#admit({ key: 0, sid, body, expires, owner: 0, held: LONG, created: now }, kept, 0)
  }

  #admit(row: Admitted, cookie: KeptCookie | undefined, unused: number): boolean {
    const { clock, intake, sessions } = this.#needs
    const { key, expires, created, held } = row
    const now = clock.now()
    const [sid, body] = [flat(row.sid), flat(row.body)]
    const entry = sessions.newEntry(sid, created === 0 ? now : created) as LastingEntry
    if (entry.created !== 0 && created === 0) this.isChanged = true
    const expiry = intake.withinLife(entry.created, expires)
    if (expiry <= now) return false
    const owner = this.#ownerOfRow(row.owner, () => {
      entry.body = body
      entry.cookie = cookie
      entry.expiry = expires
      return intake.codec.decode(entry)
    })
    entry.row = key
    // A cookie that goes by the entry's expiry keeps the one it was saved with.
    const kept = expiry === expires ? cookie : cookie?.at(expires)
    return sessions.restore(entry, { body, cookie: kept, expiry, owner }, unused, held)
  }

  #ownerOf(entry: Entry): Row['owner'] {
    const { owner } = entry
    if (this.#needs.settings.owner === undefined) return 0
    return owner === true ? 1 : (owner ?? null)
  }

  #ownerOfRow(saved: Row['owner'], decode: () => SessionData): Owner | undefined {
    const { intake, settings } = this.#needs
    if (settings.owner === undefined) return undefined
    if (saved !== 0) return saved === 1 ? true : (saved ?? undefined)
    try {
      return ownerNamed(intake.ownerOf(decode()))
    } catch {
      // A `get` of this session fails with the same error.
      return ownerNamed(intake.ownerOf({} as SessionData))
    }
  }
}
