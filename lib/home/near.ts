/**
 * The near cache: the ledger as a copy of what lives elsewhere. It finds only what is known to be
 * current, and loses everything at once when that can't be known any more.
 */

import type { SessionData } from 'express-session'
import { inSlices } from '../clock'
import type { Core } from '../core'
import { Entry } from '../entry/entry'
import { flat } from '../entry/weigh'
import type { Incoming } from '../session/incoming'
import type { Home, HomeSession } from './home'
import { readHomeSession } from './reading'

/** Seconds for which an entry may go unconfirmed: in case an invalidation is lost in a way that nobody thought of. */
const LONGEST_AGE = 60
/** Bytes of the five fields, and of the hex text that a version is: a header of 16 and 40 characters. */
const FIELDS_BYTES = 40
const VERSION_BYTES = 56

/** A session in the near cache. Made anew for each text: what it holds of a session never changes. */
export class NearEntry extends Entry {
  /** The second until which it is known to be in its owner's list. */
  listedUntil = 0

  constructor(
    sid: string,
    /** Of the text that its home holds; `undefined` if no save asks for it. */
    readonly version: string | undefined,
    /** Of the session in its home; 0 if that does not tell. */
    readonly life: number,
    /** Of the near cache when it came. Entries of an earlier one are not used. */
    readonly generation: number,
    /** When it came, in whole seconds. */
    readonly came: number,
  ) {
    super(flat(sid))
  }

  override get ownBytes(): number {
    return FIELDS_BYTES + (this.version === undefined ? 0 : VERSION_BYTES)
  }
}

/** A session that was loaded from its home. */
export interface Loaded {
  readonly entry: NearEntry
  /** What its text holds: for the first who takes it. */
  parsed: SessionData | undefined
}

export class Near {
  /** Whether this process is told of changes: while it is not, nothing is kept. */
  coherent = false
  #generation = 0
  #sweeping = false

  constructor(
    private readonly core: Core,
    private readonly home: Home,
  ) {}

  /** The entry of a session, if it is current and has not expired. */
  find(sid: string): NearEntry | undefined {
    const { ledger, clock } = this.core
    const entry = ledger.find(sid) as NearEntry | undefined
    if (entry === undefined) return undefined
    const now = clock.now()
    const isCurrent = this.#isCurrent(entry, now)
    if (isCurrent && entry.expiry > now) return entry
    ledger.remove(entry, isCurrent ? 'expire' : 'invalidate')
    return undefined
  }

  /** A session as its home holds it; see {@link take}. `undefined` for a text that says there is none. Throws for one that can't be read. */
  read(sid: string, found: HomeSession, good: boolean): Loaded | undefined {
    const incoming = readHomeSession(this.core, sid, found)
    if (incoming === undefined) return undefined
    const entry = this.take(incoming, found.text, found.life ?? 0, good)
    return { entry, parsed: incoming.session }
  }

  /**
   * A session that lives elsewhere, as that text and in that life, in an entry of its own. The entry is
   * in the cache if it is known to be current (`good`) and there is room.
   */
  take(incoming: Incoming, text: string, life: number, good: boolean): NearEntry {
    const { sessions, intake, ledger, settings, clock } = this.core
    const isAskedFor = settings.onConflict !== 'overwrite'
    const version = isAskedFor ? this.home.versionOf(text) : undefined
    const came = secondsOf(clock.now())
    const entry = new NearEntry(incoming.sid, version, life, this.#generation, came)
    const content = intake.contentOf(entry, incoming)
    // Nothing of that session is here: a load looked for it, a write dropped it, and either is spoilt by any other.
    const isKept = good && this.coherent && sessions.cache(entry, content)
    if (!isKept) ledger.fill(entry, content)
    return entry
  }

  /** Lets a session go that is another by now, or has expired. Returns whether it was here. */
  drop(sid: string, cause: 'invalidate' | 'expire' = 'invalidate'): boolean {
    const { ledger } = this.core
    const entry = ledger.find(sid)
    if (entry !== undefined) ledger.remove(entry, cause)
    return entry !== undefined
  }

  /** From now on nothing that is here is found; it goes a few ms at a time. */
  dropAll(): void {
    this.#generation++
    if (this.#sweeping) return
    this.#sweeping = true
    this.core.clock.breathe(() => this.#sweep())
  }

  #sweep(): void {
    const { ledger, clock, calls } = this.core
    const walk = ledger.walk()
    const step = () => {
      const entry = walk.next() as NearEntry | undefined
      if (entry !== undefined && entry.generation !== this.#generation)
        ledger.remove(entry, 'invalidate')
      calls.rest()
      return entry !== undefined
    }
    inSlices(clock, step, () => {
      walk.end()
      this.#sweeping = false
    })
  }

  // Nor if the clock was set back: an entry from the future is not known to be current.
  #isCurrent(entry: NearEntry, now: number): boolean {
    const age = secondsOf(now) - entry.came
    return entry.generation === this.#generation && age >= 0 && age < LONGEST_AGE
  }
}

/** An instant in whole seconds, as an entry keeps it; one that never comes is the largest small integer. */
export function secondsOf(ms: number): number {
  return Math.min(Math.floor(ms / 1000), 0x7fffffff)
}
