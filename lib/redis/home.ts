/**
 * Where the sessions of several processes live, as the near cache in front of it sees it: what it can
 * be asked, and what it tells. Redis is one home; another one needs no more than this.
 *
 * Calls take effect in the order in which they are made. A call rejects at once while the home can't
 * be reached; what it was to change may then have changed or not.
 */

/** A session as its home holds it. */
export interface Found {
  /** The text of the whole session, the cookie included. */
  readonly text: string
  /** The ms that it still lives; `Infinity` if it never expires. */
  readonly left: number
}

/** When a save takes place: in any case; if the session is there; if its text is still the one of that version. */
export type Condition = 'always' | 'exists' | { readonly version: string }

export interface Save {
  readonly sid: string
  readonly text: string
  /** The ms that it is to live; `Infinity` for ever. */
  readonly ttl: number
  readonly when: Condition
  readonly owner: string | undefined
  /** Whose it was before, if that is known. */
  readonly previousOwner: string | undefined
}

/** How a save ended: done; refused, since the session is gone; refused, since this is there instead. */
export type Saved = 'saved' | 'gone' | Found

export interface Ended {
  readonly sid: string
  /** Whose it was, if that is known. */
  readonly owner: string | undefined
}

/** What a home tells. Everything is told before the answer to a call that was made after it. */
export interface HomeListener {
  /** Another process changed, touched or ended a session, or it expired. This process' own calls are not told. */
  invalidated(sid: string): void
  /** Every session may have changed. */
  invalidatedAll(): void
  /** The home can be reached. `coherent`: changes are told from now on. */
  connected(coherent: boolean): void
  /** The home can't be reached, or changes may be missed. Why, if that is known. */
  lost(error: Error | undefined): void
}

export interface Home {
  /** Begins to listen. Resolves once it can be used; rejects with the first reason why it can't, and goes on trying. */
  open(listener: HomeListener): Promise<void>
  load(sid: string): Promise<Found | undefined>
  save(save: Save): Promise<Saved>
  /** Lets a session live that many ms from now; never creates one. Returns whether it is there. */
  touch(sid: string, ttl: number, owner: string | undefined): Promise<boolean>
  /** Ends sessions. Returns how many of them were there. */
  destroy(sessions: readonly Ended[]): Promise<number>
  /** Lists a session among those of its owner, if it is there and is not listed yet. */
  list(sid: string, owner: string): Promise<void>
  /** The sessions that are listed for an owner, the one that expires last first; ended ones and another's may be among them. */
  listed(owner: string): Promise<string[]>
  /** Takes those that have ended from an owner's list. */
  unlist(owner: string, sids: readonly string[]): Promise<void>
  /** The texts of sessions, `undefined` for one that is not there. */
  read(sids: readonly string[]): Promise<(string | undefined)[]>
  /** The ids of all sessions, some at a time. One may come twice. */
  ids(): AsyncIterable<string[]>
  /** What names a text in a {@link Condition}: the same for the same text only. */
  versionOf(text: string): string
  close(): Promise<void>
}
