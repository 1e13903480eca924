/**
 * Where the sessions of several processes live, as a store before it sees it: what it can be asked, and
 * what it tells. Redis is one home; another one needs no more than this.
 *
 * Calls take effect in the order in which they are made. A call rejects at once while the home can't
 * be reached; what it was to change may then have changed or not.
 */

import type { Trust } from '../entry/entry'
import type { RemovalCause } from '../settings/options'
import type { Owner } from '../settings/owner'

/** A session as its home holds it. */
export interface HomeSession {
  /** The text of the whole session, the cookie included. */
  readonly text: string
  /** The ms that it still lives; `Infinity` if it never expires. */
  readonly left: number
  /** What tells it from an earlier or later session of the same id, if the home can: never 0. */
  readonly life?: number
}

export type ReadSession<Value> = (found: HomeSession | undefined) => Value

/** When a save takes place: in any case; if the session is there; if its text is still the one of that version. */
export type Condition = 'always' | 'exists' | { readonly version: string }

/** Whose list a session has to be in, and for how many ms at least from now. */
export interface Listing {
  readonly owner: string
  readonly ms: number
}

export interface Save {
  readonly sid: string
  readonly text: string
  /** The ms that it is to live; `Infinity` for ever. */
  readonly ttl: number
  readonly when: Condition
  /** Of the session that was loaded; 0 if that is unknown. If it is there, but in another life, it is gone. */
  readonly life: number
  /** `true` for an owner without a name; `undefined` for a stranger's. */
  readonly owner: Owner | undefined
  /** `undefined` if it is known to be listed, or is nobody's. */
  readonly listing: Listing | undefined
  /** Whose list it has to leave. */
  readonly formerOwner: string | undefined
}

/** How a save ended: done, in that life if it is a number; refused, since the session is gone; refused, since this is there instead. */
export type Saved = number | 'saved' | 'gone' | HomeSession

/** The sessions that are listed for an owner. */
export interface Listed {
  /** The ids, the one that expires last first; those of ended ones and another's may be among them. */
  readonly sids: string[]
  /** Whether no session of the owner can be missing. */
  readonly whole: boolean
}

/** A session that this process removed from its home, for a reason of the home's own or at the application's word. */
export interface Left {
  readonly cause: RemovalCause | 'limit'
  readonly trust: Trust
  readonly bytes: number
  /** The ms since it was used last. */
  readonly unused: number
  /** Only if the application hears of it, and if it could be read. */
  readonly session: (HomeSession & { readonly sid: string }) | undefined
}

/** What a home tells. Everything is told before the answer to a call that was made after it. */
export interface HomeListener {
  /** Another process changed, touched or ended a session, or it expired. */
  invalidated(sid: string): void
  /** The application ended that session, in this process or another; the text that it had. */
  destroyed(sid: string, text: string): void
  /** Every session may have changed. */
  invalidatedAll(): void
  /** The home can be reached. `coherent`: changes of all sessions are told from now on. Told again when that changes. */
  connected(coherent: boolean): void
  /** Whether the application hears of a session that leaves for that cause. Only for a home that removes sessions itself. */
  wants(cause: Left['cause']): boolean
  left(left: readonly Left[]): void
  /** Something went wrong that no call fails with. */
  fault(error: Error): void
  /** The home can't be reached, or changes may be missed. Why, if that is known. */
  lost(error: Error | undefined): void
}

export interface Home {
  /** Begins to listen. Resolves once it can be used; rejects with the first reason why it can't, and goes on trying. */
  open(listener: HomeListener): Promise<void>
  /**
   * Gives what `read` makes of a session, or of `undefined` for none, as soon as it is there: a promise of the
   * text would keep that in memory until V8 collects its old generation.
   */
  load<Value>(sid: string, read: ReadSession<Value>): Promise<Value>
  /**
   * Saves a session. If it is saved in any case, or if it exists, what the home holds right after that
   * is this text, and every later change by others is told.
   */
  save(save: Save): Promise<Saved>
  /** Lets a session live that many ms from now; never creates one. Returns whether it is there. */
  touch(sid: string, ttl: number, listing: Listing | undefined): Promise<boolean>
  /** Ends sessions, and tells every process of each, or at least this one. Returns the text that each had, `undefined` for one that was not there. */
  destroy(sids: readonly string[]): Promise<(string | undefined)[]>
  /** Ends all sessions, as `destroy` does, and all lists with them. Returns how many there were. */
  clear(): Promise<number>
  listed(owner: string): Promise<Listed>
  /** Takes sessions that have ended, or are another's, from an owner's list. */
  unlist(owner: string, sids: readonly string[]): Promise<void>
  /** The texts of sessions, `undefined` for one that is not there. */
  read(sids: readonly string[]): Promise<(string | undefined)[]>
  /** The ids of all sessions, some at a time. One may come twice. */
  ids(): AsyncIterable<string[]>
  /** Hears which sessions were read here without asking the home, so that it does not take them for unused. */
  used(sids: readonly string[]): void
  /** What names a text in a {@link Condition}: the same for the same text only. */
  versionOf(text: string): string
  close(): Promise<void>
}
