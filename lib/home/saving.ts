/**
 * Storing a session in its home: in any case if it is new; only if it is still there if it was loaded,
 * so that a logout sticks; and merged with what other processes wrote meanwhile, if that is wanted.
 */

import type { SessionData } from 'express-session'
import type { Core } from '../core'
import { Entry } from '../entry/entry'
import type { Incoming } from '../session/incoming'
import { coded } from '../settings/check'
import { ownerNamed } from '../settings/owner'
import { toText } from '../settings/size'
import type { Condition, Home, HomeSession, Listing } from './home'
import { type Loaded, type Near, NearEntry, secondsOf } from './near'
import { nameOf, textOf } from './reading'
import type { Traffic } from './traffic'

/** Times that a save is merged and tried again while others change the session. */
const MOST_TRIES = 100
/** The share of its ttl for which a session is listed beyond its end, so that not each save and touch has to renew that. */
const LISTED_LONGER = 1 / 5

/** What a save sent, and how it ended. */
interface Sent {
  readonly outcome: 'saved' | 'gone' | HomeSession
  readonly incoming: Incoming
  readonly text: string
  readonly listedUntil: number
  readonly life: number
}

const NOTHING = Promise.resolve()

export class Saving {
  /** How many sessions were stored. */
  count = 0
  /** The last save of each session that has one under way. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(
    private readonly core: Core,
    private readonly home: Home,
    private readonly near: Near,
    private readonly traffic: Traffic<Loaded | undefined>,
  ) {}

  /**
   * Stores a session; one that was loaded only if it is still there. Throws or rejects for one that
   * can't be stored; what is stored then stays as it is.
   */
  save(sid: string, given: SessionData): Promise<void> {
    const { intake, sessions, settings } = this.core
    const incoming = intake.prepare(sid, given)
    if (sessions.refuses(incoming)) return NOTHING
    this.#checkSize(incoming)
    if (settings.onConflict === 'overwrite') return this.#write(incoming)
    return this.#inTurn(sid, () => this.#write(incoming))
  }

  /** Which list a session has to be put into that is to live so many ms; `undefined` if it is known to be there. */
  listingOf(
    owner: string | undefined,
    ttl: number,
    known: NearEntry | undefined,
  ): Listing | undefined {
    if (owner === undefined) return undefined
    const until = (known?.ownerName === owner && known.listedUntil) || 0
    if (until >= secondsOf(this.core.clock.now() + ttl)) return undefined
    return { owner, ms: ttl + ttl * LISTED_LONGER }
  }

  /** The saves of one session, in their order: one that is tried again must not overtake the next. */
  #inTurn(sid: string, run: () => Promise<void>): Promise<void> {
    const before = this.#last.get(sid)
    const mine = before === undefined ? run() : before.then(run, run)
    const forget = () => {
      if (this.#last.get(sid) === mine) this.#last.delete(sid)
    }
    this.#last.set(sid, mine)
    mine.then(forget, forget)
    return mine
  }

  async #write(prepared: Incoming): Promise<void> {
    const { intake, clock, sessions, settings, stats } = this.core
    const { sid, session } = prepared
    // The save before may have been of the same session: what that stored is what this one starts from.
    const incoming = { ...prepared, link: intake.linkOf(sid, session) }
    const linked = incoming.link?.entry
    const known = this.near.find(sid) ?? (linked instanceof NearEntry ? linked : undefined)
    const ticket = this.traffic.begin([sid])
    try {
      const isOver = incoming.expiry <= clock.now()
      this.near.drop(sid, isOver ? 'expire' : 'invalidate')
      if (isOver) {
        // Nobody could read it again: what it would replace goes.
        await this.home.destroy([sid])
        return
      }
      const isCompared = incoming.link !== undefined && settings.onConflict !== 'overwrite'
      const sent = isCompared
        ? await this.#merge(incoming, known)
        : await this.#overwrite(incoming, known)
      if (sent?.outcome !== 'saved') {
        if (sent !== undefined) stats.refusedDestroyed++
        return
      }
      // After a comparison others may have written: see docs/redis.md, "How it stays right".
      const good = ticket.good && !isCompared
      const entry = this.near.take(sent.incoming, sent.text, sent.life, good)
      entry.listedUntil = sent.listedUntil
      sessions.link(entry, sent.incoming)
      this.count++
    } catch (thrown) {
      if (Object(thrown).code === 'ESESSIONTOOBIG') stats.tooBig++
      throw thrown
    } finally {
      this.traffic.end([sid], ticket)
    }
  }

  #overwrite(incoming: Incoming, known: NearEntry | undefined): Promise<Sent> {
    if (incoming.link === undefined) return this.#send(incoming, known, 'always')
    // What this process knows of; to ask for the others would cost every save a round trip.
    if (incoming.link.isInConflictWith(known)) this.core.stats.conflicts++
    return this.#send(incoming, known, 'exists')
  }

  /** Saves what others have not changed, or else what comes of both. Gives nothing if the session was ended here meanwhile, which is counted. */
  async #merge(incoming: Incoming, known: NearEntry | undefined): Promise<Sent | undefined> {
    const { intake, sessions, stats } = this.core
    let held = known
    let counted = false
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (!counted && incoming.link?.isInConflictWith(held)) {
        stats.conflicts++
        counted = true
      }
      const merged = intake.merge(incoming, held)
      // The application was asked, and others had their turn.
      if (sessions.refuses(incoming)) return undefined
      const sent = await this.#send(merged, held, { version: held?.version ?? '' })
      if (typeof sent.outcome === 'string') return sent
      held = this.near.read(incoming.sid, sent.outcome, false)?.entry
      // Somebody wrote there what is no session.
      if (held === undefined) return { ...sent, outcome: 'gone' }
    }
    const message = `session: others changed it ${MOST_TRIES} times while it was saved: it is not stored`
    throw coded('ECONFLICT', message)
  }

  async #send(incoming: Incoming, known: NearEntry | undefined, when: Condition): Promise<Sent> {
    const { sid, expiry } = incoming
    const text = textOf(this.core, incoming)
    const now = this.core.clock.now()
    const ttl = expiry - now
    const owner = nameOf(incoming.owner)
    const listing = this.listingOf(owner, ttl, known)
    const former = known?.ownerName
    const formerOwner = former === owner ? undefined : former
    const linked = incoming.link?.entry
    const before = linked instanceof NearEntry ? linked.life : 0
    const saved = await this.home.save({
      ...{ sid, text, ttl, when, life: before, listing, formerOwner },
      owner: ownerNamed(incoming.owner),
    })
    const [outcome, life] = typeof saved === 'number' ? ['saved' as const, saved] : [saved, before]
    const listedUntil =
      listing === undefined ? (known?.listedUntil ?? 0) : secondsOf(now + listing.ms)
    return { outcome, incoming, text, listedUntil, life }
  }

  // Only if it is asked for: what is too large for the near cache alone lives in the home.
  #checkSize(incoming: Incoming): void {
    const { settings, intake, ledger, stats } = this.core
    const most = settings.maxEntryBytes
    if (settings.given.maxEntrySize === undefined) return
    const entry = new Entry(incoming.sid)
    const bytes = ledger.weigh(entry, intake.contentOf(entry, incoming))
    if (bytes <= most) return
    stats.tooBig++
    const message = `session of ${toText(bytes)} is larger than maxEntrySize, ${toText(most)}: it is not stored`
    throw coded('ESESSIONTOOBIG', message, {}, RangeError)
  }
}
