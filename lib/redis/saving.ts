/**
 * Storing a session in its home: in any case if it is new; only if it is still there if it was loaded,
 * so that a logout sticks; and merged with what other processes wrote meanwhile, if that is wanted.
 */

import type { SessionData } from 'express-session'
import type { Core } from '../core'
import { Entry } from '../entry/entry'
import { weigh } from '../entry/weight'
import { type Incoming, inConflict } from '../session/intake'
import { coded } from '../settings/errors'
import { toText } from '../settings/size'
import type { Counts } from './counts'
import { listName, readFound } from './found'
import type { Condition, Found, Home } from './home'
import type { Near } from './near'
import { NearEntry } from './near-entry'
import type { Ticket, Traffic } from './traffic'

/** Times that a save is merged and tried again while others change the session. */
const MOST_TRIES = 100

/** What the parts of a tier share. */
export interface TierDependencies {
  readonly core: Core
  readonly home: Home
  readonly near: Near
  readonly traffic: Traffic<NearEntry | undefined>
  readonly counts: Counts
}

/** What the home holds once a save is done. */
interface Stored {
  readonly incoming: Incoming
  readonly text: string
}

export class Saving {
  readonly #deps: TierDependencies
  /** The last save of each session that has one under way. */
  readonly #last = new Map<string, Promise<void>>()

  constructor(dependencies: TierDependencies) {
    this.#deps = dependencies
  }

  /** Stores a session. Rejects for one that can't be stored; what is stored then stays as it is. */
  async save(sid: string, given: SessionData): Promise<void> {
    const { core } = this.#deps
    const incoming = core.intake.prepare(sid, given)
    if (core.sessions.refuses(incoming)) return
    this.#checkSize(incoming)
    if (core.settings.onConflict === 'overwrite') await this.#write(incoming)
    else await this.#inTurn(sid, () => this.#write(incoming))
    core.atRest()
  }

  /** Names the text that a home holds, if a save will ask for that. */
  versionOf(text: string): string | undefined {
    const { core, home } = this.#deps
    return core.settings.onConflict === 'overwrite' ? undefined : home.versionOf(text)
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
    const { core, near, traffic, counts } = this.#deps
    const { sid, session } = prepared
    // The save before may have been of the same session: what that stored is what this one starts from.
    const incoming = { ...prepared, link: core.intake.linkOf(sid, session) }
    const linked = incoming.link?.entry
    const known = near.find(sid) ?? (linked instanceof NearEntry ? linked : undefined)
    await traffic.write([sid], async (ticket) => {
      if (incoming.expiry <= core.clock.now()) return this.#expire(sid, known)
      near.drop(sid)
      const stored = await this.#put(incoming, known)
      if (stored === undefined) return
      counts.sets++
      this.#keep(stored, ticket)
    })
  }

  #keep({ incoming, text }: Stored, ticket: Ticket): void {
    const { core, near } = this.#deps
    core.sessions.link(near.take(incoming, this.versionOf(text), ticket), incoming)
  }

  /** Nobody could read it again: what it would replace goes. */
  async #expire(sid: string, known: NearEntry | undefined): Promise<void> {
    const { near, home } = this.#deps
    near.drop(sid, 'expire')
    await home.destroy([{ sid, owner: known?.ownerName }])
  }

  /** Brings a session to the home. Gives what that holds then, or nothing if the session is gone. */
  async #put(incoming: Incoming, known: NearEntry | undefined): Promise<Stored | undefined> {
    const { core } = this.#deps
    const { sid, link } = incoming
    if (link === undefined) return this.#stored(await this.#send(incoming, known, 'always'))
    if (core.settings.onConflict === 'overwrite') {
      // What this process knows of; to ask for the others would cost every save a round trip.
      if (inConflict(incoming, known)) core.stats.conflicts++
      return this.#stored(await this.#send(incoming, known, 'exists'))
    }
    let held = known
    let counted = false
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (!counted && inConflict(incoming, held)) {
        core.stats.conflicts++
        counted = true
      }
      const merged = core.intake.reconcile(incoming, held)
      // The application was asked, and others had their turn.
      if (core.sessions.refuses(incoming)) return undefined
      const sent = await this.#send(merged, held, { version: held?.version ?? '' })
      if (sent.outcome === 'saved' || sent.outcome === 'gone') return this.#stored(sent)
      held = this.#heldAs(sid, sent.outcome)
    }
    const message = `session: others changed it ${MOST_TRIES} times while it was saved: it is not stored`
    throw coded('ECONFLICT', message)
  }

  async #send(incoming: Incoming, known: NearEntry | undefined, when: Condition) {
    const { core, home } = this.#deps
    const { sid, content, expiry } = incoming
    const text = core.codec.encode(content, undefined)
    const ttl = expiry - core.clock.now()
    const owner = listName(incoming.owner)
    const outcome = await home.save({
      sid,
      text,
      ttl,
      when,
      owner,
      previousOwner: known?.ownerName,
    })
    return { outcome, incoming, text }
  }

  #stored(sent: Stored & { readonly outcome: 'saved' | 'gone' | Found }): Stored | undefined {
    if (sent.outcome === 'saved') return sent
    this.#deps.core.stats.refusedDestroyed++
    return undefined
  }

  #heldAs(sid: string, found: Found): NearEntry {
    const { core, near } = this.#deps
    return near.take(readFound(core, sid, found), this.versionOf(found.text), { good: false })
  }

  // Only if it is asked for: what is too large for the near cache alone lives in the home.
  #checkSize(incoming: Incoming): void {
    const { settings, intake, stats } = this.#deps.core
    const most = settings.maxEntryBytes
    if (settings.given.maxEntrySize === undefined) return
    const entry = new Entry(incoming.sid)
    const bytes = weigh(entry, intake.contentOf(entry, incoming))
    if (bytes <= most) return
    stats.tooBig++
    const message = `session of ${toText(bytes)} is larger than maxEntrySize, ${toText(most)}: it is not stored`
    throw coded('ESESSIONTOOBIG', message, {}, RangeError)
  }
}
