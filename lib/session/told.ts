/** What the application is told of sessions that leave: `dispose`, the events `'evict'`, `'expire'` and `'destroy'`; and what the process is warned of, once. */

import type { EventEmitter } from 'node:events'
import type { SessionData } from 'express-session'
import { type Calls, callSafely, emitSafely } from '../call'
import type { Clock } from '../clock'
import type { Codec, Entry } from '../entry/entry'
import { flat } from '../entry/weigh'
import type { LeaveCause, Ledger, LedgerListener } from '../ledger/ledger'
import { warnOnce } from '../settings/check'
import type { RemovalCause } from '../settings/options'
import type { Settings } from '../settings/settings'
import { toText } from '../settings/size'

/** What a listener of `'evict'`, `'expire'` or `'destroy'` hears beside the session id. */
export interface Departure {
  /** The owner's name, `true` for one without a name, `undefined` for an anonymous session. */
  readonly owner: string | true | undefined
  readonly bytes: number
  /** The session as it was, parsed when it is asked for. */
  readonly session: SessionData
}

interface Notice {
  readonly entry: Entry
  readonly cause: RemovalCause
}

/** Gathers notices while the ledger changes and tells them when it is at rest, so that the application may call the store from within. @internal */
export class Told implements LedgerListener {
  /** Only if `dispose` is told of a session that a newer version replaces. */
  readonly replaced: ((old: Entry) => void) | undefined
  readonly #dispose: Settings['dispose']
  readonly #fault = (thrown: unknown) => this.calls.report(thrown)
  #waiting: Notice[] = []
  #telling = false

  constructor(
    private readonly emitter: EventEmitter,
    private readonly calls: Calls,
    private readonly codec: Codec,
    private readonly clock: Clock,
    { dispose, noDisposeOnSet }: Settings,
    private readonly hasHome = false,
  ) {
    this.#dispose = dispose
    const wantsReplaced = dispose !== undefined && !noDisposeOnSet
    this.replaced = wantsReplaced ? (entry) => this.#add({ entry, cause: 'replace' }) : undefined
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const told = cause === 'limit' ? 'evict' : cause
    if (this.wants(told)) this.#add({ entry: entry.copy(), cause: told })
  }

  /** Whether the application hears of a session that leaves for that cause. */
  wants(cause: RemovalCause): boolean {
    return this.#dispose !== undefined || this.hears(cause === 'clear' ? 'destroy' : cause)
  }

  cleared(entry: Entry): void {
    this.#tell({ entry, cause: 'clear' })
  }

  hears(event: string): boolean {
    return this.emitter.listenerCount(event) > 0
  }

  /** Emits an event. What a listener throws or rejects with is reported, and harms nobody else. */
  announce(event: string, ...details: unknown[]): void {
    emitSafely(this.emitter, event, details, this.#fault)
  }

  #add(notice: Notice): void {
    this.#waiting.push(notice)
    if (this.#waiting.length === 1 && !this.#telling) this.calls.afterwards(this.#flush)
  }

  /** Tells what is waiting. What the application causes meanwhile is told later, so that it can't go on for ever. */
  readonly #flush = (): void => {
    this.#telling = true
    const notices = this.#waiting
    this.#waiting = []
    for (const notice of notices) this.#tell(notice)
    this.#telling = false
    if (this.#waiting.length > 0) this.clock.breathe(this.#flush)
  }

  #tell({ entry, cause }: Notice): void {
    this.#callDispose(entry, cause)
    const event = cause === 'clear' ? 'destroy' : cause
    if (event === 'replace' || event === 'invalidate') return
    // A home tells of what was destroyed, whether it was in the near cache or not.
    if (event === 'destroy' && this.hasHome) return
    this.announce(event, entry.sid, departure(entry, this.codec))
  }

  #callDispose(entry: Entry, cause: RemovalCause): void {
    const dispose = this.#dispose
    if (dispose === undefined) return
    callSafely(() => dispose(entry.sid, this.codec.serialized(entry), cause), this.#fault)
  }
}

function departure(entry: Entry, codec: Codec): Departure {
  const { owner } = entry
  return {
    // A listener may keep it: not all of the body with it.
    owner: typeof owner === 'string' ? flat(owner) : owner,
    bytes: entry.bytes,
    get session() {
      return codec.decode(entry)
    },
  }
}

/** Evictions without an owner that tell something: few enough for a small site to hear of it in time. */
const SOME = 100
/** Evictions of owners that tell something: a few may be of any kind. */
const MANY = 2000

/** Warns of evictions that a user should know of. @internal */
export class Warnings implements LedgerListener {
  #anonymous = 0
  #named = 0
  #unnamed = 0

  constructor(
    private readonly ledger: Ledger,
    private readonly settings: Settings,
  ) {}

  remove({ owner }: Entry, cause: LeaveCause): void {
    if (cause !== 'evict') return
    if (owner === undefined) {
      this.#anonymous++
      if (this.#anonymous === SOME) this.#checkOwned()
      return
    }
    if (owner === true) this.#unnamed++
    else this.#named++
    if (this.#named + this.#unnamed === 1) this.#tellOfUser()
    if (this.#unnamed === MANY && this.#unnamed > this.#named) tellOfUnnamed()
  }

  #tellOfUser(): void {
    const { maxBytes, maxSessions } = this.settings
    const sessions = maxSessions === Number.POSITIVE_INFINITY ? '' : ` and max, ${maxSessions}`
    const message = `a signed-in user's session was evicted for want of room: raise maxSize, ${toText(maxBytes)}${sessions}; stats().evicted.owned counts them`
    warnOnce('LEMBRO_USER_EVICTED', '', message)
  }

  #checkOwned(): void {
    const owned = this.ledger.owned + this.#named + this.#unnamed
    if (this.settings.owner === undefined || owned > 0) return
    const message = `${SOME} sessions were evicted and not one had an owner: if your users sign in, tell whose a session is with the option owner, so that they stay when strangers come in numbers`
    warnOnce('LEMBRO_NO_OWNERS', '', message)
  }
}

function tellOfUnnamed(): void {
  const message = `most of the signed-in sessions that were evicted had an owner without a name: return the user's id from the option owner, so that known users stay when new ones come in numbers`
  warnOnce('LEMBRO_UNNAMED_OWNERS', '', message)
}
