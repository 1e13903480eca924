/** What the application is told of sessions that leave: `dispose`, and the events `'evict'` and `'expire'`. */

import type { EventEmitter } from 'node:events'
import type { SessionData } from 'express-session'
import { type Answers, toError } from '../call/answers'
import { callSafely, emitSafely } from '../call/listeners'
import type { Codec } from '../entry/codec'
import type { Entry } from '../entry/entry'
import { flat } from '../entry/text'
import type { LeaveCause, LedgerListener } from '../ledger/listeners'
import type { RemovalCause } from '../settings/options'
import type { Settings } from '../settings/settings'
import type { Clock } from '../time/clock'

/** What a listener of `'evict'` or `'expire'` hears beside the session id. */
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
export class Removals implements LedgerListener {
  readonly #emitter: EventEmitter
  readonly #answers: Answers
  readonly #codec: Codec
  readonly #clock: Clock
  readonly #dispose: Settings['dispose']
  /** Whether anyone hears of a session that a newer version replaces. */
  readonly wantsReplaced: boolean
  readonly #fault = (thrown: unknown) => this.#answers.report(toError(thrown))
  #waiting: Notice[] = []
  #telling = false

  constructor(
    emitter: EventEmitter,
    answers: Answers,
    codec: Codec,
    clock: Clock,
    { dispose, noDisposeOnSet }: Settings,
  ) {
    this.#emitter = emitter
    this.#answers = answers
    this.#codec = codec
    this.#clock = clock
    this.#dispose = dispose
    this.wantsReplaced = dispose !== undefined && !noDisposeOnSet
  }

  remove(entry: Entry, cause: LeaveCause): void {
    const told = cause === 'limit' ? 'evict' : cause
    const wanted = this.#dispose !== undefined || this.#emitter.listenerCount(told) > 0
    if (wanted) this.#waiting.push({ entry: entry.copy(), cause: told })
  }

  cleared(entry: Entry): void {
    this.#tell({ entry, cause: 'clear' })
  }

  /** A newer version took the place of the one that `entry` is a copy of. */
  replaced(entry: Entry): void {
    this.#waiting.push({ entry, cause: 'replace' })
  }

  /** Tells what is waiting. What the application causes meanwhile is told later, so that it can't go on for ever. */
  readonly flush = (): void => {
    if (this.#waiting.length === 0 || this.#telling) return
    this.#telling = true
    const notices = this.#waiting
    this.#waiting = []
    try {
      for (const notice of notices) this.#tell(notice)
    } finally {
      this.#telling = false
    }
    if (this.#waiting.length > 0) this.#clock.breathe(this.flush)
  }

  /** Emits an event. What a listener throws or rejects with is reported, and harms nobody else. */
  announce(event: string, ...details: unknown[]): void {
    emitSafely(this.#emitter, event, details, this.#fault)
  }

  #tell({ entry, cause }: Notice): void {
    this.#callDispose(entry, cause)
    if (cause === 'evict' || cause === 'expire') {
      this.announce(cause, entry.sid, departure(entry, this.#codec))
    }
  }

  #callDispose(entry: Entry, cause: RemovalCause): void {
    const dispose = this.#dispose
    if (dispose === undefined) return
    callSafely(() => dispose(entry.sid, this.#codec.serialized(entry), cause), this.#fault)
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
