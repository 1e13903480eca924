/** The options of a store, as its users write and read them. */

import type { IncomingMessage } from 'node:http'
import type { SessionData } from 'express-session'
import type { OwnerName } from './owner'

/** Decides what becomes of a session that two requests changed. Returns the session to store, at once and not as a promise. */
export type ConflictResolver = (
  base: SessionData,
  stored: SessionData,
  incoming: SessionData,
) => SessionData

/** What turns sessions into text and back, each at once and not as a promise; JSON by default. */
export interface Serializer {
  stringify(session: SessionData): string
  parse(text: string): SessionData
}

/** Ms that a session lives, or nothing to leave that to its cookie; at once and not as a promise. */
export type TtlFunction = (
  options: Readonly<LembroOptions>,
  session: SessionData,
  sid: string,
) => number | null | undefined

/**
 * Why an entry left: `evict` to make room; `expire` its time passed; `destroy` the application
 * asked; `clear` with all the others; `replace` a newer version took its place (told to `dispose` only);
 * `invalidate` the near cache of `lembro/redis` let it go, since Redis holds another, or may hold one.
 */
export type RemovalCause = 'evict' | 'expire' | 'destroy' | 'clear' | 'replace' | 'invalidate'

/**
 * Options of a store. A bad value throws a `TypeError` or `RangeError` that names the option, an
 * unknown name warns once. Those that memorystore has take `null` as not given, as memorystore does.
 */
export interface LembroOptions {
  /**
   * The most bytes of heap that sessions may hold: a number, a size such as `'512K'`, `'1.5M'` or
   * `'1GiB'` (K, M and G are powers of 1024), a share of V8's heap limit such as `'25%'`, or
   * `Infinity`. At least 264, what the smallest session takes; warns once below `'8K'`, and above
   * 60% of the heap limit. Beyond it, sessions are evicted down to 75%.
   * @default '4M'
   */
  maxSize?: number | string | undefined
  /**
   * Ms between purges of the expired; at least 0. `0` or `false` turns the timer off: what expired
   * then holds its bytes until it is read or room is needed.
   * @default 360000
   */
  interval?: number | false | undefined
  /** memorystore's name for `interval`. When both are given and differ, `interval` counts, with a warning. */
  checkPeriod?: number | false | null | undefined
  /**
   * The most sessions, a whole number; `0` for no limit, as in memorystore.
   * @default Infinity
   */
  max?: number | null | undefined
  /**
   * The most bytes of one session: as `maxSize`, but a share is one of `maxSize`; at least 1. A
   * larger session is refused with `ESESSIONTOOBIG`; what is stored stays.
   * @default maxSize
   */
  maxEntrySize?: number | string | undefined
  /**
   * Ms that a session lives after it was set or touched, whatever its cookie says; at least 1. A
   * function is called at each set and touch, and may leave it to the cookie.
   * @default the cookie's, else one day
   */
  ttl?: number | TtlFunction | null | undefined
  /**
   * Ms that a session may live from its creation, however active; at least 1.
   * @default Infinity
   */
  absoluteTtl?: number | undefined
  /**
   * Whether the expiry stays as it was when the session was set.
   * @default false
   */
  disableTouch?: boolean | undefined
  /**
   * Who a session belongs to, called at each set; `false` for nobody, and eviction is plain oldest
   * first. An owner takes 16 bytes, and those of its name if the session's text does not have it.
   * @default {@link defaultOwner}
   */
  owner?: ((session: SessionData) => OwnerName) | false | undefined
  /**
   * Where a request comes from, as {@link clientOf} says it; nothing if that is not known. Clients share
   * the room of sessions without an owner: when there is no more, one who holds far more than another
   * gives way first. Called when a live session without an owner is set. Its first error goes to
   * `'error'`; a session that it fails for has no client.
   * @default none: of all sessions without an owner the longest unused goes first
   */
  client?: ((req: IncomingMessage) => string | null | undefined) | null | undefined
  /**
   * What a user is told of a session among others, such as `(req) => ({ ip: req.ip, agent: req.get('user-agent') })`:
   * an object, a string, or nothing. Called when a live session has an owner for the first time; kept in the
   * session, and counted in its bytes. Its first error goes to `'error'`. See `sessionsOf`.
   * @default none
   */
  describe?(req: IncomingMessage): object | string | null | undefined
  /**
   * The most sessions of one owner, a whole number of at least 1; a further sign-in evicts that
   * owner's oldest. Looks at all sessions of the owner at each of its sets.
   * @default Infinity
   */
  maxPerOwner?: number | undefined
  /**
   * What becomes of parallel writes of one session: `'overwrite'`, the last one wins; `'merge'`,
   * key by key; or a function. The last two parse the session three times, only after a conflict.
   * @default 'overwrite'
   */
  onConflict?: 'overwrite' | 'merge' | ConflictResolver | undefined
  /**
   * Called after a session is gone, never on touch, with its text and why. What it throws or rejects
   * with goes to `'error'`. Each session that goes is parsed and made text again for it.
   * @default none
   */
  dispose?: ((sid: string, serialized: string, cause: RemovalCause) => void) | null | undefined
  /**
   * Whether `dispose` is not called for a session that a newer version replaces.
   * @default false
   */
  noDisposeOnSet?: boolean | null | undefined
  /**
   * Whether a `get` may give an expired session once, before it goes.
   * @default false
   */
  stale?: boolean | null | undefined
  /**
   * What turns sessions into text and back. With one of your own, the text has the cookie in it too.
   * @default JSON
   */
  serializer?: Serializer | null | undefined
  /**
   * The SQLite database in which sessions survive a restart; the names of others beside it begin with
   * its own. One process at a time. A file of express-memfilestore is imported. Needs Node 22.13 or a
   * package: see `database`.
   * @default none, nothing is saved
   */
  saveFile?: string | null | undefined
  /**
   * The SQLite that writes the `saveFile`, as the name or path of a module: `'better-sqlite3'` (12 or
   * later), `'@photostructure/sqlite'` (1.2 or later), or `'node:sqlite'`.
   * @default Node's own from 22.13 on, else one of the two packages that is installed
   */
  database?: string | null | undefined
  /**
   * The most ms of writes that a power cut may lose, at least 0; a killed process loses nothing that
   * was acknowledged. `0`: acknowledged once on the disk, so that each set waits for it. `false` or
   * `Infinity`: the system decides when.
   * @default 1000
   */
  savePeriod?: number | false | null | undefined
  /**
   * Encrypts what is saved: the current key, then older ones that still open what they sealed. Each
   * 32 bytes, or a text of at least 16 characters that a key is derived from.
   * @default none
   */
  saveKeys?: readonly (string | Uint8Array)[] | null | undefined
}
