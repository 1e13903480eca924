/**
 * Sessions that live in a home of several processes, with the near cache before it. The home is the
 * truth: the near cache never says that a session is absent, and what it has was current when it came
 * and nobody has told of a change since.
 */

import type { SessionData } from 'express-session'
import { toError } from '../call'
import type { Core } from '../core'
import { readableCookie } from '../entry/cookie'
import { Entry } from '../entry/entry'
import type { Departure } from '../session/told'
import { toSession } from '../settings/check'
import type { Owner } from '../settings/owner'
import type { LembroStats } from '../stats'
import type { Home, HomeListener, HomeSession, Left } from './home'
import { type Loaded, Near, NearEntry } from './near'
import { ownerOfText, ROUNDING } from './reading'
import { Saving } from './saving'
import { Traffic } from './traffic'

/** The most ms by which a session expires early by default; of its ttl, the share. */
const LONGEST_DELAY = 60_000
const SHARE_OF_TTL = 1 / 10
/** Ms after which the home hears what was read here: Redis' clock for who was idle longest counts seconds. */
const USED_AFTER = 1000

/** Hears of the home's comings and goings. */
export type Told = (event: 'connect' | 'disconnect', error?: Error) => void

export class Tier implements HomeListener {
  readonly near: Near
  readonly saving: Saving
  readonly #traffic = new Traffic<Loaded | undefined>()
  readonly #counts = { hits: 0, loads: 0, invalidations: 0, losses: 0 }
  readonly #own = { touches: 0, destroyed: 0 }
  #connected = false
  /** What the near cache has answered since the home last heard of that. */
  #used = new Set<string>()

  /** `touchAfter` in ms; `undefined` for the default. */
  constructor(
    private readonly core: Core,
    private readonly home: Home,
    private readonly touchAfter: number | undefined,
    private readonly told: Told,
  ) {
    this.near = new Near(core, home)
    this.saving = new Saving(core, home, this.near, this.#traffic)
  }

  /** The stats of a store, in which `near` counts only what the near cache holds and lets go. */
  stats(near: LembroStats): LembroStats {
    const { coherent } = this.near
    const mine = Object.freeze({ ...this.#counts, connected: this.#connected, coherent })
    return Object.freeze({ ...near, ...this.#own, sets: this.saving.count, near: mine })
  }

  /** A session that the near cache has: in this entry, which it just found. */
  openNear(entry: NearEntry): SessionData {
    this.#counts.hits++
    this.core.stats.hits++
    if (this.#used.size === 0) this.core.clock.after(USED_AFTER, () => this.#tellUsed())
    this.#used.add(entry.sid)
    return this.core.sessions.open(entry)
  }

  /** A session that {@link load} gave; `undefined` if there is none. */
  open(loaded: Loaded | undefined): SessionData | undefined {
    const { sessions, stats, clock } = this.core
    if (loaded === undefined || loaded.entry.expiry <= clock.now()) {
      stats.misses++
      return undefined
    }
    stats.hits++
    const { entry, parsed } = loaded
    loaded.parsed = undefined
    return sessions.open(entry, parsed)
  }

  /** A session that the near cache does not have, from the home. Several loads of one are one. */
  load(sid: string): Promise<Loaded | undefined> {
    return this.#traffic.load(sid, this.near.coherent, (ticket) => {
      this.#counts.loads++
      return this.home.load(sid, (found) => found && this.near.read(sid, found, ticket.good))
    })
  }

  /**
   * Moves the expiry of a session. Gives a promise only if the home has to be told now: each touch that
   * is told lets every process forget the session (measured: half of all reads then miss; without, none).
   */
  touch(sid: string, given: SessionData): Promise<void> | undefined {
    const { settings, intake, ledger, clock } = this.core
    const session = toSession(given)
    if (settings.disableTouch) return undefined
    const link = intake.linkOf(sid, session)
    const now = clock.now()
    const wanted = intake.expiryOf(sid, session, readableCookie(session.cookie), now)
    if (link?.revoked === true) return undefined
    const entry = this.near.find(sid)
    const known = entry ?? (link?.entry instanceof NearEntry ? link.entry : undefined)
    if (known === undefined || this.#isDue(known.expiry, wanted, now)) {
      return this.#tellTouch(sid, wanted, known)
    }
    this.#own.touches++
    if (entry !== undefined) ledger.touch(entry, entry.cookie, entry.expiry, entry.bytes)
    return undefined
  }

  /** Ends sessions; `owner` is whose they are, if that is known. Gives how many were there. */
  async destroy(sids: readonly string[], owner?: string): Promise<number> {
    if (sids.length === 0) return 0
    const ticket = this.#traffic.begin(sids)
    let count = 0
    try {
      const owners = sids.map((sid) => this.#forget(sid) ?? owner)
      const texts = await this.home.destroy(sids)
      count = texts.filter((text) => text !== undefined).length
      const lists = new Map<string, string[]>()
      for (const [i, sid] of sids.entries()) {
        const name = owners[i] ?? this.#ownerOf(texts[i])
        if (typeof name === 'string') lists.set(name, [...(lists.get(name) ?? []), sid])
      }
      await Promise.all([...lists].map(([name, ended]) => this.home.unlist(name, ended)))
    } finally {
      this.#traffic.end(sids, ticket)
    }
    this.#own.destroyed += count
    return count
  }

  /** Ends all sessions. */
  async clear(): Promise<void> {
    // Also what was loaded from them: see `Link`.
    this.core.ledger.clear()
    this.#traffic.spoilAll()
    try {
      this.#own.destroyed += await this.home.clear()
    } finally {
      // Nor is what was read while they went found any more.
      this.#forgetAll()
    }
  }

  invalidated(sid: string): void {
    const spoilt = this.#traffic.spoil(sid)
    if (this.near.drop(sid) || spoilt) this.#counts.invalidations++
    this.core.calls.rest()
  }

  destroyed(sid: string, text: string): void {
    const { codec, told } = this.core
    if (!told.hears('destroy')) return
    const owner = this.#ownerOf(text)
    told.announce('destroy', sid, {
      owner,
      bytes: Buffer.byteLength(text),
      get session() {
        return codec.parse(text)
      },
    } satisfies Departure)
  }

  invalidatedAll(): void {
    this.#counts.invalidations += this.core.ledger.size
    this.#forgetAll()
  }

  connected(coherent: boolean): void {
    const wasConnected = this.#connected
    this.#connected = true
    if (!coherent) this.#loseChanges()
    this.near.coherent = coherent
    if (!wasConnected) this.told('connect')
  }

  wants(cause: Left['cause']): boolean {
    return this.core.told.wants(cause === 'limit' ? 'evict' : cause)
  }

  left(left: readonly Left[]): void {
    const { stats, told, calls } = this.core
    for (const { cause, trust, bytes, unused, session } of left) {
      const entry = (session && this.#entryOf(session)) ?? new Entry('')
      entry.lane = trust
      entry.bytes = bytes
      if (cause !== 'clear' && cause !== 'replace') stats.remove(entry, cause, unused)
      if (session === undefined) continue
      if (cause === 'clear') told.cleared(entry)
      else if (cause !== 'replace') told.remove(entry, cause)
    }
    calls.rest()
  }

  fault(error: Error): void {
    this.core.calls.report(error)
  }

  lost(error: Error | undefined): void {
    this.#connected = false
    this.#loseChanges()
    this.told('disconnect', error)
  }

  /** Changes may be missed from now on. */
  #loseChanges(): void {
    if (this.near.coherent) this.#counts.losses++
    this.near.coherent = false
    this.#forgetAll()
  }

  /** Anything may have changed. */
  #forgetAll(): void {
    this.#traffic.spoilAll()
    this.near.dropAll()
  }

  /** A session that is in its home no more. */
  #entryOf(found: HomeSession & { readonly sid: string }): NearEntry | undefined {
    try {
      return this.near.read(found.sid, found, false)?.entry
    } catch (thrown) {
      this.core.calls.report(toError(thrown))
      return undefined
    }
  }

  #tellUsed(): void {
    const used = this.#used
    this.#used = new Set()
    if (this.#connected) this.home.used([...used])
  }

  /** Whether an expiry has to be moved at once. */
  #isDue(from: number, to: number, now: number): boolean {
    if (from === to) return false
    const after = this.touchAfter ?? Math.min(LONGEST_DELAY, (to - now) * SHARE_OF_TTL)
    return to - from >= after || to <= from - ROUNDING
  }

  async #tellTouch(sid: string, wanted: number, known: NearEntry | undefined): Promise<void> {
    const { clock } = this.core
    // The owner's list lives as long as the session does: so it must be known whose it is.
    const entry = known ?? (await this.load(sid))?.entry
    const now = clock.now()
    if (entry === undefined) return
    if (known === undefined && !this.#isDue(entry.expiry, wanted, now)) return
    const ttl = wanted - now
    const ticket = this.#traffic.begin([sid])
    try {
      // What the home holds is unknown from now on: another process may have written just before, and
      // the home may tell of the last change only.
      this.near.drop(sid, ttl > 0 ? 'invalidate' : 'expire')
      const listing = this.saving.listingOf(entry.ownerName, ttl, entry)
      if (ttl <= 0) await this.home.destroy([sid])
      else if (await this.home.touch(sid, ttl, listing)) this.#own.touches++
    } finally {
      this.#traffic.end([sid], ticket)
    }
  }

  /** Lets a session go that is about to end. Gives its owner's name, if that is known. */
  #forget(sid: string): string | undefined {
    const { ledger } = this.core
    const entry = ledger.find(sid)
    const owner = entry?.ownerName
    if (entry !== undefined) ledger.remove(entry, 'destroy')
    return owner
  }

  /** `undefined` also for one that can't be read. */
  #ownerOf(text: string | undefined): Owner | undefined {
    try {
      return text === undefined ? undefined : ownerOfText(this.core, text)
    } catch {
      return undefined
    }
  }
}
