/** The figures of a store: counted as a listener of its ledger, and given as a frozen snapshot. */

import type { Entry } from './entry/entry'
import type { LeaveCause, Ledger, LedgerListener } from './ledger/ledger'

/** One trim by `reduce`: bytes before and after, sessions evicted, and ms from start to end. */
export interface ReduceReport {
  readonly from: number
  readonly to: number
  readonly evicted: number
  readonly ms: number
}

/** One purge: sessions that it expired, and ms from start to end. */
export interface PurgeReport {
  readonly expired: number
  readonly ms: number
}

/** What `stats()` gives: counts since the store was made, and what it holds now. */
export interface LembroStats {
  /** Sessions held, the expired that no purge has met yet among them. */
  readonly sessions: number
  /** Of them: without an owner; signed in, which are the newcomers and the members. */
  readonly anonymous: number
  readonly owned: number
  /** Signed in less than a minute before their last use, or without a name. */
  readonly newcomers: number
  /** Signed in, and used again a minute or more later: known members. */
  readonly members: number
  /** Bytes held, and the most it may hold. */
  readonly bytes: number
  readonly maxBytes: number
  readonly hits: number
  readonly misses: number
  readonly sets: number
  readonly touches: number
  /** Sessions that the application destroyed or cleared. */
  readonly destroyed: number
  readonly expired: number
  /** Live sessions that had to go. */
  readonly evicted: EvictedStats
  /**
   * Ms for which the one evicted last for want of room had been unused, to the second; `null` if
   * there was none. A few seconds: strangers have no time to sign in, or users are signed out while
   * they are there.
   */
  readonly lastEvicted: { readonly anonymous: number | null; readonly owned: number | null }
  /** Sets that stored nothing: larger than `maxEntrySize`; of a session destroyed since it was loaded. */
  readonly refused: { readonly tooBig: number; readonly destroyed: number }
  /** Sets of a session that another request had changed since it was loaded. */
  readonly conflicts: number
  readonly reduces: number
  readonly lastReduce: ReduceReport | null
  readonly lastPurge: PurgeReport | null
  /** Only if there is a `saveFile`. */
  readonly save?: SaveStats
  /** Only in `lembro/redis`, where all but the counts of reads and writes is about the near cache. */
  readonly near?: NearStats
  /** Only in `lembro/sqlite`, where sessions and bytes are those of all processes. */
  readonly shared?: SharedStats
}

/** One of the processes that share a file. */
export interface SharedStats {
  /** Its id in the system. */
  readonly process: number
  /** Changes of this process that wait: for the end of the turn, or for others that write. */
  readonly waiting: number
}

/** How the near cache of `lembro/redis` does. */
export interface NearStats {
  /** Reads that it answered without asking Redis. */
  readonly hits: number
  /** Times that a session was fetched from Redis. */
  readonly loads: number
  /** Sessions that it let go, or did not keep, because another process changed them. */
  readonly invalidations: number
  /** Times that the connection was lost, and all that it held with it. */
  readonly losses: number
  /** Whether Redis can be reached. While it can't, every call fails. */
  readonly connected: boolean
  /** Whether it is told of changes now. While it is not, it holds nothing and every read asks Redis. */
  readonly coherent: boolean
}

/** Live sessions that had to go, by whose they were. */
export interface EvictedStats {
  /** Without an owner, for want of room. */
  readonly anonymous: number
  /** Signed in, for want of room: the alarm that matters. */
  readonly owned: number
  /** Those of `owned` that were known members'. */
  readonly members: number
  /** Of owners with more than `maxPerOwner`: not for want of room, and not in `owned`. */
  readonly perOwner: number
}

/** How saving goes. */
export interface SaveStats {
  /** Whether what happens now is saved: not while the disk fails, nor if the file can't be used. */
  readonly saving: boolean
  /** Bytes of the file and its WAL. */
  readonly bytes: number
  /** Bytes that wait to be written. */
  readonly pending: number
  /** When the disk last confirmed all that was written, in ms, or `null`. */
  readonly lastSave: number | null
  readonly lastCompaction: CompactionReport | null
  /** Records that were found damaged at the start. */
  readonly damaged: number
  /** Sessions that no key opened at the start: they stay in the file. */
  readonly unread: number
}

/** One checkpoint: bytes of the file and its WAL before and after, and ms from start to end. */
export interface CompactionReport {
  readonly from: number
  readonly to: number
  readonly ms: number
}

/** @internal */
export class Stats implements LedgerListener {
  hits = 0
  misses = 0
  conflicts = 0
  tooBig = 0
  refusedDestroyed = 0
  #sets = 0
  #touches = 0
  #destroyed = 0
  #expired = 0
  readonly #evicted = { anonymous: 0, owned: 0, members: 0, perOwner: 0 }
  readonly #lastEvicted: { anonymous: number | null; owned: number | null } = {
    anonymous: null,
    owned: null,
  }
  #reduces = 0
  #lastReduce: ReduceReport | null = null
  #lastPurge: PurgeReport | null = null

  put(): void {
    this.#sets++
  }

  touch(): void {
    this.#touches++
  }

  remove(entry: Entry, cause: LeaveCause, unused: number): void {
    if (cause === 'destroy') this.#destroyed++
    else if (cause === 'expire') this.#expired++
    else if (cause === 'invalidate') return
    else if (cause === 'limit') this.#evicted.perOwner++
    else {
      const whose = entry.owned ? 'owned' : 'anonymous'
      this.#evicted[whose]++
      this.#lastEvicted[whose] = unused
      if (entry.known) this.#evicted.members++
    }
  }

  clear(size: number): void {
    this.#destroyed += size
  }

  reduced(report: ReduceReport): void {
    this.#reduces++
    this.#lastReduce = report
  }

  purged(report: PurgeReport): void {
    this.#lastPurge = report
  }

  snapshot(ledger: Ledger, maxBytes: number, save?: SaveStats): LembroStats {
    return Object.freeze({
      sessions: ledger.size,
      anonymous: ledger.anonymous,
      owned: ledger.owned,
      newcomers: ledger.newcomers,
      members: ledger.members,
      bytes: ledger.bytes,
      maxBytes,
      hits: this.hits,
      misses: this.misses,
      sets: this.#sets,
      touches: this.#touches,
      destroyed: this.#destroyed,
      expired: this.#expired,
      evicted: Object.freeze({ ...this.#evicted }),
      lastEvicted: Object.freeze({ ...this.#lastEvicted }),
      refused: Object.freeze({ tooBig: this.tooBig, destroyed: this.refusedDestroyed }),
      conflicts: this.conflicts,
      reduces: this.#reduces,
      lastReduce: this.#lastReduce,
      lastPurge: this.#lastPurge,
      ...(save === undefined ? undefined : { save: Object.freeze(save) }),
    })
  }
}
